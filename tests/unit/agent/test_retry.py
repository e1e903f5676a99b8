"""When to try again."""

from buoy_agent.core.retry import Faults, backoff
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_backoff_doubles_up_to_its_limit(attempt: int, fraction: float) -> None:
    assert 0.1 <= backoff(attempt, fraction) <= 5.0
    assert backoff(attempt, fraction) <= backoff(attempt + 1, fraction)
    assert [backoff(number) for number in (1, 2, 3, 6, 99)] == [0.2, 0.4, 0.8, 5.0, 5.0]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["add", "clear", "pass"])), max_size=40))
def test_what_is_due_is_what_has_failed_and_whose_time_has_come(steps: list[tuple[str, str]]) -> None:
    faults, now = Faults(), 0.0
    for name, step in steps:
        key = ("nic", name)
        match step:
            case "add":
                faults.add(key, "no", now)
            case "clear":
                faults.clear(key)
            case _:
                now += 0.3
        assert set(faults.due(now)) == {key for key, fault in faults.by_key.items() if fault.due <= now}
        assert faults.next_due() == min((fault.due for fault in faults.by_key.values()), default=None)


def test_a_fault_waits_longer_each_time_until_it_is_cleared() -> None:
    faults, key = Faults(), ("nic", "one")
    first = faults.add(key, "no", 10.0).due
    second = faults.add(key, "still no", first).due
    assert second - first > first - 10.0
    assert faults.words(key) == "still no"
    assert faults.waits(key, second - 0.01)
    assert faults.due(second) == [key]
    assert faults.next_due() == second
    faults.clear(key)
    assert (faults.words(key), faults.next_due()) == ("", None)
