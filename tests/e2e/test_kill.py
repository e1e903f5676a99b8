"""kill -9 of agents and of the server: packets go on, nothing is lost, nothing is done twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from threading import Thread

import pytest
from buoy_client import BuoyClient, FloatingPhase, InterfaceEvent

from tests.e2e.tenant import Tenant
from tests.lab.stage import Guest, Stage
from tests.lab.steps_end import SILENT_S, traces
from tests.support import netns, web
from tests.support.changes import Changes
from tests.support.waiting import wait_for

STALL = 1.0  # seconds; a chunk comes each 10 ms


@pytest.fixture
def guest(tenant: Tenant) -> Guest:
    """An instance on node1 that does not float yet."""
    return tenant.guest(tenant.network())


@contextmanager
def agent_away(stage: Stage, node: str) -> Iterator[None]:
    """kill -9 of a node's agent; it is started again at the end."""
    stage.agents[node].kill()
    stage.wait_connected(node, connected=False)
    try:
        yield
    finally:
        stage.start_agent(node)


def test_a_killed_agent_stalls_no_download_and_programs_nothing_again(stage: Stage, tenant: Tenant, guest: Guest) -> None:
    address = tenant.float(guest)
    second = tenant.guest(tenant.network())
    with (
        web.Download(stage.world.client, address) as download,
        Changes(guest.network_netns) as network,
        Changes(guest.site.netns) as host,
    ):
        network.settle()
        with agent_away(stage, "node1"):
            assert web.fetch(stage.world.client, address).served_by == tenant.title(guest)
        tenant.float(second)  # the agent is in sync and at work again
        assert (network.all(), host.about(address)) == ([], 0)
        assert not download.ended
        assert download.longest_gap < STALL


def test_a_float_asked_for_while_the_agent_is_dead_waits_and_comes(stage: Stage, tenant: Tenant, guest: Guest) -> None:
    with agent_away(stage, "node1"):
        floating = tenant.client.float_interface(guest.interface).floating
        assert floating is not None
        assert floating.phase is FloatingPhase.PENDING
        assert not web.reaches(stage.world.client, floating.address)
    assert tenant.float(guest) == floating.address
    assert web.fetch(stage.world.client, floating.address).served_by == tenant.title(guest)


def test_a_defloat_while_the_agent_is_dead_is_carried_out_at_its_return(stage: Stage, tenant: Tenant, guest: Guest) -> None:
    address = tenant.float(guest)
    with agent_away(stage, "node1"):
        tenant.client.defloat_interface(guest.interface)
        releasing = tenant.client.get_interface(guest.interface).floating
        assert releasing is not None
        assert releasing.phase is FloatingPhase.RELEASING
    tenant.defloat(guest)
    assert traces(guest, address) == []
    assert not web.reaches(stage.world.client, address)


def test_a_defloat_that_a_kill_cut_short_before_the_connections_is_finished(stage: Stage, tenant: Tenant, guest: Guest) -> None:
    address = tenant.float(guest)
    with web.Download(stage.world.client, address) as download:
        wait_for("the first bytes", lambda: download.received > 0)
        with agent_away(stage, "node1"):
            tenant.client.defloat_interface(guest.interface)
            withdraw_all_but_connections(guest, address)
        tenant.defloat(guest)
        assert traces(guest, address) == []
        wait_for("the download to end", lambda: download.ended or download.silence > SILENT_S)


def withdraw_all_but_connections(guest: Guest, address: IPv4Address) -> None:
    """Leaves what an agent leaves that is killed in a defloat after the elements and before conntrack."""
    host, network = guest.site.netns, guest.network_netns
    netns.run(host, ["ip", "neigh", "del", "proxy", str(address), "dev", "eth0"])
    netns.run(host, ["ip", "route", "del", f"{address}/32"])
    netns.run(network, ["nft", f"delete element ip buoy floating_to_fixed {{ {address} }}"])
    netns.run(network, ["nft", f"delete element ip buoy fixed_to_floating {{ {guest.address} }}"])


def test_an_instance_deleted_while_the_agent_is_dead_is_cleaned_up_at_its_return(stage: Stage, tenant: Tenant) -> None:
    guest = tenant.guest(tenant.network())
    address = tenant.float(guest)
    tenant.keep.close()
    with agent_away(stage, "node1"):
        tenant.client.delete_instance(guest.uuid)
    tenant.client.delete_instance(guest.uuid, wait=True)
    assert not web.reaches(stage.world.client, address)


def test_floats_made_and_taken_while_the_agent_dies_again_and_again_end_right(
    stage: Stage, tenant: Tenant, guest: Guest
) -> None:
    for _ in range(4):
        tenant.client.float_interface(guest.interface)
        stage.agents["node1"].kill()
        stage.agents["node1"].start()
        address = tenant.float(guest)
        assert web.fetch(stage.world.client, address).served_by == tenant.title(guest)
        tenant.client.defloat_interface(guest.interface)
        stage.agents["node1"].kill()
        stage.agents["node1"].start()
        tenant.defloat(guest)
        assert traces(guest, address) == []
    stage.wait_connected("node1")


def test_a_killed_server_costs_no_packet_and_comes_back_as_it_was(stage: Stage, tenant: Tenant, guest: Guest) -> None:
    address = tenant.float(guest)
    before = tenant.client.get_interface(guest.interface)
    with web.Download(stage.world.client, address) as download:
        stage.server.kill()
        assert web.fetch(stage.world.client, address).served_by == tenant.title(guest)
        stage.start_server()
        stage.wait_connected(*stage.agents)
        assert tenant.client.get_interface(guest.interface) == before
        assert not download.ended
        assert download.longest_gap < STALL
    tenant.defloat(guest)
    assert tenant.float(guest)


def test_a_watch_goes_on_over_a_killed_server_without_gap_or_repeat(stage: Stage, tenant: Tenant, guest: Guest) -> None:
    events: list[InterfaceEvent] = []
    watch = BuoyClient(stage.place.target).watch_interfaces(interface_uuid=guest.interface)
    follower = Thread(target=lambda: events.extend(watch), daemon=True)
    follower.start()
    wait_for("the snapshot", lambda: watch.synced)
    tenant.float(guest)
    stage.server.kill()
    stage.start_server()
    stage.wait_connected(*stage.agents)
    tenant.defloat(guest)
    wait_for("the end of the defloat", lambda: len(events) > 1 and events[-1].interface.floating is None)
    watch.close()
    follower.join()
    phases = [event.interface.floating.phase.value if event.interface.floating else None for event in events]
    assert phases == [None, "pending", "active", "releasing", None]
    revisions = [event.revision for event in events[1:]]
    assert revisions == sorted(set(revisions))
