"""What defloating and deleting promise: what is gone is gone, in the kernel too."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address

from tests.e2e.tenant import Tenant
from tests.lab.stage import Stage
from tests.lab.steps_end import SILENT_S, leftovers, traces
from tests.lab.world import CLIENT_ADDRESS
from tests.support import netns, probes, web
from tests.support.waiting import wait_for


def test_defloat_ends_established_connections_and_refuses_new_ones(stage: Stage, tenant: Tenant) -> None:
    guest = tenant.guest(tenant.network())
    address = tenant.float(guest)
    with web.Download(stage.world.client, address) as download:
        wait_for("the first bytes", lambda: download.received > 0)
        tenant.defloat(guest)
        wait_for("the download to end", lambda: download.ended or download.silence > SILENT_S)
    assert not web.reaches(stage.world.client, address)
    assert traces(guest, address) == []


def test_defloat_leaves_nothing_under_a_flood_that_the_instance_echoes(stage: Stage, tenant: Tenant) -> None:
    guest = tenant.guest(tenant.network())
    with probes.udp_echo(guest.netns):
        for _ in range(5):
            address = tenant.float(guest)
            with flood(stage.world.client, address):
                wait_for("an echo in the flood", lambda: probes.ask_udp(stage.world.client, address, timeout=3.0))  # noqa: B023
                tenant.defloat(guest)
                assert not probes.ask_udp(stage.world.client, address, timeout=0.3)
            assert traces(guest, address) == []


@contextmanager
def flood(namespace: str, address: IPv4Address) -> Iterator[None]:
    """Sends datagrams to the echo port of the address as fast as one thread can."""
    ended = threading.Event()
    with netns.inside(namespace):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def send() -> None:
        while not ended.is_set():
            with contextlib.suppress(OSError):  # nobody answers for the address any more
                sender.sendto(b"flood", (str(address), probes.ECHO_PORT))

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        sender.close()


def test_a_connection_of_the_instance_to_the_outside_ends_with_its_float(stage: Stage, tenant: Tenant) -> None:
    guest = tenant.guest(tenant.network())
    tenant.float(guest)
    with web.http_server(stage.world.client, "outside"), web.Download(guest.netns, CLIENT_ADDRESS) as download:
        wait_for("the first bytes", lambda: download.received > 0)
        tenant.defloat(guest)
        wait_for("the download to end", lambda: download.ended or download.silence > SILENT_S)


def test_deleting_a_floating_instance_gives_its_address_back_and_leaves_nothing(stage: Stage, tenant: Tenant) -> None:
    guest = tenant.guest(tenant.network())
    address = tenant.float(guest)
    tenant.keep.close()
    tenant.delete_all()
    tenant.guests.clear()
    tenant.networks.clear()
    assert tenant.client.get_address(address).type == "deletion-halo"
    usage = tenant.client.get_pool("floating").usage
    assert usage.size == usage.free + usage.in_use + usage.reserved + usage.quarantined
    assert not netns.exists(guest.netns)
    assert not any(str(address) in left or guest.network in left for left in leftovers(stage))


def test_an_address_in_quarantine_goes_to_nobody_else(tenant: Tenant, other_tenant: Tenant) -> None:
    guest = tenant.guest(tenant.network())
    address = tenant.float(guest)
    tenant.defloat(guest)
    theirs = other_tenant.guest(other_tenant.network())
    assert other_tenant.float(theirs) != address
