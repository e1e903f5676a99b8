"""Moving a floating address with packets on it: the old holder's connections end, and no two nodes ever have the address."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address

import pytest
from buoy_client import FloatingPhase, Interface

from tests.e2e.tenant import Tenant
from tests.lab.stage import Guest, Stage
from tests.lab.steps_end import SILENT_S, traces
from tests.lab.world import CLIENT_ADDRESS
from tests.support import kernel_view, web
from tests.support.waiting import wait_for


def _move(tenant: Tenant, address: IPv4Address, old: Guest, new: Guest, *, wait: bool = True) -> Interface:
    seen = tenant.client.get_interface(old.interface)
    return tenant.client.move_floating(address, old.interface, new.interface, if_revision=seen.revision, wait=wait)


@contextmanager
def _held_up(stage: Stage, node: str) -> Iterator[None]:
    """Lets a node's agent do nothing for a while."""
    os.kill(stage.agents[node].pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(stage.agents[node].pid, signal.SIGCONT)


def _who_answers(stage: Stage, address: IPv4Address) -> str:
    with suppress(OSError):
        return web.fetch(stage.world.client, address, timeout=3.0).served_by
    return ""


@pytest.mark.parametrize("same_network", [True, False], ids=["same network", "other network"])
@pytest.mark.parametrize("node", ["node1", "node2"])
def test_connections_end_and_new_ones_reach_the_new_holder(
    stage: Stage, tenant: Tenant, node: str, *, same_network: bool
) -> None:
    network = tenant.network()
    old = tenant.guest(network)
    new = tenant.guest(network if same_network else tenant.network(), node=node)
    address = tenant.float(old)
    client = stage.world.client
    with (
        web.http_server(client, "outside"),
        web.Download(client, address) as inwards,
        web.Download(old.netns, CLIENT_ADDRESS) as outwards,
    ):
        wait_for("the first bytes", lambda: inwards.received > 0 and outwards.received > 0)
        moved = _move(tenant, address, old, new)
        assert moved.floating is not None
        assert (moved.floating.phase, moved.floating.address) == (FloatingPhase.ACTIVE, address)
        assert tenant.client.get_interface(old.interface).floating is None
        wait_for("the downloads to end", lambda: all(it.ended or it.silence > SILENT_S for it in (inwards, outwards)))
    assert web.fetch(client, address).served_by == tenant.title(new)
    assert kernel_view.floating_to_fixed(new.network_netns) == {address: new.address}
    assert kernel_view.fixed_to_floating(new.network_netns) == {new.address: address}
    if new.site != old.site:
        assert traces(old, address) == []
    elif not same_network:
        assert kernel_view.floating_to_fixed(old.network_netns) == {}


def test_the_new_node_gets_the_address_only_when_the_old_one_has_let_go(stage: Stage, tenant: Tenant) -> None:
    old, new = tenant.guest(tenant.network()), tenant.guest(tenant.network(), node="node2")
    bystander = tenant.guest(tenant.network(), node="node2")
    address = tenant.float(old)
    with _held_up(stage, "node1"):
        waiting = _move(tenant, address, old, new, wait=False)
        tenant.float(bystander)  # node2 has come further than the move
        assert traces(new, address) == []
        waiting = tenant.client.get_interface(new.interface)
        assert waiting.floating is not None
        assert (waiting.floating.phase, waiting.floating.held_by) == (FloatingPhase.PENDING, old.interface)
        assert waiting.floating.reason == "waits until node node1 lets go of it"
        assert web.fetch(stage.world.client, address).served_by == tenant.title(old)  # node1 has it still, and it alone
    wait_for("the new holder to answer", lambda: _who_answers(stage, address) == tenant.title(new))
    assert traces(old, address) == []


def test_a_kept_address_floats_again_where_it_is_asked_for(stage: Stage, tenant: Tenant) -> None:
    old, new = tenant.guest(tenant.network()), tenant.guest(tenant.network(), node="node2")
    address = tenant.float(old)
    tenant.client.defloat_interface(old.interface, keep_address=True, wait=True)
    assert [record.address for record in tenant.client.get_reserved_addresses()] == [address]
    assert traces(old, address) == []
    tenant.client.float_interface(new.interface, address, wait=True)
    assert web.fetch(stage.world.client, address).served_by == tenant.title(new)
    assert tenant.client.release_address(address).type == "floating"
    tenant.defloat(new)
    assert tenant.client.get_address(address).type == "deletion-halo"
