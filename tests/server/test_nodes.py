"""WatchNode and ReportNode: what a node is sent, and what its absence means."""

import asyncio
from typing import Any

import grpc
import pytest
from buoy.v1 import agent_pb2, instance_pb2, interface_pb2, node_pb2, pool_pb2

from tests.server.agent import agent
from tests.server.running import Running, refusal, running
from tests.server.waiting import wait_until_async
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio


async def _node_state(server: Running) -> int:
    state: int = (await server.nodes.GetNode(node_pb2.GetNodeRequest(node="n1"))).state
    return state


async def test_a_new_agent_gets_everything_that_is_bound_and_everything_to_remove(server: Running) -> None:
    async with agent(server) as first:
        kept, dropped = await server.interface("kept"), await server.interface("dropped")
        while len(first.bindings) < 2:
            await first.read()
        await first.confirm()
    await server.interfaces.DeleteInterface(interface_pb2.DeleteInterfaceRequest(interface_uuid=dropped.uuid))
    async with agent(server) as second:
        assert (set(second.bindings), set(second.removed), second.resets) == ({kept.uuid}, {dropped.uuid}, 1)
        await second.confirm()
    async with agent(server) as third:
        assert (set(third.bindings), set(third.removed)) == ({kept.uuid}, set())


async def test_a_node_is_told_to_cut_flows_of_what_it_has_not_confirmed_and_of_no_address_that_rests(
    server: Running,
) -> None:
    async with agent(server) as node:
        interface = await server.interface("web")
        await node.read()
        await node.confirm()
        for address in ("192.0.2.20", "192.0.2.21"):
            request = interface_pb2.FloatInterfaceRequest(interface_uuid=interface.uuid, address=address)
            await server.interfaces.FloatInterface(request)
            await node.read()
            assert list(node.bindings[interface.uuid].unconfirmed_addresses) == [address]
            await node.confirm()
            await server.interfaces.DefloatInterface(interface_pb2.DefloatInterfaceRequest(interface_uuid=interface.uuid))
            await node.read()
            assert list(node.bindings[interface.uuid].unconfirmed_addresses) == [address]
            await node.confirm()


async def test_an_agent_that_resumes_gets_only_what_changed(server: Running) -> None:
    async with agent(server) as first:
        await server.interface("before")
        await first.read()
        await first.confirm()
    changed = await server.interface("after")
    async with agent(server, resume=first.revision) as second:
        while changed.uuid not in second.bindings:
            await second.read()
        assert (set(second.bindings), second.resets) == ({changed.uuid}, 0)


async def test_an_agent_is_not_sent_what_it_reported_itself_nor_what_is_another_nodes(server: Running) -> None:
    async with agent(server) as here, agent(server, "n2") as there:
        await server.interface("mine", "n1")
        await here.read()
        await here.confirm()
        other = await server.interface("theirs", "n2")
        update = await there.read()
        assert [binding.interface_uuid for binding in update.upserts] == [other.uuid]
        marker = await server.interface("marker", "n1")
        update = await here.read()
        assert [binding.interface_uuid for binding in update.upserts] == [marker.uuid]


async def test_a_newer_agent_supersedes_the_older_one(server: Running) -> None:
    async with agent(server) as old, agent(server):
        await server.interface()
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await old.read()
        assert (ended.value.code(), refusal(ended.value).reason) == (grpc.StatusCode.ABORTED, "SUPERSEDED")
        shown = await server.nodes.GetNode(node_pb2.GetNodeRequest(node="n1"))
        assert shown.connected


async def test_a_node_that_stays_away_is_missing_and_its_floats_say_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with running(tmp_path_factory.mktemp("db") / "buoy.db", node_lease=0.05) as server:
        await server.furnish()
        async with agent(server):
            interface = await server.interface(float=True)
        await wait_until_async(lambda: _is_missing(server), "n1 is missing")
        named = interface_pb2.GetInterfaceRequest(interface_uuid=interface.uuid)
        assert (await server.interfaces.GetInterface(named)).floating.reason == "node n1 is away"
        async with agent(server) as back:
            assert await _node_state(server) == node_pb2.NODE_STATE_CREATED
            await back.confirm()
        assert (await server.interfaces.GetInterface(named)).floating.phase == interface_pb2.FLOATING_PHASE_ACTIVE


async def _is_missing(server: Running) -> bool:
    return await _node_state(server) == node_pb2.NODE_STATE_MISSING


async def test_after_a_restart_of_the_server_a_node_that_does_not_come_back_is_missing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("db") / "buoy.db"
    async with running(path) as server, agent(server):
        pass
    async with running(path, node_lease=0.05) as server:
        await wait_until_async(lambda: _is_missing(server), "n1 is missing")


