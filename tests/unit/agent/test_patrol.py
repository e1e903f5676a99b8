"""Whatever somebody else takes away, changes or adds, a full check brings the kernel back to what is wanted."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import repeat

import pytest
from buoy_agent.control.status import of_kernel
from buoy_agent.core.actual import NetworkState
from buoy_agent.core.desired import Scope
from buoy_agent.core.drift import Patience, Places
from buoy_agent.core.spec import Binding, NetworkId, Update, packed
from buoy_agent.kernel.fake import FakeKernel
from buoy_agent.sync import patrol
from buoy_agent.sync.patrol import GRACE
from buoy_agent.sync.reconciler import CheckDue, Outcome, Reconciler
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.soak import ROUNDS
from tests.unit.agent.bindings import binding, floated, network
from tests.unit.agent.test_sequences import BLUE, RED, State, expected, play, settled, snapshot, states

STRAY = packed("198.51.100.9")


def harm(kernel: FakeKernel, draw: st.DataObject) -> None:
    """Does some of what others do, behind the port's back."""
    has = kernel._has
    for network_id, state in list(has.networks.items()):
        state.forward = {key: value for key, value in state.forward.items() if draw.draw(st.booleans())}
        state.backward = {key: value for key, value in state.backward.items() if draw.draw(st.booleans())}
        state.nics = {key: value for key, value in state.nics.items() if draw.draw(st.booleans())}
        if draw.draw(st.booleans()):
            state.forward[STRAY] = packed("10.9.9.9")
            state.backward[packed("10.9.9.8")] = STRAY
        if draw.draw(st.integers(0, 3)) == 0:
            state.digest = ""
        has.put_network(network_id, state)
    for address in list(has.routes):
        if draw.draw(st.booleans()):
            del has.routes[address]
    has.proxies = {address for address in has.proxies if draw.draw(st.booleans())}
    if draw.draw(st.integers(0, 3)) == 0 and has.networks:
        has.drop_namespace(min(has.networks))


def full_check(reconciler: Reconciler, now: float) -> None:
    """One, to its end, and what follows from it."""
    done = reconciler.patrol.full_checks
    reconciler.work([CheckDue()], now)
    while reconciler.patrol.full_checks == done:
        reconciler.work([], now)


@settings(max_examples=150 * ROUNDS)
@given(states(), st.data())
def test_a_full_check_heals_whatever_was_done(state: State, data: st.DataObject) -> None:
    kernel = FakeKernel()
    reconciler = play(kernel, [snapshot(state)])
    harm(kernel, data)
    full_check(reconciler, 1.0)
    now = 1.0
    for _ in range(10):
        now = reconciler.work([], now).next_due or now
    full_check(reconciler, now)
    assert settled(kernel) == expected(state)


@settings(max_examples=50 * ROUNDS)
@given(states())
def test_a_full_check_of_what_is_right_writes_nothing(state: State) -> None:
    kernel = FakeKernel()
    reconciler = play(kernel, [snapshot(state)])
    writes = kernel.writes
    full_check(reconciler, 1.0)
    assert (kernel.writes, reconciler.patrol.repairs.count) == (writes, 0)


def test_what_was_changed_while_it_was_read_in_pieces_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, one = FakeKernel(), binding("p", RED, 5, floating="192.0.2.50")
    reconciler = play(kernel, [snapshot((one,))])

    def changed_meanwhile(kernel: FakeKernel, network: NetworkId) -> Generator[None, None, NetworkState | None]:
        kernel._has.networks[network].forward.clear()
        yield
        return None

    monkeypatch.setattr(FakeKernel, "read_in_steps", changed_meanwhile)
    full_check(reconciler, 1.0)
    reconciler.work([], 2.0)
    assert settled(kernel) == expected((one,))


def test_half_a_pair_that_could_not_be_taken_away_does_not_stand_in_a_floats_way_for_ever() -> None:
    kernel, one = FakeKernel(), binding("p", RED, 5, floating="192.0.2.50")
    reconciler = play(kernel, [snapshot((one,))])
    state = kernel._has.networks[RED.id]
    del state.forward[packed("192.0.2.50")]
    kernel._has.put_network(RED.id, state)
    kernel.refuse["publish"] = kernel.refuse["withdraw"] = "not now"
    reconciler.work([Places(tables={1})], 0.0)
    other = floated(one, "192.0.2.51")
    reconciler.work([Update(2, upserts=(other,))], 0.0)
    kernel.refuse.clear()
    now = 0.0
    for _ in range(10):
        now = reconciler.work([], now).next_due or now
    full_check(reconciler, now)
    for _ in range(10):
        now = reconciler.work([], now).next_due or now
    assert settled(kernel) == expected((other,))


def test_a_route_that_somebody_else_took_the_place_of_is_not_counted() -> None:
    kernel, one = FakeKernel(), binding("p", RED, 5, floating="192.0.2.50")
    reconciler = play(kernel, [snapshot((one,))])
    before = of_kernel(reconciler)
    del kernel._has.routes[packed("192.0.2.50")]
    kernel.refuse["publish"] = "another route is in the way"
    reconciler.work([Places(routes={packed("192.0.2.50")})], 0.0)
    assert of_kernel(reconciler)["actual"]["routes"] == before["actual"]["routes"] - 1


