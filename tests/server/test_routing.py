"""What a node is sent of routed addresses, and what its reports lead to."""

import grpc
import pytest
from buoy.v1 import agent_pb2, network_pb2, pool_pb2

from tests.server.agent import agent
from tests.server.running import Running, refusal

pytestmark = pytest.mark.anyio

ADDRESS = "192.0.2.60"


async def _route(server: Running, **asked: str) -> network_pb2.RoutedAddress:
    request = network_pb2.RouteAddressRequest(network_ref="net", address=ADDRESS, **asked)
    routed: network_pb2.RoutedAddress = await server.networks.RouteAddress(request)
    return routed


async def _unroute(server: Running) -> None:
    await server.networks.UnrouteAddress(network_pb2.UnrouteAddressRequest(network_ref="net", address=ADDRESS))


async def _routed(server: Running) -> list[tuple[str, int, str]]:
    network = await server.networks.GetNetwork(network_pb2.GetNetworkRequest(network_ref="net"))
    return [(routed.node, routed.phase, routed.reason) for routed in network.routed_addresses]


async def test_a_node_is_sent_the_network_alone_and_its_report_makes_it_active_and_gone(server: Running) -> None:
    async with agent(server) as node:
        await server.interface()
        await node.read()
        await node.confirm()
        assert (await _route(server)).phase == network_pb2.ROUTED_PHASE_PENDING
        update = await node.read()
        assert (len(update.networks), len(update.upserts), update.revision > 0) == (1, 0, True)
        await node.confirm_networks(faults={ADDRESS: "no room"})
        assert await _routed(server) == [("n1", network_pb2.ROUTED_PHASE_FAILED, "no room")]
        await node.confirm_networks()
        assert await _routed(server) == [("n1", network_pb2.ROUTED_PHASE_ACTIVE, "")]
        await _unroute(server)
        await node.until_unrouted(ADDRESS)
        assert await _routed(server) == []
    listed = await server.pools.ListAddresses(pool_pb2.ListAddressesRequest(pool_ref="floating"))
    (held,) = [record for record in listed.addresses if record.address == ADDRESS]
    assert held.type == pool_pb2.RESERVATION_TYPE_DELETION_HALO


@pytest.mark.parametrize("resumes", [True, False])
async def test_an_agent_that_comes_back_gets_it_with_its_bindings_or_as_a_change(server: Running, *, resumes: bool) -> None:
    async with agent(server) as first:
        await server.interface()
        await first.read()
        await first.confirm()
    await _route(server)
    async with agent(server, resume=first.revision if resumes else 0) as second:
        second.networks |= first.networks if resumes else {}
        await second.until_routed(ADDRESS)
        assert second.resets == (0 if resumes else 1)
        assert (await _routed(server))[0][1] == network_pb2.ROUTED_PHASE_ACTIVE


async def test_one_node_is_told_to_let_go_before_the_other_is_told_to_have_it(server: Running) -> None:
    async with agent(server) as here, agent(server, "n2") as there:
        await server.interface("web", "n1")
        await server.interface("far", "n2")
        await _route(server, node="n1")
        await here.until_routed(ADDRESS)
        moved = await _route(server, node="n2")
        assert (moved.node, moved.former_node) == ("n2", "n1")
        marker = await server.interface("marker", "n2")
        while marker.uuid not in there.bindings:
            await there.read()
        assert not any(ADDRESS in network.routed_addresses for network in there.networks.values())
        await here.until_unrouted(ADDRESS)
        await there.until_routed(ADDRESS)
        assert await _routed(server) == [("n2", network_pb2.ROUTED_PHASE_ACTIVE, "")]


async def test_reports_of_networks_are_checked(server: Running) -> None:
    uuid = "b1981e81-b37a-4176-ba37-b61bc7208012"
    async with agent(server):
        for network, field in (
            (agent_pb2.NetworkReport(network_uuid="x"), "networks[0].network_uuid"),
            (agent_pb2.NetworkReport(network_uuid=uuid, faults=[{"address": "x"}]), "networks[0].faults[0].address"),
        ):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await server.agents.ReportNode(agent_pb2.ReportNodeRequest(node="n1", networks=[network]))
            assert (refusal(refused.value).reason, refusal(refused.value).field) == ("MALFORMED", field)
        await server.agents.ReportNode(agent_pb2.ReportNodeRequest(node="n1", networks=[{"network_uuid": uuid}]))
