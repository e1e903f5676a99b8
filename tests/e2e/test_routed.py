"""Addresses that are routed into a network, from the call to the packet and back."""

from ipaddress import IPv4Address

from buoy_client import BuoyClient, Network, ReservationType, RoutedPhase

from tests.e2e.tenant import Tenant
from tests.lab.stage import Guest, Stage
from tests.lab.steps_end import traces
from tests.lab.world import CLIENT_ADDRESS
from tests.support import netns, web
from tests.support.waiting import wait_for


def carry(guest: Guest, address: IPv4Address) -> None:
    """What the owner of an instance does: its NIC bears the address."""
    netns.run(guest.netns, ["ip", "address", "add", f"{address}/32", "dev", "eth0"])


def route(tenant: Tenant, network: Network, node: str | None = None, address: IPv4Address | None = None) -> IPv4Address:
    """Routes an address, and returns it when its node has it."""
    routed = tenant.client.route_address(network.uuid, address, node=node, wait=True)
    assert routed.phase is RoutedPhase.ACTIVE
    assert node in (None, routed.node)
    return routed.address


def held_as(stage: Stage, address: IPv4Address) -> str:
    """What holds an address of the pool."""
    listed = BuoyClient(stage.place.target).get_pool_addresses("floating")
    return next((record.type for record in listed if record.address == address), "free")


def test_an_instance_is_reached_at_a_routed_address_without_nat_until_it_is_given_back(stage: Stage, tenant: Tenant) -> None:
    network = tenant.network()
    guest = tenant.guest(network)
    address = route(tenant, network)
    carry(guest, address)
    page = web.fetch(stage.world.client, address)
    assert (page.served_by, page.seen_source, page.seen_target) == (tenant.title(guest), CLIENT_ADDRESS, address)
    assert held_as(stage, address) == ReservationType.ROUTED
    assert tenant.client.unroute_address(network.uuid, address, wait=True).routed_addresses == ()
    assert held_as(stage, address) == ReservationType.DELETION_HALO
    assert not web.reaches(stage.world.client, address)
    assert traces(guest, address) == []


def test_an_address_moves_to_another_node_when_it_is_asked_to(stage: Stage, tenant: Tenant) -> None:
    network = tenant.network()
    here, there = tenant.guest(network), tenant.guest(network, node="node2")
    address = route(tenant, network, "node1")
    for guest in (here, there):
        carry(guest, address)
    assert web.fetch(stage.world.client, address).served_by == tenant.title(here)
    route(tenant, network, "node2", address)
    assert web.fetch(stage.world.client, address).served_by == tenant.title(there)
    assert traces(here, address) == []


def test_it_goes_to_another_node_with_the_last_instance_of_the_first_and_is_released_with_its_network(
    stage: Stage, tenant: Tenant
) -> None:
    network = tenant.network()
    first, second = tenant.guest(network), tenant.guest(network, node="node2")
    address = route(tenant, network, "node1")
    carry(second, address)
    tenant.client.delete_instance(first.uuid, wait=True)

    def held_by() -> tuple[str, RoutedPhase]:
        (routed,) = tenant.client.get_network(network.uuid).routed_addresses
        return routed.node, routed.phase

    wait_for("node2 to take over", lambda: held_by() == ("node2", RoutedPhase.ACTIVE))
    assert web.fetch(stage.world.client, address).served_by == tenant.title(second)
    tenant.client.delete_instance(second.uuid, wait=True)
    tenant.client.delete_network(network.uuid, wait=True)
    assert held_as(stage, address) == ReservationType.DELETION_HALO


def test_a_restart_of_agent_and_server_keeps_it(stage: Stage, tenant: Tenant) -> None:
    network = tenant.network()
    guest = tenant.guest(network)
    address = route(tenant, network)
    carry(guest, address)
    with web.Download(stage.world.client, address) as download:
        stage.agents["node1"].stop()
        stage.start_agent("node1")
        stage.server.stop()
        stage.start_server()
        stage.wait_connected(*stage.agents)
        received = download.received
        wait_for("the download to go on", lambda: download.received > received)
        assert download.longest_gap < 1.0
    assert tenant.client.get_network(network.uuid).routed_addresses[0].phase is RoutedPhase.ACTIVE
