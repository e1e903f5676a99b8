"""Addresses that are routed into a network without NAT: what packets do, what a restart finds, and what others change."""

from ipaddress import IPv4Address

import pytest
from buoy_agent.core.spec import Binding, NetworkReport, packed

from tests.kernel.node import CLIENT_ADDRESS, EXTERNAL, Node
from tests.kernel.test_drift import listening
from tests.support import netns
from tests.support.probes import ask_arp
from tests.support.waiting import wait_for
from tests.support.web import Download, fetch, http_server, reaches
from tests.unit.agent.bindings import binding, network, routed

ROUTED, OTHER, GATEWAY = IPv4Address("192.0.2.60"), IPv4Address("192.0.2.61"), IPv4Address("192.0.2.100")
DAMAGE = {
    "the route on the bridge": ("network", "ip route del 192.0.2.60 dev br0"),
    "a route on the bridge of nobody's": ("network", "ip route add 192.0.2.66 dev br0 scope link proto 98"),
    "the bridge": ("network", "ip link delete br0"),
    "the host's route": ("host", "ip route del 192.0.2.60"),
    "the uplink": ("network", "ip link delete uplink"),
}


def carry(node: Node, one: Binding, address: IPv4Address = ROUTED) -> None:
    """What the owner of the instance does: its NIC bears the routed address."""
    netns.run(node.inside(one), ["ip", "address", "add", f"{address}/32", "dev", "eth0"])


def on_bridge(node: Node, one: Binding) -> set[str]:
    """The addresses that our routes find on the bridge of a network, as ip shows them."""
    shown = node.show(node.inside(one.network), "ip", "-j", "route", "show", "proto", "98", "dev", "br0")
    return {route["dst"] for route in shown}


def test_an_instance_that_carries_the_address_is_reached_and_seen_at_it_without_nat(node: Node) -> None:
    net = routed(network(node.salt, "a", egress=str(GATEWAY)), str(ROUTED))
    one = binding(node.salt, net, 5)
    outcome = node.snapshot(one)
    assert outcome.networks == [NetworkReport(net.id, 1)]
    carry(node, one)
    with http_server(node.inside(one), "one"), http_server(node.client, "client"):
        page = fetch(node.client, ROUTED)
        assert (page.served_by, page.seen_source, page.seen_target) == ("one", CLIENT_ADDRESS, ROUTED)
        assert fetch(node.inside(one), CLIENT_ADDRESS, source=ROUTED).seen_source == ROUTED
        assert fetch(node.inside(one), CLIENT_ADDRESS).seen_source == GATEWAY  # its private address is translated as ever
        assert ask_arp(node.client, "eth0", ROUTED, CLIENT_ADDRESS) is not None
    assert packed(str(ROUTED)) in outcome.published


def test_an_address_that_is_not_routed_is_no_source_and_not_answered_for(node: Node) -> None:
    net = routed(network(node.salt, "a"), str(ROUTED))
    one = binding(node.salt, net, 5)
    node.snapshot(one)
    carry(node, one, OTHER)
    netns.run(node.client, ["ip", "route", "add", f"{OTHER}/32", "via", "192.0.2.1"])
    netns.run(node.host, ["ip", "route", "add", f"{OTHER}/32", "dev", node.routes()[str(ROUTED)]])  # it would find its way back
    with http_server(node.client, "client"), pytest.raises(OSError, match="timed out"):
        fetch(node.inside(one), CLIENT_ADDRESS, source=OTHER, timeout=0.4)
    assert ask_arp(node.client, "eth0", OTHER, CLIENT_ADDRESS, timeout=0.2) is None


def test_neighbours_with_and_without_a_float_reach_it(node: Node) -> None:
    net, far = routed(network(node.salt, "a"), str(ROUTED)), network(node.salt, "b", egress=str(GATEWAY))
    one, plain, afloat = binding(node.salt, net, 5), binding(node.salt, net, 6), binding(node.salt, net, 7, floating=str(OTHER))
    other = binding(node.salt, far, 5)
    node.snapshot(one, plain, afloat, other)
    carry(node, one)
    with http_server(node.inside(one), "one"):
        assert fetch(node.inside(plain), ROUTED).seen_source == IPv4Address("10.0.0.6")
        assert fetch(node.inside(afloat), ROUTED).served_by == "one"
        assert fetch(node.inside(other), ROUTED).seen_source == GATEWAY


