"""A route of somebody else's to an address of ours is left alone, named, and no hindrance any more once it is gone."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from buoy_agent.core.examining import Link
from buoy_agent.core.spec import Address, Binding, packed
from buoy_agent.kernel import foreign_routes
from buoy_agent.kernel.lookup import Match, match
from buoy_agent.kernel.netlink import Channel

from tests.kernel.node import Node
from tests.kernel.test_drift import FLOAT, Listening, listening
from tests.kernel.test_explain import examiner
from tests.support import netns
from tests.support.waiting import wait_for
from tests.support.web import fetch, http_server
from tests.unit.agent.bindings import binding, floated, network

THEIRS = {
    "by a link": "192.0.2.50 dev lo proto static",
    "by a gateway": "192.0.2.50 via 192.0.2.9 dev ext0 proto bird",
    "a blackhole": "blackhole 192.0.2.50",
    "a refusal": "prohibit 192.0.2.50",
    "an answer": "unreachable 192.0.2.50",
}

RULED = (
    "a rule (ip rule) leads packets to 192.0.2.50 elsewhere, by the route default via 192.0.2.9 dev ext0 table 100 proto boot"
)
OWN = "192.0.2.50 is an address of this node itself (on ext0): take it away there (ip address delete)"


@pytest.fixture
def ear(node: Node) -> Iterator[Listening]:
    """A node that listens, with nothing on it yet."""
    with listening(node) as made:
        yield made


@pytest.fixture
def one(node: Node) -> Binding:
    """An interface that is to float."""
    return binding(node.salt, network(node.salt, "a"), 5, floating=str(FLOAT))


def refusal(shown: str) -> str:
    """What is said of a route in the way."""
    return f"another route is in the way, which is not ours: take it away (ip route delete {shown})"


def answers(node: Node, one: Binding) -> bool:
    """Whether the float is reached from outside."""
    with http_server(node.inside(one), "one"):
        return fetch(node.client, FLOAT).served_by == "one"


@pytest.mark.parametrize("shape", THEIRS)
def test_a_route_that_was_there_before_is_named_left_alone_and_waited_for(ear: Listening, one: Binding, shape: str) -> None:
    node, shown = ear.node, THEIRS[shape]
    netns.run(node.host, ["sh", "-c", f"ip route add {shown}"])
    others = [binding(node.salt, one.network, host, floating=f"192.0.2.{host}") for host in range(20, 24)]
    reports = {report.interface: report.floating_error for report in node.snapshot(one, *others).reports}
    assert reports == {one.interface: refusal(shown), **{other.interface: "" for other in others}}
    ear.settle()
    assert shown in netns.run(node.host, ["ip", "route", "show", "192.0.2.50"]).stdout
    netns.run(node.host, ["sh", "-c", f"ip route delete {shown}"])  # the very words of the refusal
    wait_for("the float", lambda: [report.floating_error for report in ear.turn().reports] == [""])
    assert answers(node, one)


@pytest.mark.parametrize("shape", THEIRS)
def test_a_route_that_takes_the_place_of_ours_is_told_of_and_not_fought(ear: Listening, one: Binding, shape: str) -> None:
    node, shown = ear.node, THEIRS[shape]
    node.snapshot(one)
    ear.settle()
    netns.run(node.host, ["sh", "-c", f"ip route replace {shown}"])
    reports = wait_for("the report", lambda: ear.turn().reports)
    assert [report.floating_error for report in reports] == [refusal(shown)]
    told = [(repair.found, repair.error) for outcome in ear.outcomes for repair in outcome.repairs]
    assert told == [(("gone",), refusal(shown))]
    ear.settle()
    assert shown in netns.run(node.host, ["ip", "route", "show", "192.0.2.50"]).stdout
    netns.run(node.host, ["sh", "-c", f"ip route delete {shown}"])
    wait_for("the float", lambda: [report.floating_error for report in ear.turn().reports] == [""])
    assert answers(node, one)


def test_a_route_before_ours_is_in_the_way_as_well_and_one_behind_it_is_not(ear: Listening, one: Binding) -> None:
    node = ear.node
    node.snapshot(one)
    ear.settle()
    netns.run(node.host, ["sh", "-c", "ip route append 192.0.2.50 dev lo; ip route add 192.0.2.50 dev lo metric 7"])
    ear.settle()
    assert answers(node, one)
    netns.run(node.host, ["ip", "route", "prepend", "192.0.2.50", "via", "192.0.2.9", "proto", "static"])
    reports = wait_for("the report", lambda: ear.turn().reports)
    assert [report.floating_error for report in reports] == [refusal("192.0.2.50 via 192.0.2.9 dev ext0 proto static")]


def test_an_address_that_the_node_itself_has_is_named_as_that(ear: Listening, one: Binding) -> None:
    node = ear.node
    node.snapshot(one)
    ear.settle()
    netns.run(node.host, ["ip", "address", "add", "192.0.2.50/32", "dev", "ext0"])
    reports = wait_for("the report", lambda: ear.turn().reports)
    assert [report.floating_error for report in reports] == [OWN]
    assert node.routes() == {}  # else a routing daemon would go on telling of it
    found = len(ear.found)
    ear.check()
    assert len(ear.found) == found  # that it was taken away is not told as somebody's doing
    netns.run(node.host, ["ip", "address", "delete", "192.0.2.50/32", "dev", "ext0"])
    wait_for("the float", lambda: [report.floating_error for report in ear.turn().reports] == [""])
    assert answers(node, one)


def test_an_address_that_the_node_has_before_it_floats_is_named_and_waited_for(ear: Listening, one: Binding) -> None:
    node = ear.node
    netns.run(node.host, ["ip", "address", "add", "192.0.2.50/32", "dev", "ext0"])
    (report,) = node.snapshot(one).reports
    assert report.floating_error == OWN
    assert node.routes() == {}
    before = node.kernel.writes
    (report,) = node.do(node.reconciler.work, [], 60.0).reports
    assert (report.floating_error, node.kernel.writes) == (OWN, before)
    netns.run(node.host, ["ip", "address", "delete", "192.0.2.50/32", "dev", "ext0"])
    wait_for("the float", lambda: [report.floating_error for report in ear.turn().reports] == [""])
    assert answers(node, one)


def test_what_failed_for_an_address_of_the_nodes_own_stays_so_at_every_look_and_restart(ear: Listening, one: Binding) -> None:
    node = ear.node
    node.snapshot(one)
    ear.settle()
    netns.run(node.host, ["ip", "address", "add", "192.0.2.50/32", "dev", "ext0"])
    ear.check()
    outcome = node.change(one._replace(generation=2), now=ear.now)
    assert [report.floating_error for report in outcome.reports] == [OWN]
    netns.run(node.host, ["ip", "route", "add", "198.51.100.9/32", "dev", "lo"])
    ear.settle()
    ear.check()
    found = len(ear.found)
    ear.check()
    assert len(ear.found) == found  # it is said once
    assert {report.floating_error for outcome in ear.outcomes for report in outcome.reports} == {OWN}
    node.restart()
    assert [report.floating_error for report in node.snapshot(one).reports] == [OWN]
    netns.run(node.host, ["ip", "address", "delete", "192.0.2.50/32", "dev", "ext0"])
    wait_for("the float", lambda: [report.floating_error for report in ear.turn().reports] == [""])
    assert answers(node, one)
    node.change(floated(one, None))
    assert node.routes() == {}


def test_a_route_that_is_gone_when_it_is_looked_at_is_in_nobodys_way(
    node: Node, one: Binding, monkeypatch: pytest.MonkeyPatch
) -> None:
    netns.run(node.host, ["ip", "route", "add", "192.0.2.50", "dev", "lo", "proto", "static"])
    looked = list[Match]()

    def after_it_went(channel: Channel, address: Address, external: str) -> Match:
        netns.run(node.host, ["ip", "route", "flush", "192.0.2.50"])
        looked.append(match(channel, address, external))
        return looked[-1]

    monkeypatch.setattr(foreign_routes, "match", after_it_went)
    (report,) = node.snapshot(one).reports
    assert looked[0].link == 0 or looked[0].length < 32
    assert report.floating_error == ""
    assert answers(node, one)


def test_a_route_that_leads_no_packet_is_in_the_way_as_well(ear: Listening, one: Binding) -> None:
    node = ear.node
    netns.run(node.host, ["ip", "route", "add", "throw", "192.0.2.50"])
    (report,) = node.snapshot(one).reports
    assert report.floating_error == (
        "another route is in the way, which is not ours and which no packet takes: take it away (ip route show 192.0.2.50)"
    )
    netns.run(node.host, ["ip", "route", "delete", "throw", "192.0.2.50"])
    wait_for("the float", lambda: [report.floating_error for report in ear.turn().reports] == [""])
    assert answers(node, one)


def test_a_rule_that_leads_an_address_elsewhere_is_named(node: Node, one: Binding) -> None:
    node.snapshot(one)
    commands = "ip rule add to 192.0.2.50 lookup 100; ip route add default via 192.0.2.9 table 100"
    netns.run(node.host, ["sh", "-c", commands])
    with examiner(node) as look:
        found = {observation.link: observation.flaws for observation in node.do(look.examine, one).observations}
    assert found[Link.ROUTE] == (RULED,)
    node.restart()
    netns.run(node.host, ["sh", "-c", "ip rule del to 192.0.2.50 lookup 100; ip route flush table 100"])
    assert [report.floating_error for report in node.snapshot(one).reports] == [""]


def test_a_rule_that_comes_while_an_address_floats_is_named_and_waited_for(ear: Listening, one: Binding) -> None:
    node = ear.node
    node.snapshot(one)
    netns.run(node.host, ["ip", "route", "add", "default", "via", "192.0.2.9", "table", "100"])
    ear.settle()
    netns.run(node.host, ["ip", "rule", "add", "to", "192.0.2.50", "lookup", "100"])
    reports = wait_for("the report", lambda: ear.turn().reports)
    assert [report.floating_error for report in reports] == [RULED]
    netns.run(node.host, ["ip", "rule", "delete", "to", "192.0.2.50", "lookup", "100"])
    wait_for("the float", lambda: [report.floating_error for report in ear.turn().reports] == [""])
    assert answers(node, one)


@pytest.mark.parametrize("own", ["192.0.2.1/24", "192.0.2.49/31", "192.0.2.1/32", ""])
def test_a_rule_for_packets_of_the_nodes_own_is_in_nobodys_way(ear: Listening, one: Binding, own: str) -> None:
    node = ear.node
    setup = ["ip address flush dev ext0", *([f"ip address add {own} dev ext0"] if own else [])]
    setup += ["ip route add 192.0.2.0/24 dev ext0", "ip route replace default via 192.0.2.9 table 100 dev ext0 onlink"]
    netns.run(node.host, ["sh", "-c", "; ".join(setup)])
    netns.run(node.host, ["ip", "rule", "add", "iif", "lo", "lookup", "100"])
    assert [report.floating_error for report in node.snapshot(one).reports] == [""]
    ear.check()
    assert not any(outcome.reports for outcome in ear.outcomes)
    with examiner(node) as look:
        found = {observation.link: observation.flaws for observation in node.do(look.examine, one).observations}
    assert found[Link.ROUTE] == ()


IN_FRONT = {
    "a route": (
        "ip route {} 192.0.2.50 via 192.0.2.9 proto static",
        "prepend",
        refusal("192.0.2.50 via 192.0.2.9 dev ext0 proto static"),
    ),
    "a rule": ("ip rule {} to 192.0.2.50 lookup 100", "add", RULED),
}


@pytest.mark.parametrize("what", IN_FRONT)
def test_what_came_before_our_route_while_no_agent_ran_is_found_by_a_full_check(node: Node, one: Binding, what: str) -> None:
    command, before, words = IN_FRONT[what]
    node.snapshot(one)
    netns.run(node.host, ["ip", "route", "add", "default", "via", "192.0.2.9", "table", "100"])
    netns.run(node.host, command.format(before).split())
    node.restart()
    node.snapshot(one)
    with listening(node) as ear:
        ear.check()
        assert [report.floating_error for outcome in ear.outcomes for report in outcome.reports] == [words]
        assert ear.found == ["route overruled: 192.0.2.50"]
        netns.run(node.host, command.format("delete").split())
        wait_for("the float", lambda: [report.floating_error for report in ear.turn().reports] == [""])
    assert answers(node, one)


def test_another_route_protocol_takes_over_what_the_one_before_made(node: Node, one: Binding) -> None:
    node.snapshot(one)
    netns.run(
        node.host,
        ["sh", "-c", f"ip route replace 192.0.2.50 via 169.254.187.2 dev {node.routes()[str(FLOAT)]} proto 187 onlink"],
    )
    node.restart()
    assert [report.floating_error for report in node.snapshot(one).reports] == [""]
    assert set(node.routes()) == {str(FLOAT)}
    assert answers(node, one)


def test_giving_an_address_up_leaves_a_route_of_somebody_elses_where_it_is(node: Node, one: Binding) -> None:
    netns.run(node.host, ["ip", "route", "add", "192.0.2.50", "dev", "lo", "proto", "static"])
    node.snapshot(one)
    (report,) = node.change(one._replace(floating=None, generation=one.generation + 1)).reports
    assert report.floating_error == ""
    assert "192.0.2.50 dev lo proto static" in netns.run(node.host, ["ip", "route", "show", "192.0.2.50"]).stdout


def test_a_routed_address_fails_for_a_route_in_the_way_by_the_same_words(node: Node) -> None:
    netns.run(node.host, ["ip", "route", "add", "192.0.2.50", "dev", "lo", "proto", "static"])
    net = replace(network(node.salt, "a"), routed=frozenset({packed(str(FLOAT))}), routed_generation=1)
    (report,) = node.change(networks=(net,)).networks or node.snapshot(binding(node.salt, net, 5)).networks
    assert [words for _, words in report.faults] == [refusal("192.0.2.50 dev lo proto static")]
