"""State sequences: whatever the order and the batches, only the last state counts.

Each scenario is a list of states. It is replayed as it is, squashed into its last state, reversed and played back, split into
single changes, with empty updates between, with a restart after each step, and with the kernel refusing some calls once.
Addresses that drain have live flows that never end (`BusyKernel`), or none at all.
"""

from collections.abc import Collection, Iterator
from itertools import pairwise

import pytest
from buoy_agent.core.actual import Actual
from buoy_agent.core.spec import Address, Binding, Draining, NetworkId, NetworkReport, Removal, Update, packed
from buoy_agent.kernel.fake import FakeKernel
from buoy_agent.sync.reconciler import Reconciler, StreamBegun
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.soak import ROUNDS
from tests.unit.agent.bindings import binding, network, routed

State = tuple[Binding, ...]
RED, BLUE = network("s", "red", egress="192.0.2.100"), network("s", "blue")
OTHER_RED = network("s", "red", egress="192.0.2.101")
ROUTED_RED = routed(RED, "192.0.2.60", "192.0.2.50")
WAYS = ["steps", "batch", "split", "empties", "reversed", "restarts"]
CALLS = ["ensure_network", "ensure_nic", "publish", "withdraw", "remove_nic", "remove_namespaces"]
FLOATS = ["192.0.2.50", "192.0.2.51", "192.0.2.52"]
FLOATING = frozenset(map(packed, FLOATS))


class BusyKernel(FakeKernel):
    """One whose floats never lack live flows."""

    def flowing(self, network: NetworkId, addresses: Collection[Address]) -> set[Address]:
        """All of them."""
        self._check("flowing", network)
        return set(addresses)


@st.composite
def states(draw: st.DrawFn) -> State:
    """A state: some interfaces of two networks, each with a float, one that drains, both or neither; no address twice."""
    red = draw(st.sampled_from([RED, OTHER_RED, ROUTED_RED]))
    chosen = draw(
        st.lists(st.tuples(st.sampled_from([red, BLUE]), st.integers(5, 8)), unique_by=lambda pair: (pair[0].id, pair[1]))
    )
    free = [address for address in FLOATS if packed(address) not in red.routed]
    uses = draw(st.permutations([*free, *[None] * 2 * len(chosen)]))
    floats, drains = uses[: len(chosen)], uses[len(chosen) :]
    return tuple(
        _draining(binding("s", net, host, floating=floats[position]), drains[position])
        for position, (net, host) in enumerate(chosen)
    )


def _draining(before: Binding, address: str | None) -> Binding:
    return before._replace(draining=(Draining(packed(address), 60.0),)) if address else before


def changes(before: State, after: State, generation: int) -> Update:
    """The update from one state to the next, as the server sends it."""
    old, new = {entry.interface: entry for entry in before}, {entry.interface: entry for entry in after}
    gone = tuple(Removal(interface, generation) for interface in old.keys() - new.keys())
    changed = (entry._replace(generation=generation + 2) for key, entry in new.items() if old.get(key) != entry)
    return Update(1, upserts=tuple(changed), removals=gone)


def snapshot(state: State) -> Update:
    """The whole state."""
    return Update(1, reset=True, upserts=state, synced=True)


def split(update: Update) -> Iterator[Update]:
    """The same in single steps, removals first, as a feed would have them."""
    yield from (Update(1, removals=(removal,)) for removal in update.removals)
    yield from (Update(1, upserts=(entry,)) for entry in update.upserts if not entry.floats)
    yield from (Update(1, upserts=(entry,)) for entry in update.upserts if entry.floats)


def settled(kernel: FakeKernel) -> Actual:
    """What the kernel has."""
    return kernel.read()


def expected(state: State, kind: type[FakeKernel] = FakeKernel) -> Actual:
    """What a fresh node makes of a state at once."""
    kernel = kind()
    play(kernel, [snapshot(tuple(it.without_draining(FLOATING) for it in state)), snapshot(state)])
    return settled(kernel)


def anchored(state: State) -> State:
    """The same with both networks always there: flows do not outlive their network."""
    red = next((it.network for it in state if it.network.id == RED.id), RED)
    return (*state, binding("s", red, 4), binding("s", BLUE, 4))


def play(kernel: FakeKernel, updates: list[Update]) -> Reconciler:
    """An agent that starts and works the updates in one by one."""
    reconciler = Reconciler(kernel)
    reconciler.start()
    for update in updates:
        reconciler.work([StreamBegun(), update] if update.reset else [update], 0.0)
    return reconciler


