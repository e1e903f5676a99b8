"""The limit on guessing, with a clock of the test's own."""

import pytest
from buoy_server.auth.throttle import FAILURES, NAMESPACE_FAILURES, PEER_FAILURES, WINDOW, Throttle
from buoy_server.core.errors import TooManyAttempts


class Clock:
    """Seconds that pass when the test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_peer_waits_for_a_namespace_and_others_do_not() -> None:
    throttle = Throttle(Clock())
    for _ in range(FAILURES):
        throttle.attempt("a", "10.0.0.1")
    with pytest.raises(TooManyAttempts, match="try again in 60 s"):
        throttle.attempt("a", "10.0.0.1")
    throttle.attempt("a", "10.0.0.2")
    throttle.attempt("b", "10.0.0.1")


def test_a_peer_waits_for_all_namespaces() -> None:
    throttle = Throttle(Clock())
    for index in range(PEER_FAILURES):
        throttle.attempt(f"n{index}", "10.0.0.1")
    with pytest.raises(TooManyAttempts):
        throttle.attempt("another", "10.0.0.1")


def test_guessing_from_many_places_is_bounded() -> None:
    throttle = Throttle(Clock())
    for index in range(NAMESPACE_FAILURES):
        throttle.attempt("a", f"10.0.{index}.1")
    with pytest.raises(TooManyAttempts):
        throttle.attempt("a", "192.0.2.1")


def test_a_minute_later_all_is_forgotten() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for index in range(PEER_FAILURES):
        throttle.attempt(f"n{index}", "10.0.0.1")
    clock.now = WINDOW
    throttle.attempt("a", "10.0.0.1")


def test_memory_is_bounded() -> None:
    throttle = Throttle(Clock())
    for index in range(12_000):
        throttle.attempt(f"n{index}", f"p{index}")
    assert len(throttle._counts) <= 10_003


def test_successes_do_not_count() -> None:
    throttle = Throttle(Clock())
    for _ in range(10 * FAILURES):
        throttle.attempt("a", "10.0.0.1")
        throttle.succeeded("a", "10.0.0.1")
