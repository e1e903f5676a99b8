"""What a watch is told when another namespace begins or ceases to trust its caller's: nothing vanishes in silence."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import grpc
import pytest
from buoy.v1 import instance_pb2, namespace_pb2, network_pb2
from buoy.v1 import interface_pb2 as i
from google.protobuf.struct_pb2 import Value

from tests.server.agent import agent
from tests.server.running import refusal
from tests.server.tenants import Tenants, tenants
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio


@dataclass
class Trusting:
    """Tenants of which `a` and `b` have an interface each, and `a` trusts `b`."""

    world: Tenants
    interfaces: dict[str, str]
    numbers: Iterator[int] = field(default_factory=count)

    async def trust(self, *, ends: bool = False) -> None:
        """Let `a` trust `b`, or cease to."""
        calls, a = self.world.server.namespaces, self.world.tokens["a"]
        if ends:
            request = namespace_pb2.RemoveNamespaceTrustRequest(external_namespace="b")
            await calls.RemoveNamespaceTrust(request, metadata=a)
        else:
            await calls.AddNamespaceTrust(namespace_pb2.AddNamespaceTrustRequest(external_namespace="b"), metadata=a)

    async def change(self, namespace: str) -> int:
        """Change the interface of a namespace, and return the revision."""
        request = i.SetInterfaceMetadataItemRequest(
            interface_uuid=self.interfaces[namespace], key="k", value=Value(number_value=next(self.numbers))
        )
        changed: Any = await self.world.server.interfaces.SetInterfaceMetadataItem(
            request, metadata=self.world.tokens[namespace]
        )
        revision: int = changed.revision
        return revision

    def watch(self, **chosen: Any) -> Any:
        """Watch as `b`."""
        return self.world.server.interfaces.WatchInterface(i.WatchInterfaceRequest(**chosen), metadata=self.world.tokens["b"])

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Let what is changed meanwhile come to watches together, as on a server that is busy."""
        subscriptions = self.world.server.server._backend.feed._subscriptions
        if subscriptions._timer is not None:
            subscriptions._timer.cancel()
        subscriptions._timer = asyncio.get_running_loop().call_later(3600, subscriptions._flush)
        yield
        subscriptions._timer.cancel()
        subscriptions._flush()


@pytest.fixture
async def trusting(tmp_path: Path) -> AsyncIterator[Trusting]:
    async with tenants(tmp_path / "buoy.db") as world, agent(world.server, metadata=world.tokens["agent"]):
        interfaces = {name: await _interface(world, name) for name in ("a", "b")}
        world_of_trust = Trusting(world, interfaces)
        await world_of_trust.trust()
        yield world_of_trust


async def _interface(world: Tenants, namespace: str) -> str:
    token, server = world.tokens[namespace], world.server
    await server.networks.CreateNetwork(network_pb2.CreateNetworkRequest(name="net", netblock="10.0.0.0/24"), metadata=token)
    specs = [instance_pb2.InterfaceSpec(network_ref="net")]
    await server.instances.CreateInstance(
        instance_pb2.CreateInstanceRequest(name="web", node="n1", interfaces=specs), metadata=token
    )
    request = instance_pb2.ListInstanceInterfacesRequest(instance_ref="web")
    listed: Any = await server.instances.ListInstanceInterfaces(request, metadata=token)
    uuid: str = listed.interfaces[0].uuid
    return uuid


async def _read(call: Any) -> i.WatchInterfaceResponse:
    response: i.WatchInterfaceResponse = await asyncio.wait_for(call.read(), PATIENCE)
    return response


async def _synced(call: Any) -> list[str]:
    seen: list[str] = []
    while not (response := await _read(call)).synced:
        seen += [event.interface.uuid for event in response.events]
    return seen


async def _next(call: Any) -> Sequence[i.InterfaceEvent]:
    while not (response := await _read(call)).events:
        pass
    return response.events


@pytest.mark.parametrize("chosen", [{}, {"network": True}, {"namespace": "a"}, {"interface": True}])
async def test_what_leaves_the_callers_rights_arrives_as_deleted_and_the_stream_goes_on(
    trusting: Trusting, chosen: dict[str, Any]
) -> None:
    theirs = trusting.interfaces["a"]
    if "network" in chosen:
        found: Any = await trusting.world.server.interfaces.GetInterface(
            i.GetInterfaceRequest(interface_uuid=theirs), metadata=trusting.world.tokens["a"]
        )
        chosen = {"network_ref": found.network_uuid}
    if "interface" in chosen:
        chosen = {"interface_uuid": theirs}
    call = trusting.watch(**chosen)
    assert theirs in await _synced(call)
    changed = await trusting.change("a")
    assert [event.revision for event in await _next(call)] == [changed]
    await trusting.trust(ends=True)
    (gone,) = await _next(call)
    assert (gone.type, gone.interface.uuid) == (i.INTERFACE_EVENT_TYPE_DELETED, theirs)
    assert gone.cause.method == "RemoveNamespaceTrust"
    assert gone.revision > changed
    await trusting.change("a")  # is not theirs to see
    if not chosen:
        own = await trusting.change("b")
        assert [event.revision for event in await _next(call)] == [own]
    call.cancel()


async def test_a_change_just_before_the_end_of_a_trust_is_told_and_then_the_end(trusting: Trusting) -> None:
    call = trusting.watch()
    await _synced(call)
    with trusting.held_back():
        changed = await trusting.change("a")
        await trusting.trust(ends=True)
        own = await trusting.change("b")
    events: list[i.InterfaceEvent] = []
    while not events or events[-1].revision < own:
        events += await _next(call)
    theirs = trusting.interfaces["a"]
    assert [(event.type, event.interface.uuid) for event in events] == [
        (i.INTERFACE_EVENT_TYPE_UPDATED, theirs),
        (i.INTERFACE_EVENT_TYPE_DELETED, theirs),
        (i.INTERFACE_EVENT_TYPE_UPDATED, trusting.interfaces["b"]),
    ]
    assert events[0].revision == changed
    call.cancel()


async def _ends_with(call: Any, reason: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        assert await _next(call) == ()
    assert ended.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal(ended.value).reason == reason


async def test_what_changed_since_the_trust_ended_is_not_shown_but_a_snapshot_asked_for(trusting: Trusting) -> None:
    call = trusting.watch()
    await _synced(call)
    with trusting.held_back():
        await trusting.trust(ends=True)
        await trusting.change("a")
    await _ends_with(call, "RIGHTS_CHANGED")
    fresh = trusting.watch()
    assert await _synced(fresh) == [trusting.interfaces["b"]]
    fresh.cancel()


async def test_a_new_trust_asks_for_a_snapshot(trusting: Trusting) -> None:
    await trusting.trust(ends=True)
    call = trusting.watch()
    assert await _synced(call) == [trusting.interfaces["b"]]
    await trusting.trust()
    await _ends_with(call, "RIGHTS_CHANGED")


async def test_a_watch_that_was_away_when_a_trust_ended_is_told_to_take_a_snapshot(trusting: Trusting) -> None:
    call = trusting.watch()
    response = await _read(call)
    while not response.synced:
        response = await _read(call)
    call.cancel()
    await trusting.trust(ends=True)
    await _ends_with(trusting.watch(start_revision=response.revision + 1), "RIGHTS_CHANGED")
    revision = await trusting.change("b")
    resumed = trusting.watch(start_revision=revision)
    assert [event.revision for event in await _next(resumed)] == [revision]
    resumed.cancel()