@settings(max_examples=150 * ROUNDS)
@given(st.lists(states(), min_size=1, max_size=5), st.sampled_from(WAYS), st.sampled_from([FakeKernel, BusyKernel]))
def test_only_the_last_state_counts(sequence: list[State], how: str, kind: type[FakeKernel]) -> None:
    kernel = kind()
    if kind is BusyKernel:
        sequence = list(map(anchored, sequence))
        play(kernel, [snapshot(anchored(()))])
    if how == "reversed":
        sequence = [*sequence, *reversed(sequence)]
    steps = [changes(before, after, number) for number, (before, after) in enumerate(pairwise(sequence))]
    start = snapshot(sequence[0])
    if how == "restarts":
        for state in sequence:
            play(kernel, [snapshot(state)])
    elif how == "batch":
        play(kernel, [start]).work(steps, 0.0)
    elif how == "split":
        play(kernel, [start, *(part for step in steps for part in split(step))])
    elif how == "empties":
        play(kernel, [start, *(part for step in steps for part in (Update(), step, Update(1)))])
    else:
        play(kernel, [start, *steps])
    assert settled(kernel) == expected(sequence[-1], kind)


@settings(max_examples=100 * ROUNDS)
@given(states(), st.sampled_from([FakeKernel, BusyKernel]))
def test_what_drains_takes_nothing_new_and_is_answered_for_until_its_flows_end(state: State, kind: type[FakeKernel]) -> None:
    kernel, state, busy = kind(), anchored(state), kind is BusyKernel
    reconciler = play(kernel, [snapshot(anchored(()))])
    outcome = reconciler.work([StreamBegun(), snapshot(state)], 0.0)
    draining = {entry.address for it in state for entry in it.draining}
    assert {address for report in outcome.reports for address in report.draining} == (draining if busy else set())
    assert not any(report.floating_error for report in outcome.reports)
    actual = settled(kernel)
    assert not draining & actual.holders.keys()
    assert draining & actual.routes.keys() == draining & actual.proxies == (draining if busy else set())
    over = reconciler.work([], 60.0)
    assert not any(report.draining for report in over.reports)
    assert not draining & settled(kernel).routes.keys()
    assert {report.interface for report in over.reports} == {it.interface for it in state if it.draining and busy}


@settings(max_examples=50 * ROUNDS)
@given(states())
def test_the_same_state_again_is_no_write(state: State) -> None:
    kernel = FakeKernel()
    play(kernel, [snapshot(state)])
    writes = kernel.writes
    reconciler = play(kernel, [snapshot(state)])
    assert kernel.writes == writes
    outcome = reconciler.work([StreamBegun(), snapshot(state)], 0.0)
    assert {report.interface for report in outcome.reports} == {entry.interface for entry in state}
    assert not any(report.nic_error or report.floating_error for report in outcome.reports)


@settings(max_examples=100 * ROUNDS)
@given(
    st.lists(states(), min_size=2, max_size=4),
    st.sampled_from(["ensure_network", "ensure_nic", "publish", "withdraw", "remove_nic", "flowing"]),
)
def test_a_kernel_that_refuses_for_a_while_is_healed_in_the_end(sequence: list[State], what: str) -> None:
    kernel = FakeKernel()
    reconciler = play(kernel, [snapshot(sequence[0])])
    kernel.refuse[what] = "not now"
    for number, (before, after) in enumerate(pairwise(sequence)):
        reconciler.work([changes(before, after, number)], 0.0)
    kernel.refuse.clear()
    now = 0.0
    for _ in range(30):
        now = reconciler.work([], now).next_due or now
    assert settled(kernel) == expected(sequence[-1])


def test_nothing_happens_before_the_first_synced_and_a_lost_snapshot_is_forgotten() -> None:
    kernel = FakeKernel()
    one, two = binding("s", RED, 5), binding("s", BLUE, 5)
    reconciler = Reconciler(kernel)
    reconciler.start()
    reconciler.work([StreamBegun(), Update(reset=True, upserts=(one,))], 0.0)
    assert kernel.writes == 0
    reconciler.work([StreamBegun(), Update(reset=True, upserts=(two,)), Update(3, synced=True)], 0.0)
    assert set(kernel.read().networks) == {BLUE.id}


def test_a_report_names_the_generation_and_the_reason() -> None:
    kernel = FakeKernel(refuse={"publish": "the map is full"})
    one = binding("s", RED, 5, floating="192.0.2.50", generation=7)
    outcome = play(kernel, []).work([StreamBegun(), snapshot((one,))], 0.0)
    assert [(report.generation, report.nic_error, report.floating_error) for report in outcome.reports] == [
        (7, "", "the map is full")
    ]
    kernel.refuse.clear()
    assert outcome.next_due is not None


