"""Waiting for a condition within the event loop, with a deadline."""

import asyncio
from collections.abc import Awaitable, Callable

from tests.support.waiting import PATIENCE


async def wait_until_async(look: Callable[[], Awaitable[bool]], what: str, seconds: float = PATIENCE) -> None:
    """Look until it is true, or fail after a while saying what was waited for."""
    try:
        async with asyncio.timeout(seconds):
            while not await look():  # noqa: ASYNC110 - what is looked at has no event to wait for
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"waited {seconds:g} s in vain until {what}") from None
