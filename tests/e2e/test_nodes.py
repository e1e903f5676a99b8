"""What operators do with nodes, on real ones: announce again, read what was put right, drain; and an instance that moves."""

import socket
from ipaddress import IPv4Address

import pytest
from buoy_client import FailedPrecondition, FloatingPhase

from tests.e2e.tenant import Tenant
from tests.lab.stage import Guest, Stage
from tests.support import netns, web
from tests.support.waiting import PATIENCE, wait_for


@pytest.fixture
def guest(tenant: Tenant) -> Guest:
    """An instance on node1."""
    return tenant.guest(tenant.network())


def _announced(sock: socket.socket, address: IPv4Address) -> set[int]:
    """The operations (1 request, 2 reply) of gratuitous ARP for an address, until both were heard."""
    found: set[int] = set()

    def both() -> bool:
        frame = sock.recv(100)
        if frame[28:32] == frame[38:42] == address.packed:
            found.add(frame[21])
        return found == {1, 2}

    wait_for(f"gratuitous ARP for {address}", both)
    return found


def test_a_float_and_a_whole_node_are_announced_again_on_demand(stage: Stage, tenant: Tenant, guest: Guest) -> None:
    with netns.inside(stage.world.client):
        lan = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
    address = tenant.float(guest)
    with lan, web.Download(stage.world.client, address) as download:
        lan.settimeout(PATIENCE)
        for _ in range(3):
            _announced(lan, address)  # those of the float itself: at once, after 1.1 and 2.2 seconds, and then not before 30
        tenant.client.reannounce_interface(guest.interface)
        for _ in range(3):
            _announced(lan, address)
        shown = tenant.client.get_interface(guest.interface)
        assert shown.observed_generation == shown.generation
        assert shown.floating is not None
        assert shown.floating.phase is FloatingPhase.ACTIVE
        tenant.client.reannounce_node("node1")
        _announced(lan, address)
        assert not download.ended
        assert download.longest_gap < 1.0
    said = [event.message for event in tenant.client.get_interface_events(guest.interface)]
    assert f"another announcement of {address} asked for" in said
    of_node = [event.message for event in tenant.client.get_node_events("node1")]
    assert "another announcement of all floating addresses asked for" in of_node


def test_what_others_changed_is_told_in_the_events_of_the_interface_and_of_the_node(
    stage: Stage, tenant: Tenant, guest: Guest
) -> None:
    address = tenant.float(guest)
    netns.await_carriers(guest.network_netns)  # or a look at the links, which says nothing of elements, finds the flush
    netns.run(guest.network_netns, ["nft", "flush", "ruleset"])

    def told() -> list[str]:
        events = tenant.client.get_interface_events(guest.interface)
        return [event.message for event in events if "changed by others" in event.message]

    words = wait_for("the event", told)[0]
    assert words.startswith(f"on node node1, network {guest.network} changed by others")
    assert f"element gone: {address}" in words
    assert words.endswith("put right")
    assert any(words.endswith(event.message) for event in tenant.client.get_node_events("node1"))
    assert web.fetch(stage.world.client, address).served_by == tenant.title(guest)


def test_nothing_is_placed_on_a_drained_node_and_one_with_its_agent_is_not_deleted(tenant: Tenant) -> None:
    client = tenant.client
    assert client.drain_node("node2").drain
    try:
        with pytest.raises(FailedPrecondition, match="node node2 is drained"):
            client.create_instance("refused", node="node2")
    finally:
        assert not client.undrain_node("node2").drain
    with pytest.raises(FailedPrecondition, match="is connected"):
        client.delete_node("node2")
