"""A call that bears a request id may be repeated: the first answer comes back, byte for byte, and nothing changes."""

import asyncio
import threading
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
import sqlalchemy as sa
from buoy.v1 import interface_pb2, namespace_pb2, network_pb2, pool_pb2
from buoy_server.storage.tables import answers
from google.protobuf.struct_pb2 import Value

from tests.server.agent import ScriptedAgent, agent
from tests.server.repeats import NOT_REPEATED, READS, SECRET, TRUE, attempt, mutating, raw, requests, subjects
from tests.server.running import Running, refusal, running
from tests.server.tenants import Tenants, bearing, tenants
from tests.server.waiting import wait_until_async
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio

LONG_LEASE = {"node_lease": 600.0}  # so that no node is missed in between


def _revision(server: Running) -> int:
    return server.server._backend.view.revision


async def _refused(server: Running, name: str, request: Any, metadata: Any = None) -> tuple[grpc.StatusCode, str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await raw(server, name, request, metadata)
    said = refusal(refused.value)
    return said.code, said.reason, said.field


REUSED = (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_ID_REUSED", "request_id")


def _network(name: str, request_id: str) -> network_pb2.CreateNetworkRequest:
    return network_pb2.CreateNetworkRequest(name=name, netblock="10.9.0.0/24", request_id=request_id)


async def test_every_rpc_that_changes_something_takes_a_request_id_and_is_in_the_table(server: Running) -> None:
    taking = mutating(server)
    assert set(taking) == set(requests("", "", ""))
    others = {name for _, methods in server.server.dispatcher.services() for name in methods if not name.startswith(READS)} - {
        name.partition("/")[2] for name in taking
    }
    assert others == NOT_REPEATED


async def test_every_repeat_gets_the_first_answer_and_changes_nothing(server: Running, node: ScriptedAgent) -> None:
    methods, store = mutating(server), server.server._backend.store
    for name, fields in requests(*await subjects(server)).items():
        request, before = attempt(methods[name], fields), _revision(server)
        first, changed = await raw(server, name, request), _revision(server)
        causes = {entry.cause for entry in store.read(before, 100)}
        assert [(cause.method, cause.request_id) for cause in causes] == [(name.partition("/")[2], request.request_id)]  # type: ignore[attr-defined]
        assert (await raw(server, name, request), _revision(server)) == (first, changed), name


async def test_repeats_are_known_after_a_restart_and_after_the_objects_changed(tmp_path: Path) -> None:
    async with running(tmp_path / "buoy.db", **LONG_LEASE) as server, agent(server):
        await server.furnish()
        methods = mutating(server)
        asked = {name: attempt(methods[name], fields) for name, fields in requests(*await subjects(server)).items()}
        first = {name: await raw(server, name, request) for name, request in asked.items()}
        before = _revision(server)
    async with running(tmp_path / "buoy.db", **LONG_LEASE) as server:
        again = {name: await raw(server, name, asked[name]) for name in reversed(asked)}
        assert again == first
        assert _revision(server) == before


async def test_a_repeated_float_does_not_float_again_what_was_defloated_since(server: Running, node: ScriptedAgent) -> None:
    uuid = (await server.interface()).uuid
    request = interface_pb2.FloatInterfaceRequest(interface_uuid=uuid, request_id=str(uuid4()))
    first = await server.interfaces.FloatInterface(request)
    await node.read()
    await server.interfaces.DefloatInterface(interface_pb2.DefloatInterfaceRequest(interface_uuid=uuid))
    assert await server.interfaces.FloatInterface(request) == first
    now = await server.interfaces.GetInterface(interface_pb2.GetInterfaceRequest(interface_uuid=uuid))
    assert now.floating.phase == interface_pb2.FLOATING_PHASE_RELEASING


async def test_an_id_in_another_request_is_refused_and_changes_nothing(server: Running) -> None:
    request_id = str(uuid4())
    await server.networks.CreateNetwork(_network("one", request_id))
    before = _revision(server)
    others: list[tuple[str, Any]] = [
        ("NetworkService/CreateNetwork", _network("two", request_id)),  # would succeed
        ("NetworkService/CreateNetwork", _network("net", request_id)),  # would be refused
        ("NetworkService/DeleteNetwork", network_pb2.DeleteNetworkRequest(network_ref="one", request_id=request_id)),
        ("NamespaceService/CreateNamespace", namespace_pb2.CreateNamespaceRequest(name="one", request_id=request_id)),
    ]
    for name, request in others:
        assert await _refused(server, name, request) == REUSED
    assert _revision(server) == before


async def test_an_id_is_the_same_in_upper_case(server: Running) -> None:
    request_id = str(uuid4())
    first = await server.networks.CreateNetwork(_network("one", request_id))
    assert await server.networks.CreateNetwork(_network("one", request_id.upper())) == first


async def test_an_error_is_decided_anew(server: Running, node: ScriptedAgent) -> None:
    uuid = (await server.interface()).uuid
    request = interface_pb2.FloatInterfaceRequest(interface_uuid=uuid, pool="late", request_id=str(uuid4()))
    refused = await _refused(server, "InterfaceService/FloatInterface", request)
    assert refused[:2] == (grpc.StatusCode.NOT_FOUND, "POOL_NOT_FOUND")
    await server.pools.CreatePool(pool_pb2.CreatePoolRequest(name="late", ranges=["203.0.113.7"]))
    first = await server.interfaces.FloatInterface(request)
    assert first.floating.address == "203.0.113.7"
    assert await server.interfaces.FloatInterface(request) == first


async def test_a_success_that_changed_nothing_is_kept_too(server: Running, node: ScriptedAgent) -> None:
    uuid = (await server.interface()).uuid
    request = interface_pb2.DefloatInterfaceRequest(interface_uuid=uuid, request_id=str(uuid4()))
    first = await server.interfaces.DefloatInterface(request)
    await server.interfaces.FloatInterface(interface_pb2.FloatInterfaceRequest(interface_uuid=uuid))
    before = _revision(server)
    assert await server.interfaces.DefloatInterface(request) == first
    assert _revision(server) == before


async def test_calls_at_once_with_one_id_make_one_change(server: Running) -> None:
    request_id, before = str(uuid4()), _revision(server)
    answered = await asyncio.gather(
        *(raw(server, "NetworkService/CreateNetwork", _network("one", request_id)) for _ in range(50))
    )
    assert len(set(answered)) == 1
    (caused,) = {entry.transaction for entry in server.server._backend.store.read(before, 100)}
    assert caused == _revision(server)


async def test_repeats_among_other_calls_cost_these_nothing(server: Running) -> None:
    ids = [str(uuid4()) for _ in range(20)]
    name = "NetworkService/CreateNetwork"
    first = [await raw(server, name, _network(f"n{index}", request_id)) for index, request_id in enumerate(ids)]
    repeated, fresh = await asyncio.gather(
        asyncio.gather(*(raw(server, name, _network(f"n{index}", request_id)) for index, request_id in enumerate(ids))),
        asyncio.gather(*(raw(server, name, _network(f"m{index}", str(uuid4()))) for index in range(20))),
    )
    assert repeated == first
    made = [network_pb2.Network.FromString(answer) for answer in fresh]
    assert [network.name for network in made] == [f"m{index}" for index in range(20)]
    assert len((await server.networks.ListNetworks(network_pb2.ListNetworksRequest())).networks) == 41


async def test_a_repeat_while_the_first_is_being_committed_waits_for_it(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, request = server.server._backend.store, _network("one", str(uuid4()))
    append, begun, go_on = store.append, threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        begun.set()
        assert go_on.wait(PATIENCE)
        return append(*arguments)

    monkeypatch.setattr(type(store), "append", lambda _, *arguments: slow(*arguments))
    first = asyncio.create_task(raw(server, "NetworkService/CreateNetwork", request))
    assert await asyncio.to_thread(begun.wait, PATIENCE)
    first.cancel()  # its caller went away
    second = asyncio.create_task(raw(server, "NetworkService/CreateNetwork", request))

    async def waits() -> bool:
        return bool(server.server._backend.writer._waiting)

    await wait_until_async(waits, "the repeat waits for the next batch")
    go_on.set()
    answered = network_pb2.Network.FromString(await second)
    assert answered == await server.networks.GetNetwork(network_pb2.GetNetworkRequest(network_ref="one"))


async def test_a_secret_is_neither_in_an_answer_nor_in_a_digest(tmp_path: Path) -> None:
    async with running(tmp_path / "buoy.db") as server:
        fields: dict[str, Any] = {"namespace": "system", "key_name": "k", "request_id": str(uuid4())}
        await server.namespaces.CreateNamespace(namespace_pb2.CreateNamespaceRequest(name="system"))
        for secret in (SECRET, SECRET[::-1]):  # the digest does not tell them apart
            request = namespace_pb2.SetNamespaceKeyRequest(key=secret, **fields)
            assert (await server.namespaces.SetNamespaceKey(request)).key_name == "k"
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'buoy.db'}")
    with engine.connect() as connection:
        rows = connection.execute(sa.select(answers)).all()
    engine.dispose()
    assert [row.answer for row in rows] == [namespace_pb2.SetNamespaceKeyResponse(key_name="k").SerializeToString()]
    assert SECRET.encode() not in (tmp_path / "buoy.db").read_bytes()


@pytest.fixture
async def world(tmp_path: Path) -> Any:
    async with tenants(tmp_path / "tenants.db") as started:
        yield started


def _item(value: Value, request_id: str) -> namespace_pb2.SetNamespaceMetadataItemRequest:
    return namespace_pb2.SetNamespaceMetadataItemRequest(key="k", value=value, request_id=request_id)


async def test_an_id_is_the_namespaces_own(world: Tenants) -> None:
    request_id, name = str(uuid4()), "NamespaceService/SetNamespaceMetadataItem"
    await raw(world.server, name, _item(TRUE, request_id), world.tokens["a"])
    other = Value(string_value="b's")
    made = await raw(world.server, name, _item(other, request_id), world.tokens["b"])
    assert namespace_pb2.Namespace.FromString(made).metadata["k"] == other
    assert await _refused(world.server, name, _item(other, request_id), world.tokens["a"]) == REUSED


async def test_a_namespace_made_anew_has_no_part_in_the_ids_of_the_one_before(world: Tenants) -> None:
    request_id, name, calls = str(uuid4()), "NamespaceService/SetNamespaceMetadataItem", world.server.namespaces
    system = world.tokens["system"]
    await raw(world.server, name, _item(TRUE, request_id), world.tokens["a"])
    await calls.DeleteNamespace(namespace_pb2.DeleteNamespaceRequest(namespace="a"), metadata=system)
    await calls.CreateNamespace(namespace_pb2.CreateNamespaceRequest(name="a"), metadata=system)
    made = await calls.SetNamespaceKey(namespace_pb2.SetNamespaceKeyRequest(namespace="a", key_name="k"), metadata=system)
    anew = bearing(await world.login("a", made.key))
    other = Value(string_value="another's")
    answer = namespace_pb2.Namespace.FromString(await raw(world.server, name, _item(other, request_id), anew))
    assert answer.metadata["k"] == other


async def test_who_repeats_is_admitted_as_always(world: Tenants) -> None:
    request = namespace_pb2.DeleteNamespaceKeyRequest(key_name="k", request_id=str(uuid4()))
    await world.server.namespaces.DeleteNamespaceKey(request, metadata=world.tokens["a"])
    refused = await _refused(world.server, "NamespaceService/DeleteNamespaceKey", request, world.tokens["a"])
    assert refused[:2] == (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
    assert (await _refused(world.server, "NamespaceService/DeleteNamespaceKey", request))[0] is grpc.StatusCode.UNAUTHENTICATED
