"""Waiting within the event loop, with a deadline that no busy machine misses."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.support.waiting import PATIENCE


async def wait_until_async(look: Callable[[], Awaitable[bool]], what: str, seconds: float = PATIENCE) -> None:
    """Look until it is true, or fail after a while saying what was waited for."""
    try:
        async with asyncio.timeout(seconds):
            while not await look():  # noqa: ASYNC110 - what is looked at has no event to wait for
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"waited {seconds:g} s in vain until {what}") from None


async def read_to_the_end(watch: Any) -> None:
    """Read a stream that tells of no change, until its end is raised."""
    while True:
        assert not (await asyncio.wait_for(watch.read(), PATIENCE)).events


def give_servers_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks a node, or makes a call without a deadline, waits for as long as a test does."""
    monkeypatch.setattr("buoy_server.rpc.questions.PATIENCE", PATIENCE)
    monkeypatch.setattr("buoy_server.rpc.register.DEFAULT_DEADLINE", 600.0)
    monkeypatch.setattr("buoy_server.http.app.DEADLINE", 600.0)
