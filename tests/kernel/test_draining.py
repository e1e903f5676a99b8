"""A float that drains, with real packets: new flows are refused at once, live ones of any protocol and direction go on."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address

from buoy_agent.core.spec import Address, Binding, Draining, Network, packed
from buoy_agent.sync.reconciler import Outcome

from tests.kernel.node import CLIENT_ADDRESS, Node
from tests.support import kernel_view, netns
from tests.support.probes import ECHO_PORT, ask_udp, tcp_echo, udp_echo
from tests.support.waiting import PATIENCE, wait_for
from tests.support.web import Download, fetch, http_server, reaches
from tests.unit.agent.bindings import binding, network

FLOAT, OTHER = IPv4Address("192.0.2.50"), IPv4Address("192.0.2.51")
SHORT = 0.3  # seconds to wait for an answer that must not come


def _drained(before: Binding, seconds: float = 60.0, floating: IPv4Address | None = None) -> Binding:
    """The next generation, in which the float drains."""
    drains = Draining(packed(str(FLOAT)), seconds)
    after = packed(str(floating)) if floating else None
    return before._replace(floating=after, draining=(drains,), generation=before.generation + 1)


def _draining(outcome: Outcome) -> list[tuple[tuple[Address, ...], str]]:
    return [(report.draining, report.floating_error) for report in outcome.reports]


def _later(node: Node, now: float) -> Outcome:
    return node.do(node.reconciler.work, [], now)


def _traces(node: Node, net_ns: str) -> list[str]:
    found = [f"flow {flow}" for flow in kernel_view.flows(net_ns) if flow.touches(FLOAT)]
    found += ["element"] if FLOAT in kernel_view.floating_to_fixed(net_ns) else []
    found += ["element back"] if FLOAT in kernel_view.fixed_to_floating(net_ns).values() else []
    found += ["route"] if str(FLOAT) in node.routes() else []
    return found + (["proxy neighbour"] if str(FLOAT) in node.proxies() else [])


def _is_quiet(node: Node, net: Network) -> bool:
    """No flow of the float is alive: each that is left was closed by both ends, or reset."""
    listed = netns.run(node.inside(net), ["conntrack", "-L", "-p", "tcp", "--orig-dst", str(FLOAT)]).stdout
    return all(line.split()[3] in ("TIME_WAIT", "CLOSE") for line in listed.splitlines())


class _Talk:
    """One UDP or TCP flow that says something and hears it back."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def answers(self, timeout: float = PATIENCE) -> bool:
        self.sock.settimeout(timeout)
        try:
            self.sock.send(b"still there?")
            return self.sock.recv(100) == b"still there?"
        except OSError:
            return False


@contextmanager
def _talk(namespace: str, to: IPv4Address, kind: socket.SocketKind) -> Iterator[_Talk]:
    with netns.inside(namespace):
        sock = socket.socket(socket.AF_INET, kind)
    with sock:
        sock.settimeout(PATIENCE)
        sock.connect((str(to), ECHO_PORT))
        talk = _Talk(sock)
        assert talk.answers()
        yield talk


def test_while_it_drains_live_flows_go_on_both_ways_and_new_ones_are_refused(node: Node) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    inside, client = node.inside(one), node.client
    with udp_echo(inside), tcp_echo(inside), udp_echo(client), tcp_echo(client):
        ways = [(client, FLOAT), (inside, CLIENT_ADDRESS)]
        kinds = [socket.SOCK_DGRAM, socket.SOCK_STREAM]
        with (
            _talk(*ways[0], kinds[0]) as udp_in,
            _talk(*ways[0], kinds[1]) as tcp_in,
            _talk(*ways[1], kinds[0]) as udp_out,
            _talk(*ways[1], kinds[1]) as tcp_out,
        ):
            begun = node.change(_drained(one), now=100.0)
            assert _draining(begun) == [((packed(str(FLOAT)),), "")]
            assert all(talk.answers() for talk in (udp_in, tcp_in, udp_out, tcp_out))
            assert not ask_udp(client, FLOAT, timeout=SHORT)
            assert not ask_udp(inside, CLIENT_ADDRESS, timeout=SHORT)
            assert _draining(_later(node, 159.0)) == []
            assert all(talk.answers() for talk in (udp_in, tcp_in, udp_out, tcp_out))
            assert _draining(_later(node, 160.0)) == [((), "")]
            assert not any(talk.answers(SHORT) for talk in (udp_in, tcp_in, udp_out, tcp_out))
    assert _traces(node, node.inside(net)) == []


