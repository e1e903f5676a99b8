"""Announcements are repeated, for as long as the address is here."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from buoy_agent.core.spec import Address, packed
from buoy_agent.errors import KernelError
from buoy_agent.sync.announcer import Announcer

ONE, TWO = packed("192.0.2.1"), packed("192.0.2.2")
MOMENTS = [0.0, 1.1, 2.2, 30.0]
Told = list[tuple[float, list[Address]]]


class Clock:
    """Time that passes only by waiting for it."""

    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        """Lets time pass."""
        self.now = round(self.now + seconds, 3)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that the announcer waits by."""
    made = Clock()
    monkeypatch.setattr("buoy_agent.sync.announcer.asyncio.sleep", made.sleep)
    return made


async def announced(clock: Clock, then: Callable[[Announcer], Awaitable[None]]) -> Told:
    """What is told of two addresses that came at once, to the end; `then` happens each time."""
    told: Told = []

    async def note(addresses: list[Address]) -> None:
        told.append((clock.now, addresses))
        await then(made)

    made = Announcer(note)
    made.add([TWO, ONE])
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))
    return told


def test_an_address_is_told_three_times_more_than_a_second_apart_and_after_half_a_minute(clock: Clock) -> None:
    async def then(_: Announcer) -> None: ...

    assert asyncio.run(announced(clock, then)) == [(moment, [ONE, TWO]) for moment in MOMENTS]


def test_one_that_left_is_not_told_any_more(clock: Clock) -> None:
    async def then(made: Announcer) -> None:
        if clock.now > 1.0:
            made.remove([TWO])

    assert [addresses for _, addresses in asyncio.run(announced(clock, then))] == [[ONE, TWO], [ONE, TWO], [ONE], [ONE]]


def test_a_lan_that_is_down_for_a_moment_hears_it_later(clock: Clock) -> None:
    async def then(_: Announcer) -> None:
        raise KernelError("announcing on eth0: Network is down")

    assert [moment for moment, _ in asyncio.run(announced(clock, then))] == MOMENTS