def test_a_great_change_is_followed_by_a_full_check_and_a_small_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, one, other = FakeKernel(), binding("p", RED, 5, floating="192.0.2.50"), binding("p", RED, 6, floating="192.0.2.51")
    reconciler = play(kernel, [snapshot((one,))])
    assert reconciler.patrol.next_due() is None
    monkeypatch.setattr(patrol, "MANY", 2)  # the elements of one float
    outcome = play_on(reconciler, other)
    assert outcome.next_due == 0.0
    for _ in range(10):
        reconciler.work([], 1.0)
    assert (reconciler.patrol.full_checks, reconciler.patrol.repairs.count) == (1, 0)


def test_what_was_done_during_a_great_change_is_found_even_where_a_check_had_passed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel, one, other = FakeKernel(), binding("p", RED, 5, floating="192.0.2.50"), binding("p", BLUE, 6, floating="192.0.2.51")
    reconciler = play(kernel, [snapshot((one, binding("p", BLUE, 7)))])
    networks = kernel._has.networks

    @contextmanager
    def deaf() -> Iterator[None]:
        yield
        networks[RED.id].forward.clear()

    monkeypatch.setattr(reconciler.patrol, "_deaf", deaf)
    monkeypatch.setattr(patrol, "MANY", 2)
    reconciler.patrol._round = repeat(Scope(), 20)  # a check that is past all networks
    play_on(reconciler, other)
    assert not networks[RED.id].forward
    for _ in range(10):
        reconciler.work([], 1.0)
    assert settled(kernel) == expected((one, other, binding("p", BLUE, 7)))


def test_an_external_interface_that_comes_back_is_published_again_and_reported() -> None:
    kernel, one = FakeKernel(), binding("p", network("p", "a"), 5, floating="192.0.2.50")
    reconciler = play(kernel, [snapshot((one,))])
    kernel.break_external("the external interface eth0 is down")
    gone = reconciler.work([Places(external=True)], 1.0)
    assert [report.floating_error for report in gone.reports] == ["the external interface eth0 is down"]
    kernel.break_external("")
    back = reconciler.work([Places(external=True)], 2.0)
    assert [report.floating_error for report in back.reports] == [""]
    assert back.published == {packed("192.0.2.50")}


def test_float_defloat_float_and_delete_while_the_kernel_refuses_end_with_the_last_word() -> None:
    kernel, one, other = FakeKernel(), binding("p", RED, 5, floating="192.0.2.50"), binding("p", RED, 6, floating="192.0.2.51")
    reconciler = play(kernel, [snapshot((other,))])
    kernel.refuse["publish"] = "not now"
    first = play_on(reconciler, one)
    assert [(report.interface, report.floating_error) for report in first.reports if report.floating_error] == [
        (one.interface, "not now")
    ]
    defloated = floated(one, None)
    play_on(reconciler, defloated)
    again = floated(defloated, "192.0.2.52")
    kernel.refuse.clear()
    last = play_on(reconciler, again)
    assert [(report.generation, report.floating_error) for report in last.reports if report.interface == one.interface] == [
        (3, "")
    ]
    assert settled(kernel) == expected((other, again))


def play_on(reconciler: Reconciler, entry: Binding) -> Outcome:
    """One change more."""
    return reconciler.work([Update(2, upserts=(entry,))], 0.0)


def test_patience_lets_three_pass_and_then_asks_for_more_and_more() -> None:
    patience, place = Patience(), NetworkId("a")
    waits = []
    for _ in range(12):
        patience.note(place, 100.0)
        waits.append(patience.due(place) - 100.0)
    assert waits[:2] == [-100.0, -100.0]
    assert waits[2:] == sorted(waits[2:])
    assert max(waits) == 10.0
    patience.note(place, 1000.0)
    assert patience.due(place) <= 1000.0


def test_a_namespace_that_appears_waits_for_its_instance_and_goes_if_none_comes() -> None:
    kernel, one, two = FakeKernel(), binding("p", RED, 5), binding("p", RED, 6)
    reconciler = play(kernel, [snapshot((one,))])
    stranger = binding("p", RED, 7)
    kernel._has.namespaces |= {two.instance, stranger.instance}
    outcome = reconciler.work([Places(names=True)], 100.0)
    assert outcome.next_due == 100.0 + GRACE
    reconciler.work([Update(2, upserts=(two,))], 101.0)
    reconciler.work([], 100.0 + GRACE)
    assert stranger.instance not in kernel.read().namespaces
    assert two.instance in kernel.read().namespaces


def test_a_cable_that_is_loose_has_floats_announced_once_in_a_while() -> None:
    kernel = FakeKernel()
    reconciler = Reconciler(kernel)
    reconciler.start()
    reconciler.work([snapshot((binding("a", RED, 5, floating="192.0.2.50"),))], 0.0)
    announced = set(reconciler.actual.proxies)
    assert packed("192.0.2.50") in announced

    def plugged_in(now: float) -> set[bytes]:
        kernel.has_carrier = False
        reconciler.work([Places(external=True)], now)
        kernel.has_carrier = True
        return set(reconciler.work([Places(external=True)], now).published)

    assert [plugged_in(100.0), plugged_in(109.0), plugged_in(111.0)] == [announced, set(), announced]
