"""Lists in pages: what a list and a watch together promise, and which tokens a list takes."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from buoy.v1 import agent_pb2, namespace_pb2, node_pb2, pool_pb2
from buoy.v1 import instance_pb2 as v
from buoy.v1 import interface_pb2 as i
from buoy.v1 import network_pb2 as n
from buoy_server.rpc import page_token
from google.protobuf.struct_pb2 import ListValue, Value
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.server.agent import ScriptedAgent, agent
from tests.server.running import Running, refusal, running
from tests.support.soak import ROUNDS
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio

# service, RPC, request without a page, the field that its objects are in, a field of the query with another value
IN_WEB: dict[str, Any] = {"instance_ref": "web"}
IN_NET: dict[str, Any] = {"network_ref": "net"}
IN_W2, IN_TWO = {"instance_ref": "w2"}, {"network_ref": "two"}
LISTS: list[tuple[str, str, Any, str, dict[str, Any]]] = [
    ("interfaces", "ListInterfaces", i.ListInterfacesRequest(network_ref="net"), "interfaces", {"network_ref": ""}),
    ("instances", "ListInstances", v.ListInstancesRequest(node="n1"), "instances", {"include_deleted": True}),
    ("networks", "ListNetworks", n.ListNetworksRequest(), "networks", {"namespace": "system"}),
    ("pools", "ListPools", pool_pb2.ListPoolsRequest(), "pools", {}),
    ("nodes", "ListNodes", node_pb2.ListNodesRequest(), "nodes", {}),
    ("namespaces", "ListNamespaces", namespace_pb2.ListNamespacesRequest(), "namespaces", {}),
    ("instances", "ListInstanceInterfaces", v.ListInstanceInterfacesRequest(**IN_WEB), "interfaces", IN_W2),
    ("networks", "ListNetworkInterfaces", n.ListNetworkInterfacesRequest(**IN_NET), "interfaces", IN_TWO),
    ("networks", "ListNetworkAddresses", n.ListNetworkAddressesRequest(**IN_NET), "addresses", IN_TWO),
    ("pools", "ListAddresses", pool_pb2.ListAddressesRequest(pool_ref="floating"), "addresses", {"pool_ref": "second"}),
    ("instances", "ListInstanceEvents", v.ListInstanceEventsRequest(**IN_WEB), "events", {"type": 1}),
    ("networks", "ListNetworkEvents", n.ListNetworkEventsRequest(**IN_NET), "events", {"type": 1}),
]


def _text(text: str) -> Value:
    return Value(string_value=text)


async def _set(server: Running, uuid: str, key: str, value: Value) -> None:
    request = i.SetInterfaceMetadataItemRequest(interface_uuid=uuid, key=key, value=value)
    await server.interfaces.SetInterfaceMetadataItem(request)


async def _pages(server: Running, service: str, rpc: str, request: Any, size: int) -> AsyncIterator[Any]:
    asked = type(request)()
    asked.CopyFrom(request)
    asked.page_size = size
    while True:
        page = await getattr(getattr(server, service), rpc)(asked)
        yield page
        if not page.next_page_token:
            return
        asked.page_token = page.next_page_token


@pytest.fixture
async def many(server: Running, node: ScriptedAgent) -> AsyncIterator[Running]:
    """Serve at least two of everything that is listed."""
    async with agent(server, "n2"):
        await server.pools.CreatePool(pool_pb2.CreatePoolRequest(name="second", ranges=["198.51.100.0/28"]))
        await server.namespaces.CreateNamespace(namespace_pb2.CreateNamespaceRequest(name="tenant"))
        await server.networks.CreateNetwork(n.CreateNetworkRequest(name="two", netblock="10.1.0.0/24"))
        spec = v.InterfaceSpec(network_ref="net", float=True)
        for name in ("web", "w2"):
            await server.instances.CreateInstance(v.CreateInstanceRequest(name=name, node="n1", interfaces=[spec] * 3))
            of_instance = v.SetInstanceMetadataItemRequest(instance_ref=name, key="k", value=_text("v"))
            await server.instances.SetInstanceMetadataItem(of_instance)
        of_network = n.SetNetworkMetadataItemRequest(network_ref="net", key="k", value=_text("v"))
        await server.networks.SetNetworkMetadataItem(of_network)
        yield server


async def test_pages_together_are_the_whole_list_and_bear_the_revision_of_the_first(many: Running) -> None:
    spare = (await many.interface("spare")).uuid
    for service, rpc, request, field, _ in LISTS:
        (whole,) = [page async for page in _pages(many, service, rpc, request, 1000)]
        found: list[str] = []
        async for page in _pages(many, service, rpc, request, 1):
            found += [_key(listed) for listed in getattr(page, field)]
            assert field == "events" or page.revision == whole.revision, rpc
            await _set(many, spare, rpc, _text(str(len(found))))
        assert found == [_key(listed) for listed in getattr(whole, field)], rpc
        assert len(found) > 1, rpc


def _key(listed: Any) -> str:
    """Return what tells one object of a list from another."""
    name = next(name for name in ("message", "address", "uuid", "name") if hasattr(listed, name))
    return str(getattr(listed, name))


async def test_a_token_is_good_for_its_own_query_alone(many: Running) -> None:
    tokens = {}
    for service, rpc, request, _, other in LISTS:
        tokens[rpc] = await anext(_pages(many, service, rpc, request, 1))
        for changes in [other] if other else []:
            changed = type(request)(**{**{f.name: value for f, value in request.ListFields()}, **changes})
            changed.page_token = tokens[rpc].next_page_token
            assert await _refused(many, service, rpc, changed) == "MALFORMED", rpc
        allowed = type(request)(page_size=3, page_token=tokens[rpc].next_page_token)
        allowed.MergeFrom(request)
        await getattr(getattr(many, service), rpc)(allowed)
    for service, rpc, request, _, _ in LISTS:
        for other_rpc, page in tokens.items():
            if other_rpc != rpc:
                foreign = type(request)(page_token=page.next_page_token)
                foreign.MergeFrom(request)
                assert await _refused(many, service, rpc, foreign) == "MALFORMED", (rpc, other_rpc)


async def _refused(server: Running, service: str, rpc: str, request: Any) -> str:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await getattr(getattr(server, service), rpc)(request)
    said = refusal(refused.value)
    assert said.field == "page_token"
    return said.reason


async def test_a_token_of_another_cluster_is_refused_as_such(tmp_path: Path) -> None:
    token = ""
    for database, expected in (("one.db", ""), ("one.db", ""), ("other.db", "CLUSTER_CHANGED")):
        async with running(tmp_path / database) as server:
            if not token:
                await server.furnish()
                await server.networks.CreateNetwork(n.CreateNetworkRequest(name="two", netblock="10.1.0.0/24"))
            request = n.ListNetworksRequest(page_size=1, page_token=token)
            if expected:
                assert await _refused(server, "networks", "ListNetworks", request) == expected
            else:
                token = (await server.networks.ListNetworks(request)).next_page_token or token
    assert token


async def test_a_list_names_the_cluster_and_a_restart_keeps_it(tmp_path: Path) -> None:
    seen = set()
    for database in ("one.db", "one.db", "other.db"):
        async with running(tmp_path / database) as server:
            seen.add((database, (await server.interfaces.ListInterfaces(i.ListInterfacesRequest())).cluster_id))
    assert len(seen) == 2
    assert all(len(cluster_id) == 36 for _, cluster_id in seen)


async def test_a_token_that_was_made_up_well_is_never_an_inner_error(many: Running) -> None:
    cluster = many.server._backend.cluster_id
    for service, rpc, request, field, _ in LISTS:
        for after in ("\0", "\U0010ffff", "00000000-", "9" * 40, "-1", "\u0664", "x" * 5000):
            for revision in (0, 1, 1 << 62):
                forged = type(request)(page_token=page_token.write(page_token.Position(revision, after), cluster, request))
                forged.MergeFrom(request)
                try:
                    page = await getattr(getattr(many, service), rpc)(forged)
                except grpc.aio.AioRpcError as error:
                    said = refusal(error)
                    assert said.reason == ("REVISION_IN_FUTURE" if revision > 1 else "MALFORMED"), (rpc, after, said)
                else:
                    assert revision <= 1
                    assert field == "events" or page.revision == revision


async def test_the_interfaces_of_an_instance_come_by_their_order_in_pages(server: Running, node: ScriptedAgent) -> None:
    specs = [v.InterfaceSpec(network_ref="net")] * 12
    await server.instances.CreateInstance(v.CreateInstanceRequest(name="web", interfaces=specs))
    request = v.ListInstanceInterfacesRequest(instance_ref="web")
    orders: list[int] = []
    async for page in _pages(server, "instances", "ListInstanceInterfaces", request, 5):
        orders += [interface.order for interface in page.interfaces]
    assert orders == list(range(12))


async def test_pages_stay_below_what_clients_receive_with_the_largest_metadata(server: Running, node: ScriptedAgent) -> None:
    numbers = Value(list_value=ListValue(values=[Value(number_value=0)] * 16_000))  # 62 KiB as JSON, three times that here
    interfaces = [await server.interface(f"i{index}") for index in range(6)]
    for interface in interfaces:
        for key in ("a", "b", "c", "d"):
            await _set(server, interface.uuid, key, numbers)
    seen = []
    async for page in _pages(server, "interfaces", "ListInterfaces", i.ListInterfacesRequest(), 1000):
        assert page.ByteSize() < 4 << 20
        seen += [interface.uuid for interface in page.interfaces]
    assert seen == sorted(interface.uuid for interface in interfaces)


async def test_pages_of_events_stay_the_same_while_new_ones_come(server: Running, node: ScriptedAgent) -> None:
    uuid = (await server.interface()).uuid
    for count in range(9):
        await _set(server, uuid, f"k{count}", _text("v"))
    named = i.ListInterfaceEventsRequest(interface_uuid=uuid)
    before = [event.message for event in (await server.interfaces.ListInterfaceEvents(named)).events]
    seen: list[str] = []
    async for page in _pages(server, "interfaces", "ListInterfaceEvents", named, 2):
        seen += [event.message for event in page.events]
        await _set(server, uuid, f"new{len(seen)}", _text("v"))
    assert seen == before
    assert len(seen) == 10


ACTION = st.sampled_from(["page", "page", "create", "delete", "float", "set", "report"])
ACTIONS = st.lists(st.tuples(ACTION, st.integers(0, 1 << 16)), max_size=30)


@given(actions=ACTIONS, size=st.integers(1, 4))
@settings(max_examples=25 * ROUNDS)
async def test_a_list_in_pages_and_the_watch_from_its_revision_give_the_final_state(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int]], size: int
) -> None:
    await _list_and_watch(tmp_path_factory.mktemp("db"), actions, size)


async def _list_and_watch(path: Path, actions: list[tuple[str, int]], size: int) -> None:
    async with running(path / "buoy.db") as server, agent(server):
        await server.furnish()
        for name in range(6):
            await server.interface(f"i{name}")
        pages = _pages(server, "interfaces", "ListInterfaces", i.ListInterfacesRequest(network_ref="net"), size)
        first = await anext(pages)
        folded = {interface.uuid: interface for interface in first.interfaces}
        for number, (action, choice) in enumerate(actions):
            if action == "page":
                page = await anext(pages, first)
                folded.update((interface.uuid, interface) for interface in page.interfaces)
            else:
                await _act(server, action, choice, f"n{number}")
        async for page in pages:
            assert page.revision == first.revision
            folded.update((interface.uuid, interface) for interface in page.interfaces)
        final = await server.interfaces.ListInterfaces(i.ListInterfacesRequest(network_ref="net"))
        await _follow(server, folded, first.revision, final.revision)
        assert folded == {interface.uuid: interface for interface in final.interfaces}


async def _act(server: Running, action: str, choice: int, name: str) -> None:
    """Change something of an interface that is there, or create one."""
    live = (await server.interfaces.ListInterfaces(i.ListInterfacesRequest())).interfaces
    if action == "create" or not live:
        await server.interface(name)
        return
    chosen = live[choice % len(live)]
    if action == "delete":
        await server.interfaces.DeleteInterface(i.DeleteInterfaceRequest(interface_uuid=chosen.uuid))
    elif action == "float":
        await server.interfaces.FloatInterface(i.FloatInterfaceRequest(interface_uuid=chosen.uuid))
    elif action == "set":
        await _set(server, chosen.uuid, "k", _text(name))
    else:
        report = agent_pb2.BindingReport(interface_uuid=chosen.uuid, generation=chosen.generation)
        await server.agents.ReportNode(agent_pb2.ReportNodeRequest(node="n1", reports=[report]))


async def _follow(server: Running, folded: dict[str, i.Interface], after: int, until: int) -> None:
    """Take in the watch from after a revision until another."""
    request = i.WatchInterfaceRequest(network_ref="net", start_revision=after + 1)
    request.progress_interval.FromMilliseconds(100)
    call = server.interfaces.WatchInterface(request)
    revision = 0
    while revision < until:
        response = await asyncio.wait_for(call.read(), PATIENCE)
        revision = response.revision
        for event in response.events:
            if event.type == i.INTERFACE_EVENT_TYPE_DELETED:
                folded.pop(event.interface.uuid, None)
            else:
                folded[event.interface.uuid] = event.interface
    call.cancel()
