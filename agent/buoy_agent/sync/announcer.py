"""Repeats announcements: a neighbour may ignore the first, or one that follows another within a second."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import structlog

from buoy_agent.core.spec import Address
from buoy_agent.errors import KernelError

DELAYS = (0.0, 1.1, 2.2, 30.0)
log = structlog.get_logger()


class Announcer:
    """Announces addresses now and later, as long as they are here; nobody waits for it."""

    def __init__(self, announce: Callable[[list[Address]], Awaitable[None]]) -> None:
        self._announce = announce
        self._here: set[Address] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, addresses: Iterable[Address]) -> None:
        """These have come to this node."""
        fresh = set(addresses)
        if not fresh:
            return
        self._here |= fresh
        task = asyncio.get_running_loop().create_task(self._repeat(fresh))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def remove(self, addresses: Iterable[Address]) -> None:
        """These are no longer here."""
        self._here.difference_update(addresses)

    def close(self) -> None:
        """Announces no more."""
        for task in self._tasks:
            task.cancel()

    async def _repeat(self, addresses: set[Address]) -> None:
        waited = 0.0
        for delay in DELAYS:
            await asyncio.sleep(delay - waited)
            waited = delay
            here = sorted(addresses & self._here)
            try:
                await self._announce(here)
            except KernelError as error:
                log.warning("announcement failed", addresses=len(here), error=str(error))