@pytest.mark.parametrize("known", [True, False])
def test_a_removal_is_confirmed_only_when_nothing_is_left(*, known: bool) -> None:
    kernel, one = FakeKernel(), binding("s", RED, 5, floating="192.0.2.50")
    reconciler = play(kernel, [snapshot((one,))])
    kernel.refuse["withdraw"] = "not now"
    removal = Removal(one.interface, 9)
    if known:
        outcome = reconciler.work([Update(2, removals=(removal,))], 0.0)
    else:
        reconciler = play(kernel, [])
        outcome = reconciler.work([StreamBegun(), Update(2, reset=True, removals=(removal,), synced=True)], 0.0)
    assert [report for report in outcome.reports if report.removed] == []
    kernel.refuse.clear()
    assert outcome.next_due is not None
    again = reconciler.work([], outcome.next_due)
    assert [(report.interface, report.generation) for report in again.reports if report.removed] == [(one.interface, 9)]


def test_a_network_says_what_became_of_its_routed_addresses_and_says_it_once() -> None:
    kernel, one = FakeKernel(), binding("s", RED, 5)
    reconciler = play(kernel, [snapshot((one,))])
    routing = routed(RED, "192.0.2.60")
    kernel.refuse["publish"] = "not now"
    refused = reconciler.work([Update(2, networks=(routing,))], 0.0)
    assert refused.networks == [NetworkReport(RED.id, 1, ((packed("192.0.2.60"), "not now"),))]
    assert refused.reports == []  # no interface has to do with it
    kernel.refuse.clear()
    assert refused.next_due is not None
    there = reconciler.work([], refused.next_due)
    assert there.networks == [NetworkReport(RED.id, 1)]
    assert kernel.read().direct == {packed("192.0.2.60"): RED.id}
    assert reconciler.work([Update(3, upserts=(one._replace(network=routing, generation=2),))], 0.0).networks == []
    again = reconciler.work([StreamBegun(), snapshot((one._replace(network=routing),))], 0.0)
    assert again.networks == [NetworkReport(RED.id, 1)]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_routed_address_counts_as_gone_only_when_nothing_of_it_is_left(*, restarted: bool) -> None:
    routing = routed(RED, "192.0.2.60")
    kernel, one = FakeKernel(), binding("s", routing, 5)
    reconciler = play(kernel, [snapshot((one,))])
    without = routed(routing)
    kernel.refuse["withdraw"] = "not now"
    if restarted:
        reconciler = play(kernel, [])
        outcome = reconciler.work([StreamBegun(), snapshot((one._replace(network=without),))], 0.0)
    else:
        outcome = reconciler.work([Update(2, networks=(without,))], 0.0)
    assert outcome.networks == [NetworkReport(RED.id, 2, ((packed("192.0.2.60"), "not now"),))]
    kernel.refuse.clear()
    assert outcome.next_due is not None
    assert reconciler.work([], outcome.next_due).networks == [NetworkReport(RED.id, 2)]
    assert not kernel.read().has_address(packed("192.0.2.60"))


def test_the_last_interface_of_a_network_counts_as_gone_only_with_the_addresses_of_the_network() -> None:
    routing = routed(RED, "192.0.2.60")
    kernel, one = FakeKernel(), binding("s", routing, 5, floating="192.0.2.51")
    reconciler = play(kernel, [snapshot((one,))])
    kernel.refuse["withdraw"] = "not now"
    outcome = reconciler.work([Update(2, removals=(Removal(one.interface, 9),))], 0.0)
    assert outcome.reports == []
    kernel.refuse.clear()
    assert outcome.next_due is not None
    assert [report.removed for report in reconciler.work([], outcome.next_due).reports] == [True]
    assert kernel.read().networks == {}


def test_a_nic_that_could_not_leave_its_old_network_leaves_it_with_the_next_change_of_its_interface() -> None:
    kernel = FakeKernel()
    reconciler = Reconciler(kernel)
    reconciler.start()
    old, new = network("s", "old"), network("s", "new")
    one, stays = binding("s", old, 5), binding("s", old, 6)
    reconciler.work([StreamBegun(), Update(1, reset=True, upserts=(one, stays), synced=True)], 0.0)
    moved = one._replace(network=new, generation=2)
    kernel.refuse = {"remove_nic": "busy"}
    reconciler.work([Update(2, upserts=(moved,))], 1.0)
    assert one.interface in kernel.read_network(old.id).nics
    kernel.refuse = {}
    reconciler.work([Update(3, upserts=(moved._replace(generation=3),))], 1.0)
    assert kernel.read_network(old.id).nics.keys() == {stays.interface}
    assert kernel.read_network(new.id).nics.keys() == {one.interface}