def test_it_ends_when_the_last_connection_was_closed_though_its_entry_lingers(node: Node) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    with http_server(node.inside(one), "one"):
        assert fetch(node.client, FLOAT).served_by == "one"  # closed: TIME_WAIT lingers for two minutes
        with Download(node.client, FLOAT) as download:
            node.change(_drained(one), now=100.0)
            received = download.received
            wait_for("more of the download", lambda: download.received > received + 5000)
            assert _draining(_later(node, 101.0)) == []
        wait_for("the last connection to be closed", lambda: _is_quiet(node, net))
        assert _draining(_later(node, 102.0)) == [((), "")]
    assert _traces(node, node.inside(net)) == []


def test_without_live_flows_there_is_no_drain(node: Node) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    assert _draining(node.change(_drained(one))) == [((), "")]
    assert _traces(node, node.inside(net)) == []


def test_an_agent_that_died_in_a_drain_goes_on_with_it_and_ends_it(node: Node) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    with http_server(node.inside(one), "one"), Download(node.client, FLOAT) as download:
        node.change(_drained(one))
        node.restart()
        writes = node.kernel.writes
        assert _draining(node.snapshot(_drained(one, 30.0), now=50.0)) == [((packed(str(FLOAT)),), "")]
        assert node.kernel.writes == writes
        assert not reaches(node.client, FLOAT, timeout=SHORT)
        assert not download.ended
        assert download.longest_gap < 1.0
        node.restart()
        assert _draining(node.snapshot(_drained(one, 0.0))) == [((), "")]
        received = download.received
        wait_for("silence", lambda: download.silence > SHORT)
        assert download.received <= received + 50_000
    assert _traces(node, node.inside(net)) == []


def test_taken_back_in_a_drain_it_floats_again_with_its_connections(node: Node) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    with http_server(node.inside(one), "one"), Download(node.client, FLOAT) as download:
        drained = _drained(one)
        node.change(drained)
        back = drained._replace(floating=one.floating, draining=(), generation=3, unconfirmed=(packed(str(FLOAT)),))
        assert _draining(node.change(back)) == [((), "")]
        assert fetch(node.client, FLOAT).served_by == "one"
        received = download.received
        wait_for("more of the download", lambda: download.received > received + 5000)
        assert download.longest_gap < 1.0


def test_another_address_floats_beside_one_that_drains(node: Node) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    with http_server(node.inside(one), "one"), http_server(node.client, "client"), Download(node.client, FLOAT) as download:
        beside = _drained(one, floating=OTHER)
        assert _draining(node.change(beside)) == [((packed(str(FLOAT)),), "")]
        assert fetch(node.client, OTHER).served_by == "one"
        assert fetch(node.inside(one), CLIENT_ADDRESS).seen_source == OTHER
        assert not reaches(node.client, FLOAT, timeout=SHORT)
        received = download.received
        wait_for("more of the download", lambda: download.received > received + 5000)
        node.change(beside._replace(draining=(), generation=3))
        wait_for("the download to end", lambda: download.silence > SHORT)
        assert fetch(node.client, OTHER).served_by == "one"
    assert _traces(node, node.inside(net)) == []


def test_deleted_in_a_drain_nothing_of_it_is_left(node: Node) -> None:
    net = network(node.salt, "a")
    one, other = binding(node.salt, net, 5, floating=str(FLOAT)), binding(node.salt, net, 6)
    node.snapshot(one, other)
    with http_server(node.inside(one), "one"), Download(node.client, FLOAT) as download:
        drained = _drained(one)
        node.change(drained)
        outcome = node.change(removed=(drained,))
        assert [report.removed for report in outcome.reports if report.interface == one.interface] == [True]
        wait_for("the download to end", lambda: download.silence > SHORT)
    assert _traces(node, node.inside(net)) == []