def test_an_address_comes_and_goes_without_touching_anything_else(node: Node) -> None:
    net = network(node.salt, "a")
    one, afloat = binding(node.salt, net, 5), binding(node.salt, net, 6, floating=str(OTHER))
    node.snapshot(one, afloat)
    carry(node, one)
    with http_server(node.inside(one), "one"), http_server(node.inside(afloat), "afloat"):
        steady = Download(node.client, OTHER)
        come = routed(net, str(ROUTED))
        assert node.change(networks=(come,)).networks == [NetworkReport(net.id, 1)]
        download = Download(node.client, ROUTED)
        wait_for("the download", lambda: download.received)
        gone = node.change(networks=(routed(come),))
        assert (gone.networks, gone.reports) == ([NetworkReport(net.id, 2)], [])
        wait_for("silence", lambda: download.silence > 0.5)
        assert not reaches(node.client, ROUTED, timeout=0.3)
        assert steady.longest_gap < 1.0
        steady.close()
        download.close()
    assert (set(node.routes()), node.proxies(), on_bridge(node, one)) == ({str(OTHER)}, {str(OTHER)}, set())


def test_an_address_moves_between_float_and_route(node: Node) -> None:
    net = network(node.salt, "a")
    afloat, plain = binding(node.salt, net, 5, floating=str(ROUTED)), binding(node.salt, net, 5, generation=2)
    node.snapshot(afloat)
    node.change(plain, networks=(routed(net, str(ROUTED)),))
    assert (node.elements(net), on_bridge(node, plain)) == ({}, {str(ROUTED)})
    back = routed(routed(net, str(ROUTED)))
    node.change(binding(node.salt, back, 5, floating=str(ROUTED), generation=3))
    assert (node.elements(net), on_bridge(node, plain)) == ({str(ROUTED): "10.0.0.5"}, set())
    with http_server(node.inside(plain), "one"):
        assert fetch(node.client, ROUTED).seen_target == IPv4Address("10.0.0.5")


@pytest.mark.parametrize("what", DAMAGE)
def test_what_others_change_of_it_is_heard_or_found_by_a_restart_and_put_right(node: Node, what: str) -> None:
    net = routed(network(node.salt, "a"), str(ROUTED))
    one = binding(node.salt, net, 5)
    node.snapshot(one)
    carry(node, one)
    where, command = DAMAGE[what]
    place = node.host if where == "host" else node.inside(net)
    with listening(node) as ear, http_server(node.inside(one), "one"):
        netns.run(place, command.split())
        ear.settle()
        assert ear.found
        assert fetch(node.client, ROUTED).seen_source == CLIENT_ADDRESS
        netns.run(place, command.split())
        node.restart()
        assert node.snapshot(one).networks == [NetworkReport(net.id, 1)]
        assert fetch(node.client, ROUTED).seen_source == CLIENT_ADDRESS
        assert (set(node.routes()), node.proxies(), on_bridge(node, one)) == ({str(ROUTED)}, {str(ROUTED)}, {str(ROUTED)})
        node.restart()
        node.snapshot(one)
        assert node.kernel.writes == 0


def test_it_goes_with_the_last_instance_of_its_network_and_with_a_purge(node: Node) -> None:
    net = routed(network(node.salt, "a"), str(ROUTED))
    one = binding(node.salt, net, 5)
    node.snapshot(one)
    assert [report.removed for report in node.change(removed=(one,)).reports] == [True]
    assert (node.routes(), node.proxies()) == ({}, set())
    assert [link["ifname"] for link in node.show(node.host, "ip", "-j", "link")] == ["lo", EXTERNAL]
