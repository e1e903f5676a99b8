"""How often readers are woken."""

from buoy_server.feed import tick
from buoy_server.feed.tick import Tick


def _round(ticking: Tick, begin: float, readers: int, seconds: float, *, back: int | None = None) -> None:
    """Wake some readers, of whom so many come back, one after the other; all of them would take some seconds."""
    number = ticking.woke(begin, readers)
    for served in range(1, 1 + (readers if back is None else back)):
        ticking.returned(begin + seconds * served / readers, number)


def test_on_a_quiet_server_readers_are_woken_at_once() -> None:
    ticking = Tick()
    assert ticking.due(1.0) == 1.0
    _round(ticking, 1.0, 1000, 0.04)
    assert ticking.due(2.0) == 2.0


def test_what_comes_while_the_last_ones_are_served_waits_until_that_is_over() -> None:
    ticking = Tick()
    for second in range(1, 40):
        ticking.due(second)
        _round(ticking, second, 1000, 0.04)
    due = ticking.due(39.01)
    assert 0.7 * 0.04 < due - 39 < 0.8 * 0.04


def test_on_a_busy_server_the_next_come_after_twice_what_serving_takes() -> None:
    ticking = Tick()
    begin = 1.0
    for _ in range(40):
        _round(ticking, begin, 1000, 0.04)
        begin = ticking.due(begin + 0.01)
    assert 1.9 * 0.04 < begin - ticking._round.begin < 2.1 * 0.04


def test_a_reader_that_does_not_come_back_holds_up_nobody() -> None:
    ticking = Tick()
    for second in range(1, 40):
        _round(ticking, second, 100, 0.01, back=90)
    assert abs(ticking.serving - 0.01 / 100) < 1e-6
    _round(ticking, 50.0, 100, 0.01, back=0)
    assert ticking.due(50.0) <= 50.0 + tick.LONGEST


def test_who_comes_back_late_counts_in_no_other_round() -> None:
    ticking = Tick()
    first = ticking.woke(1.0, 1)
    second = ticking.woke(2.0, 1)
    ticking.returned(9.0, first)
    assert ticking.serving == tick.SERVING
    ticking.returned(2.1, second)
    assert ticking.serving > tick.SERVING
