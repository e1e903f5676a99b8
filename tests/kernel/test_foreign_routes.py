"""A route of somebody else's to an address of ours is left alone, named, and no hindrance any more once it is gone."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from buoy_agent.core.spec import Binding, packed

from tests.kernel.node import Node
from tests.kernel.test_drift import FLOAT, Listening, listening
from tests.support import netns
from tests.support.waiting import wait_for
from tests.support.web import fetch, http_server
from tests.unit.agent.bindings import binding, network

THEIRS = {
    "by a link": "192.0.2.50 dev lo proto static",
    "by a gateway": "192.0.2.50 via 192.0.2.9 dev ext0 proto bird",
    "a blackhole": "blackhole 192.0.2.50",
    "a refusal": "prohibit 192.0.2.50",
    "an answer": "unreachable 192.0.2.50",
}


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
    words = "192.0.2.50 is an address of this node itself (on ext0): take it away there (ip address delete)"
    assert [report.floating_error for report in reports] == [words]
    netns.run(node.host, ["ip", "address", "delete", "192.0.2.50/32", "dev", "ext0"])
    wait_for("the float", lambda: [report.floating_error for report in ear.turn().reports] == [""])
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
