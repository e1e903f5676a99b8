"""What a floating address promises, with real packets."""

from ipaddress import IPv4Address

import pytest
from buoy_client import FloatingPhase

from tests.e2e.tenant import Tenant
from tests.lab.stage import Guest, Stage
from tests.lab.world import CLIENT_ADDRESS, EXTERNAL_INTERFACE
from tests.support import netns, probes, web
from tests.support.awake import awake
from tests.support.waiting import PATIENCE

ARP_DELAY = 0.25  # the kernel's proxy delay is up to 0.8 s


def source_outside(stage: Stage, guest: Guest) -> IPv4Address:
    """The source that the outside client sees when the guest calls it."""
    with web.http_server(stage.world.client, "outside"):
        return web.fetch(guest.netns, CLIENT_ADDRESS).seen_source


def test_a_floated_interface_answers_from_outside_at_once(stage: Stage, tenant: Tenant) -> None:
    guest = tenant.guest(tenant.network())
    asked = tenant.client.float_interface(guest.interface).floating
    assert asked is not None
    assert asked.phase is FloatingPhase.PENDING
    address = tenant.float(guest)
    begin = awake()
    page = web.fetch(stage.world.client, address)
    assert (asked.address, page.served_by) == (address, tenant.title(guest))
    assert awake() - begin < ARP_DELAY
    assert page.seen_source == CLIENT_ADDRESS


def test_two_tenants_with_the_same_private_address_float_without_meeting(
    stage: Stage, tenant: Tenant, other_tenant: Tenant
) -> None:
    mine = tenant.guest(tenant.network(), address="10.0.0.10")
    theirs = other_tenant.guest(other_tenant.network(), address="10.0.0.10")
    hidden = other_tenant.guest(other_tenant.networks[0], address="10.0.0.11")
    for owner, guest in ((tenant, mine), (other_tenant, theirs)):
        assert web.fetch(stage.world.client, owner.float(guest)).served_by == owner.title(guest)
    assert web.fetch(theirs.netns, hidden.address).served_by == other_tenant.title(hidden)
    assert not web.reaches(mine.netns, hidden.address)


def test_an_instance_calls_out_with_its_floating_address(stage: Stage, tenant: Tenant) -> None:
    guest = tenant.guest(tenant.network(), node="node2")
    address = tenant.float(guest)
    assert source_outside(stage, guest) == address


def test_without_a_float_a_network_with_nat_calls_out_with_its_gateway_address(stage: Stage, tenant: Tenant) -> None:
    network = tenant.network(nat=True)
    guest = tenant.guest(network)
    seen = source_outside(stage, guest)
    gateways = tenant.client.get_network(network.uuid).floating_gateways
    assert [(gateway.node, gateway.address) for gateway in gateways] == [("node1", seen)]


def test_without_a_float_and_without_nat_nothing_gets_out(stage: Stage, tenant: Tenant) -> None:
    guest = tenant.guest(tenant.network())
    with web.http_server(stage.world.client, "outside"):
        assert not web.reaches(guest.netns, CLIENT_ADDRESS)


@pytest.mark.parametrize("caller", ["itself", "neighbour", "other tenant, same node", "other tenant, other node"])
def test_hairpin_a_floating_address_answers_inside_too(tenant: Tenant, other_tenant: Tenant, caller: str) -> None:
    network = tenant.network()
    guest = tenant.guest(network)
    callers = {
        "itself": lambda: guest,
        "neighbour": lambda: tenant.guest(network),
        "other tenant, same node": lambda: other_tenant.guest(other_tenant.network(nat=True)),
        "other tenant, other node": lambda: other_tenant.guest(other_tenant.network(nat=True), node="node2"),
    }
    address = tenant.float(guest)
    assert web.fetch(callers[caller]().netns, address).served_by == tenant.title(guest)


def test_private_addresses_are_not_reachable_from_outside_even_by_a_route(stage: Stage, tenant: Tenant) -> None:
    guest = tenant.guest(tenant.network(netblock="10.77.0.0/24"))
    tenant.float(guest)
    with netns.links(stage.world.client) as ipr:
        ipr.route("add", dst="10.77.0.0/24", gateway=str(guest.site.address))
    assert not web.reaches(stage.world.client, guest.address)


def test_the_node_answers_arp_for_its_floats_and_for_nothing_else(stage: Stage, tenant: Tenant) -> None:
    def who_has(address: IPv4Address, *, timeout: float = PATIENCE) -> str | None:
        return probes.ask_arp(stage.world.client, EXTERNAL_INTERFACE, address, CLIENT_ADDRESS, timeout=timeout)

    guest = tenant.guest(tenant.network())
    address = tenant.float(guest)
    assert who_has(address) == who_has(guest.site.address) is not None
    tenant.defloat(guest)
    assert who_has(address, timeout=0.3) is None


def test_udp_goes_through_a_float_in_both_directions(stage: Stage, tenant: Tenant) -> None:
    guest = tenant.guest(tenant.network())
    address = tenant.float(guest)
    with probes.udp_echo(guest.netns), probes.udp_echo(stage.world.client):
        assert probes.ask_udp(stage.world.client, address)
        assert probes.ask_udp(guest.netns, CLIENT_ADDRESS)
