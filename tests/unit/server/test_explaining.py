"""The chain of an explanation: complete, in order, and the first broken link is the one that is named."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Address

import pytest
from buoy_server.core.explaining import CHAIN, Examined, LinkState, Observation, PathLink, Situation, explain
from buoy_server.core.model import Floating, InstanceId, Interface, InterfaceId, NetworkId, PoolId
from buoy_server.core.states import FloatingPhase, InterfaceState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FLOATING = Floating(
    address=IPv4Address("192.0.2.50"),
    pool=PoolId("p"),
    phase=FloatingPhase.ACTIVE,
    requested_time=NOW,
    generation=2,
    observed_generation=2,
)
INTERFACE = Interface(
    uuid=InterfaceId("i"),
    namespace="a",
    instance_uuid=InstanceId("v"),
    network_uuid=NetworkId("n"),
    node="n1",
    macaddr="02:00:00:00:00:05",
    ipv4=IPv4Address("10.0.0.5"),
    order=0,
    state=InterfaceState.CREATED,
    floating=FLOATING,
    metadata={},
    generation=2,
    observed_generation=2,
)
KERNEL = [row.link for row in CHAIN if row.link.name not in {"INTERFACE", "FLOATING", "NODE", "AGENT", "REPORT"}]
SEEN = {link: Observation(f"{link} seen") for link in KERNEL}
EXAMINED = Examined(generation=2, observations=SEEN, packets_in=3, packets_out=2)
WHOLE = Situation(interface=INTERFACE, connected=True, silent=1.0, examined=EXAMINED)


def with_flaw(link: PathLink, *, fault: str = "") -> Situation:
    """The same with one link broken, as the agent sees it."""
    return replace(WHOLE, examined=replace(EXAMINED, fault=fault, observations={**SEEN, link: Observation("", ("it is off",))}))


def test_every_link_has_one_row_with_its_words() -> None:
    assert [row.link for row in CHAIN] == list(PathLink)
    for row in CHAIN:
        assert row.title
        assert row.advice.format(node="n1", uuid="u")


def test_a_whole_chain_says_so() -> None:
    found = explain(WHOLE)
    assert (found.broken, found.advice) == (None, "")
    assert found.summary == "a packet to 192.0.2.50 gets to 10.0.0.5 and back"
    assert [link.link for link in found.links] == list(PathLink)
    assert {link.finding.state for link in found.links} == {LinkState.OK}


@pytest.mark.parametrize("link", KERNEL)
def test_one_broken_link_in_the_kernel_is_the_one_that_is_named(link: PathLink) -> None:
    found = explain(with_flaw(link))
    assert found.broken is link
    assert found.summary.endswith(": it is off")
    assert "n1" in found.advice
    assert [entry.link for entry in found.links if entry.finding.state is not LinkState.OK] == [link]


def test_of_several_broken_links_the_first_that_a_packet_meets_is_named() -> None:
    flawed = {link: Observation("", ("it is off",)) for link in reversed(KERNEL)}
    assert explain(replace(WHOLE, examined=replace(EXAMINED, observations=flawed))).broken is KERNEL[0]


def test_what_the_kernel_refused_is_said_with_the_link() -> None:
    found = explain(with_flaw(PathLink.FLOATING_TO_FIXED, fault="the map is full"))
    assert found.summary == "element inwards: it is off (the map is full)"
    assert explain(with_flaw(PathLink.EXTERNAL_INTERFACE, fault="the map is full")).summary == "external interface: it is off"


def changed(**of_interface: object) -> Situation:
    """The same with another interface."""
    return replace(WHOLE, interface=replace(INTERFACE, **of_interface))  # type: ignore[arg-type]


CASES = {
    "away": (
        replace(WHOLE, connected=False, silent=125.0, examined=None),
        PathLink.NODE,
        "the agent of n1 is not connected, last heard 2 min ago",
    ),
    "never heard": (replace(WHOLE, connected=False, silent=None, examined=None), PathLink.NODE, "never heard"),
    "silent": (replace(WHOLE, examined=None, unanswered="no answer"), PathLink.AGENT, "agent: no answer"),
    "behind": (replace(WHOLE, examined=replace(EXAMINED, generation=1)), PathLink.AGENT, "works with generation 1, and 2"),
    "unknown there": (replace(WHOLE, examined=replace(EXAMINED, generation=0)), PathLink.AGENT, "does not know this"),
    "pending": (
        changed(floating=replace(FLOATING, phase=FloatingPhase.PENDING, generation=3), generation=3, observed_generation=2),
        PathLink.AGENT,
        "3 is asked for",
    ),
    "unreported": (
        replace(changed(generation=3), examined=replace(EXAMINED, generation=3)),
        PathLink.REPORT,
        "n1 has not confirmed generation 3 yet",
    ),
    "failed": (
        changed(floating=replace(FLOATING, phase=FloatingPhase.FAILED, reason="the map is full")),
        PathLink.FLOATING,
        "floating address: 192.0.2.50 failed: the map is full",
    ),
    "releasing": (changed(floating=replace(FLOATING, phase=FloatingPhase.RELEASING)), PathLink.FLOATING, "is asked back"),
    "in error": (changed(state=InterfaceState.ERROR, state_reason="it burnt"), PathLink.INTERFACE, "it burnt"),
    "deleted": (changed(state=InterfaceState.DELETED), PathLink.INTERFACE, "it is deleted"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_known_here_is_part_of_the_chain(name: str) -> None:
    situation, link, words = CASES[name]
    found = explain(situation)
    assert found.broken is link
    assert words in found.summary
    assert found.advice


def test_a_float_that_failed_is_no_sound_link_and_what_it_failed_for_is_named_where_it_is_seen() -> None:
    failed = replace(FLOATING, phase=FloatingPhase.FAILED, reason="the external interface ext0 is down")
    interface = replace(INTERFACE, floating=failed)
    broken = replace(with_flaw(PathLink.EXTERNAL_INTERFACE), interface=interface)
    found = explain(broken)
    states = {link.link: link.finding.state for link in found.links}
    assert (states[PathLink.FLOATING], states[PathLink.EXTERNAL_INTERFACE]) == (LinkState.BROKEN, LinkState.BROKEN)
    assert found.links[1].finding.wrong == "192.0.2.50 failed: the external interface ext0 is down"
    assert found.broken is PathLink.EXTERNAL_INTERFACE
    alone = explain(replace(WHOLE, interface=interface))
    assert (alone.broken, alone.advice) == (PathLink.FLOATING, alone.links[1].advice)
    assert "tries again by itself" in alone.advice


def test_of_an_address_that_is_asked_back_nothing_is_missed() -> None:
    drains = replace(FLOATING, phase=FloatingPhase.RELEASING, reason="its live connections go on until 10:00 UTC at most")
    without = {link: seen for link, seen in SEEN.items() if not next(row for row in CHAIN if row.link is link).floats}
    examined = replace(EXAMINED, observations=without)
    found = explain(replace(WHOLE, interface=replace(INTERFACE, floating=drains), examined=examined))
    assert found.broken is PathLink.FLOATING
    assert [link.link for link in found.links if link.finding.state is not LinkState.OK] == [PathLink.FLOATING]
    assert found.advice.startswith("`buoy interface float i` takes it back now")


def test_what_could_not_be_looked_at_is_said_to_be_unknown() -> None:
    seen = dict(SEEN)
    del seen[PathLink.NIC]
    found = explain(replace(WHOLE, examined=replace(EXAMINED, observations=seen)))
    assert (found.broken, found.advice) == (None, "ask again")
    assert found.summary.endswith("this could not be looked at: NIC")
    away = explain(CASES["away"][0])
    assert {link.finding.state for link in away.links if link.link in KERNEL} == {LinkState.UNKNOWN}


def test_without_a_floating_address_its_links_are_left_out() -> None:
    found = explain(changed(floating=None))
    assert found.broken is None
    assert "no floating address" in found.summary
    assert "buoy interface float i" in found.advice
    assert PathLink.ROUTE not in {link.link for link in found.links}


def test_the_counters_say_where_to_look_when_all_is_whole() -> None:
    none = explain(replace(WHOLE, examined=replace(EXAMINED, packets_in=0, packets_out=0)))
    assert "none has come from outside yet" in none.summary
    deaf = explain(replace(WHOLE, examined=replace(EXAMINED, packets_out=0)))
    assert "packets have come, and none has left" in deaf.summary
    assert "look into the instance" in deaf.advice


def test_a_deleted_interface_has_nothing_but_its_end() -> None:
    assert [link.link for link in explain(changed(state=InterfaceState.DELETED)).links] == [PathLink.INTERFACE]