async def test_reports_are_checked(server: Running) -> None:
    async with agent(server):
        cases = [
            ({"node": "absent", "reports": [{"interface_uuid": "b1981e81-b37a-4176-ba37-b61bc7208012"}]}, "NODE_NOT_FOUND"),
            ({"node": "n1", "reports": [{"interface_uuid": "x"}]}, "MALFORMED"),
            ({"node": "", "reports": []}, "MALFORMED"),
        ]
        for request, reason in cases:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await server.agents.ReportNode(agent_pb2.ReportNodeRequest(**request))  # type: ignore[arg-type]
            assert refusal(refused.value).reason == reason
        await server.agents.ReportNode(agent_pb2.ReportNodeRequest(node="n1"))


async def test_a_report_about_another_nodes_interface_changes_nothing(server: Running) -> None:
    async with agent(server), agent(server, "n2"):
        interface = await server.interface()
        report = agent_pb2.BindingReport(interface_uuid=interface.uuid, generation=1)
        await server.agents.ReportNode(agent_pb2.ReportNodeRequest(node="n2", reports=[report]))
        named = interface_pb2.GetInterfaceRequest(interface_uuid=interface.uuid)
        assert (await server.interfaces.GetInterface(named)).state == interface_pb2.INTERFACE_STATE_INITIAL


async def test_a_broken_stream_of_many_changes_is_resumed_where_it_broke(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("buoy_server.rpc.bindings.CHUNK", 2)
    async with agent(server) as first:
        specs = [instance_pb2.InterfaceSpec(network_ref="net")] * 5
        await server.instances.CreateInstance(instance_pb2.CreateInstanceRequest(name="five", interfaces=specs))
        update = await first.read()
        assert (len(update.upserts), update.revision) == (2, 0)
    async with agent(server, resume=first.revision) as second:
        while len(second.bindings) < 5:
            await second.read()
        assert second.resets == 0


async def test_an_agent_that_says_nothing_loses_its_stream(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    async with agent(server) as silent:
        monkeypatch.setattr(server.server._backend.presence._sessions["n1"], "_silence", -1.0)
        await server.interface()
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await silent.read()
        assert ended.value.code() is grpc.StatusCode.UNAVAILABLE


async def _next_kinds(watch: Any) -> list[int]:
    """Read a watch past its marks to the next events, and return their types."""
    while not (events := (await asyncio.wait_for(watch.read(), PATIENCE)).events):
        pass
    return [event.type for event in events]


async def test_a_move_is_a_removal_here_and_a_binding_there(server: Running) -> None:
    async with agent(server, "n1") as here, agent(server, "n2") as there:
        interface = await server.interface("web", "n1")
        await here.read()
        await here.confirm()
        watches = [server.interfaces.WatchInterface(interface_pb2.WatchInterfaceRequest(node=node)) for node in ("n1", "n2")]
        for watch in watches:
            while not (await watch.read()).synced:
                pass
        await server.instances.MoveInstance(instance_pb2.MoveInstanceRequest(instance_ref="web", node="n2"))
        kinds = [await _next_kinds(watch) for watch in watches]
        assert kinds == [[interface_pb2.INTERFACE_EVENT_TYPE_DELETED], [interface_pb2.INTERFACE_EVENT_TYPE_CREATED]]
        while interface.uuid not in here.removed:
            await here.read()
        while interface.uuid not in there.bindings:
            await there.read()
        await there.confirm()
        await here.confirm()
        moved = await server.interfaces.GetInterface(interface_pb2.GetInterfaceRequest(interface_uuid=interface.uuid))
        assert (moved.node, list(moved.former_nodes)) == ("n2", [])
        assert moved.observed_generation == moved.generation
        for watch in watches:
            watch.cancel()
    async with agent(server, "n1") as again:
        assert not again.bindings
        assert not again.removed


async def test_a_node_that_was_fenced_is_told_of_everything_anew_when_it_comes_back(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("db") / "buoy.db"
    async with running(path, node_lease=0.05, fence_delay=0.05) as server:
        await server.furnish()
        async with agent(server) as node:
            kept, dropped = await server.interface("kept", float=True), await server.interface("dropped", float=True)
            while len(node.bindings) < 2:
                await node.read()
            await node.confirm()
        await server.instances.DeleteInstance(instance_pb2.DeleteInstanceRequest(instance_ref="dropped"))

        async def is_fenced() -> bool:
            return await _node_state(server) == node_pb2.NODE_STATE_STOPPED

        await wait_until_async(is_fenced, "n1 is fenced")
        usage = (await server.pools.GetPool(pool_pb2.GetPoolRequest(pool_ref="floating"))).usage
        assert (usage.in_use, usage.quarantined) == (1, 1)
        async with agent(server, resume=node.revision) as back:
            assert (set(back.bindings), set(back.removed), back.resets) == ({kept.uuid}, set(), 1)
            assert dropped.uuid not in back.bindings
