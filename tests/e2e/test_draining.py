"""Defloat with DRAIN and KEEP, through everything: kill -9 of the agent, a restart of the server, deletion, floating again."""

from ipaddress import IPv4Address

import pytest

from tests.e2e.tenant import Tenant
from tests.lab.stage import Guest, Stage
from tests.lab.steps_end import SILENT_S, traces
from tests.support import web
from tests.support.waiting import wait_for

STALL = 1.0  # seconds; a chunk comes each 10 ms


@pytest.fixture
def guest(tenant: Tenant) -> Guest:
    """An instance on node1."""
    return tenant.guest(tenant.network())


def _drains(tenant: Tenant, guest: Guest) -> list[IPv4Address]:
    interface = tenant.client.get_interface(guest.interface)
    confirmed = interface.observed_generation == interface.generation
    return [entry.address for entry in interface.draining] if confirmed else []


def _goes_on(download: web.Download) -> None:
    received = download.received
    wait_for("more of the download", lambda: download.received > received + 5000)
    assert download.longest_gap < STALL


def test_a_drain_outlives_an_agent_and_a_server_that_are_killed(stage: Stage, tenant: Tenant, guest: Guest) -> None:
    address = tenant.float(guest)
    with web.Download(stage.world.client, address) as download:
        tenant.client.defloat_interface(guest.interface, flows="drain", drain_time=600)
        wait_for("the drain", lambda: _drains(tenant, guest) == [address])
        assert not web.reaches(stage.world.client, address, timeout=0.3)
        stage.agents["node1"].kill()
        stage.server.kill()
        _goes_on(download)
        stage.start_server()
        stage.start_agent("node1")
        assert tenant.client.get_interface(guest.interface).floating is not None
        assert not web.reaches(stage.world.client, address, timeout=0.3)
        _goes_on(download)
    # The connection is closed now: the drain ends long before its limit.
    wait_for("the release", lambda: tenant.client.get_interface(guest.interface).floating is None)
    assert tenant.client.get_address(address).type == "deletion-halo"
    assert traces(guest, address) == []


def test_a_drain_ends_at_its_limit(stage: Stage, tenant: Tenant, guest: Guest) -> None:
    address = tenant.float(guest)
    with web.Download(stage.world.client, address) as download:
        shown = tenant.client.defloat_interface(guest.interface, flows="drain", drain_time=1, wait=True)
        assert shown.floating is None
        wait_for("the download to end", lambda: download.ended or download.silence > SILENT_S)
    assert traces(guest, address) == []


def test_deleted_in_a_drain_nothing_is_left(stage: Stage, tenant: Tenant, guest: Guest) -> None:
    address = tenant.float(guest)
    tenant.guest(tenant.networks[0])  # the network stays on the node
    with web.Download(stage.world.client, address) as download:
        tenant.client.defloat_interface(guest.interface, flows="drain", drain_time=600)
        wait_for("the drain", lambda: _drains(tenant, guest) == [address])
        tenant.client.delete_interface(guest.interface, wait=True)
        wait_for("the download to end", lambda: download.ended or download.silence > SILENT_S)
    assert traces(guest, address) == []


def test_floated_again_in_a_drain_the_address_and_its_connections_stay(stage: Stage, tenant: Tenant, guest: Guest) -> None:
    address = tenant.float(guest)
    with web.Download(stage.world.client, address) as download:
        tenant.client.defloat_interface(guest.interface, flows="drain", drain_time=600)
        wait_for("the drain", lambda: _drains(tenant, guest) == [address])
        assert tenant.float(guest) == address
        assert web.fetch(stage.world.client, address).served_by == tenant.title(guest)
        _goes_on(download)


def test_kept_connections_go_on_beside_another_float_and_nobody_else_gets_the_address(
    stage: Stage, tenant: Tenant, other_tenant: Tenant, guest: Guest
) -> None:
    address = tenant.float(guest)
    with web.Download(stage.world.client, address) as download:
        shown = tenant.client.defloat_interface(guest.interface, flows="keep", wait=True)
        assert shown.floating is None
        other = tenant.float(guest)
        assert other != address
        assert web.fetch(stage.world.client, other).served_by == tenant.title(guest)
        assert not web.reaches(stage.world.client, address, timeout=0.3)
        _goes_on(download)
        theirs = other_tenant.guest(other_tenant.network())
        with pytest.raises(Exception, match="in use"):
            other_tenant.client.float_interface(theirs.interface, address)
        cut = tenant.client.defloat_interface(guest.interface, wait=True)  # CUT ends what was kept as well
        assert cut.draining == ()
        wait_for("the download to end", lambda: download.ended or download.silence > SILENT_S)
    assert traces(guest, address) == []
    assert tenant.client.get_interface(guest.interface).floating is None
