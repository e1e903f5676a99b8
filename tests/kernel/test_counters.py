"""What is counted of a float: every packet that meets the outside, both ways, from when it is there until it goes."""

from ipaddress import IPv4Address

import pytest
from buoy_agent.core.examining import Counter
from buoy_agent.core.ruleset import COUNTED_IN, COUNTED_OUT
from buoy_agent.core.spec import Address, Binding, packed
from buoy_agent.kernel.channels import Channels
from buoy_agent.kernel.namespaces import Namespaces
from buoy_agent.kernel.nft import Table

from tests.kernel.node import CLIENT_ADDRESS, Node
from tests.kernel.test_kills import steady_probe
from tests.support import netns
from tests.support.probes import ask_udp, udp_echo
from tests.support.waiting import wait_for
from tests.unit.agent.bindings import binding, floated, network

FLOAT, OTHER = IPv4Address("192.0.2.50"), IPv4Address("192.0.2.51")
DATAGRAM = 20 + 8 + len(b"there?")
NOTHING: tuple[dict[Address, Counter], dict[Address, Counter]] = ({}, {})


def counters(node: Node, one: Binding) -> tuple[dict[Address, Counter], dict[Address, Counter]]:
    """What has been counted in the network of a binding, in and out."""

    def read() -> tuple[dict[Address, Counter], dict[Address, Counter]]:
        namespaces = Namespaces(node.prefix)
        channels = Channels(namespaces)
        try:
            table = Table(channels.of(one.network.id))
            return table.read_counters(COUNTED_IN), table.read_counters(COUNTED_OUT)
        finally:
            channels.close()
            namespaces.close()

    return node.do(read)


def test_every_packet_is_counted_in_both_directions_whoever_begins(node: Node) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5, floating=str(FLOAT))
    node.snapshot(one)
    assert counters(node, one) == NOTHING
    key = packed("10.0.0.5")
    with udp_echo(node.inside(one)), udp_echo(node.client):
        assert all(ask_udp(node.client, FLOAT) for _ in range(5))
        five = {key: Counter(5, 5 * DATAGRAM)}
        assert counters(node, one) == (five, five)
        assert all(ask_udp(node.inside(one), CLIENT_ADDRESS) for _ in range(2))
    seven = {key: Counter(7, 7 * DATAGRAM)}
    assert counters(node, one) == (seven, seven)


def test_what_stays_in_the_network_is_not_counted(node: Node) -> None:
    net = network(node.salt, "a")
    one, two = binding(node.salt, net, 5, floating=str(FLOAT)), binding(node.salt, net, 6, floating=str(OTHER))
    node.snapshot(one, two)
    with udp_echo(node.inside(one)):
        assert ask_udp(node.inside(two), FLOAT)
        assert ask_udp(node.inside(two), IPv4Address("10.0.0.5"))
    assert counters(node, one) == NOTHING


@pytest.mark.parametrize("destroys", [True, False], ids=["linux 6.3", "before"])
def test_counting_begins_anew_with_the_next_float(node: Node, monkeypatch: pytest.MonkeyPatch, destroys: bool) -> None:
    monkeypatch.setattr(Table, "destroys", destroys)
    net = network(node.salt, "a")
    one, two = binding(node.salt, net, 5, floating=str(FLOAT)), binding(node.salt, net, 6, floating=str(OTHER))
    node.snapshot(one, two)
    with udp_echo(node.inside(one)):
        assert ask_udp(node.client, FLOAT)
        outcome = node.change(floated(one, None), floated(two, None))  # of which one has met no packet
        assert [report.floating_error for report in outcome.reports] == ["", ""]
        assert counters(node, one) == NOTHING
        node.change(binding(node.salt, net, 5, floating=str(FLOAT), generation=3))
        assert ask_udp(node.client, FLOAT)
    assert counters(node, one)[0] == {packed("10.0.0.5"): Counter(1, DATAGRAM)}
    assert Table.destroys is destroys


def test_counting_is_no_drift_and_goes_on_through_a_restart(node: Node) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5, floating=str(FLOAT))
    node.snapshot(one)
    with udp_echo(node.inside(one)):
        assert ask_udp(node.client, FLOAT)
        node.restart()
        node.snapshot(one)
        assert node.kernel.writes == 0
        assert ask_udp(node.client, FLOAT)
    assert counters(node, one)[0] == {packed("10.0.0.5"): Counter(2, 2 * DATAGRAM)}


def test_a_table_from_before_counting_is_brought_up_to_date_without_losing_a_packet(node: Node) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    shown = node.show(node.inside(net), "nft", "--json", "-a", "list", "chain", "ip", "buoy", "forward")["nftables"]
    listed = [entry["rule"] for entry in shown if entry.get("rule", {}).get("comment", "").startswith("floats:")]
    undo = "; ".join(f"delete rule ip buoy forward handle {rule['handle']}" for rule in listed)
    netns.run(node.inside(net), ["nft", undo + "; delete set ip buoy counted_in; delete set ip buoy counted_out"])
    with udp_echo(node.inside(one)), steady_probe(node.client, FLOAT) as probe:
        wait_for("some datagrams", lambda: probe.asked > 20)
        node.restart()
        outcome = node.snapshot(one)
        asked = probe.asked
        wait_for("more datagrams", lambda: probe.asked > asked + 20)
    assert [report.floating_error for report in outcome.reports] == [""]
    assert probe.lost == 0
    assert counters(node, one)[0][packed("10.0.0.5")].packets >= 20
    node.restart()
    node.snapshot(one)
    assert node.kernel.writes == 0
