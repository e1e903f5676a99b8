"""What packets do: from outside, to outside, within, and after the end."""

import socket
from ipaddress import IPv4Address
from itertools import islice

from buoy_agent.core.spec import packed

from tests.kernel.node import CLIENT_ADDRESS, EXTERNAL, Node
from tests.support import netns
from tests.support.probes import ask_arp, udp_echo
from tests.support.waiting import PATIENCE, wait_for
from tests.support.web import Download, fetch, http_server, reaches
from tests.unit.agent.bindings import binding, floated, network

FLOAT, OTHER, GATEWAY = IPv4Address("192.0.2.50"), IPv4Address("192.0.2.51"), IPv4Address("192.0.2.100")


def test_a_float_answers_from_outside_at_once_and_its_instance_is_seen_as_the_float(node: Node) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    outcome = node.snapshot(one)
    assert [(report.nic_error, report.floating_error) for report in outcome.reports] == [("", "")]
    with http_server(node.inside(one), "one"), http_server(node.client, "client"):
        assert fetch(node.client, FLOAT).served_by == "one"
        assert fetch(node.inside(one), CLIENT_ADDRESS).seen_source == FLOAT
        assert ask_arp(node.client, "eth0", FLOAT, CLIENT_ADDRESS) is not None
        assert ask_arp(node.client, "eth0", OTHER, CLIENT_ADDRESS, timeout=0.2) is None


def test_equal_private_ranges_float_side_by_side_and_never_meet(node: Node) -> None:
    red, blue = network(node.salt, "red"), network(node.salt, "blue")
    one, two = binding(node.salt, red, 5, floating=str(FLOAT)), binding(node.salt, blue, 5, floating=str(OTHER))
    three = binding(node.salt, blue, 6)
    node.snapshot(one, two, three)
    with http_server(node.inside(one), "red"), http_server(node.inside(two), "blue"), http_server(node.inside(three), "three"):
        assert fetch(node.client, FLOAT).served_by == "red"
        assert fetch(node.client, OTHER).served_by == "blue"
        assert fetch(node.inside(three), IPv4Address("10.0.0.5")).served_by == "blue"
        assert not reaches(node.inside(one), IPv4Address("10.0.0.6"), timeout=0.3)


def test_neighbour_itself_and_other_tenant_reach_a_float(node: Node) -> None:
    red, blue = network(node.salt, "red"), network(node.salt, "blue", egress=str(GATEWAY))
    one, plain = binding(node.salt, red, 5, floating=str(FLOAT)), binding(node.salt, red, 6)
    both, other = binding(node.salt, red, 7, floating=str(OTHER)), binding(node.salt, blue, 5)
    node.snapshot(one, plain, both, other)
    with http_server(node.inside(one), "one"):
        assert fetch(node.inside(plain), FLOAT).seen_source == IPv4Address("10.0.0.1")
        assert fetch(node.inside(one), FLOAT).seen_source == FLOAT
        assert fetch(node.inside(both), FLOAT).seen_source == OTHER
        assert fetch(node.inside(other), FLOAT).seen_source == GATEWAY


def test_without_a_float_only_a_network_with_nat_gets_out(node: Node) -> None:
    with_nat, without = network(node.salt, "nat", egress=str(GATEWAY)), network(node.salt, "no")
    one, two = binding(node.salt, with_nat, 5), binding(node.salt, without, 5)
    node.snapshot(one, two)
    with http_server(node.client, "client"):
        assert fetch(node.inside(one), CLIENT_ADDRESS).seen_source == GATEWAY
        assert not reaches(node.inside(two), CLIENT_ADDRESS, timeout=0.3)


def test_a_new_gateway_address_is_used_without_touching_floats(node: Node) -> None:
    before, after = network(node.salt, "a", egress=str(GATEWAY)), network(node.salt, "a", egress=str(OTHER))
    one = binding(node.salt, before, 5, floating=str(FLOAT))
    node.snapshot(one, binding(node.salt, before, 6))
    with http_server(node.inside(one), "one"), http_server(node.client, "client"):
        download = Download(node.client, FLOAT)
        two = binding(node.salt, after, 6)
        node.change(binding(node.salt, after, 5, floating=str(FLOAT)), two)
        assert fetch(node.inside(two), CLIENT_ADDRESS).seen_source == OTHER
        received = download.received
        wait_for("the download to go on", lambda: download.received > received)
        download.close()
    assert node.proxies() == {str(FLOAT), str(OTHER)}


def test_defloat_ends_a_live_connection_and_a_flood(node: Node) -> None:
    net = network(node.salt, "a", egress=str(GATEWAY))
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    with http_server(node.inside(one), "one"), udp_echo(node.inside(one)), http_server(node.client, "client"):
        download = Download(node.client, FLOAT)
        outbound = Download(node.inside(one), CLIENT_ADDRESS)
        wait_for("both downloads", lambda: download.received and outbound.received)
        outcome = node.change(floated(one, None))
        assert [(report.generation, report.floating_error) for report in outcome.reports] == [(2, "")]
        wait_for("silence in both directions", lambda: download.silence > 0.5 and outbound.silence > 0.5)
        assert not reaches(node.client, FLOAT, timeout=0.3)
        download.close()
        outbound.close()
        assert fetch(node.inside(one), CLIENT_ADDRESS).seen_source == GATEWAY
    assert (node.elements(net), node.routes(), node.proxies()) == ({}, {str(GATEWAY): _outer(node)}, {str(GATEWAY)})


def test_floating_another_instance_moves_the_address(node: Node) -> None:
    net = network(node.salt, "a")
    one, two = binding(node.salt, net, 5, floating=str(FLOAT)), binding(node.salt, net, 6)
    node.snapshot(one, two)
    with http_server(node.inside(one), "one"), http_server(node.inside(two), "two"):
        assert fetch(node.client, FLOAT).served_by == "one"
        node.change(floated(one, None), floated(two, str(FLOAT)))
        assert fetch(node.client, FLOAT).served_by == "two"


def test_the_announcement_reaches_the_lan_in_both_forms(node: Node) -> None:
    net = network(node.salt, "a")
    node.snapshot(binding(node.salt, net, 5, floating=str(FLOAT)))
    with netns.inside(node.client):
        listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
    with listener:
        listener.settimeout(PATIENCE)
        node.do(node.kernel.announce, [packed(str(FLOAT))])
        heard = iter(lambda: listener.recv(100), b"")
        frames = list(islice((frame for frame in heard if frame[28:32] == FLOAT.packed), 2))
    external = bytes.fromhex(node.show(node.host, "ip", "-j", "link", "show", EXTERNAL)[0]["address"].replace(":", ""))
    for frame, operation in zip(frames, (1, 2), strict=True):
        assert frame[:12] == b"\xff" * 6 + external
        assert (frame[20:22], frame[22:28], frame[28:32], frame[38:42]) == (
            operation.to_bytes(2, "big"),
            external,
            FLOAT.packed,
            FLOAT.packed,
        )


def _outer(node: Node) -> str:
    return next(iter(node.routes().values()))
