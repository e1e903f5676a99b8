"""Compaction: the feed's floor rises first, then what is below it is deleted, and old answers and events with it.

The deletions run in the writer's thread between two commits, each short, with rests between: a writer waits for one at most.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import structlog

from buoy_server import failpoints
from buoy_server.core.errors import DomainError, RevisionInFuture
from buoy_server.feed.feed import Feed
from buoy_server.feed.writer import Writer
from buoy_server.storage.retention import Past, Retention, Step

ROUND_SECONDS = 60.0
REST = 4  # for each second of deleting, so many of rest: writers have the rest of the thread's time

log = structlog.get_logger()


class Compactor:
    """Drops what retention does not keep."""

    def __init__(
        self,
        past: Past,
        writer: Writer,
        feed: Feed,
        retention: Retention,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._past = past
        self._writer = writer
        self._feed = feed
        self._retention = retention
        self._clock = clock
        self._turn = asyncio.Lock()
        self._asked: set[asyncio.Task[int]] = set()

    async def run(self) -> None:
        """Tidy up every minute, for good; what fails is tried again in the next round."""
        while True:
            await asyncio.sleep(ROUND_SECONDS)
            try:
                await self.tidy()
            except DomainError as error:
                log.warning("compaction failed, and is tried again later", error=str(error))
            except Exception:
                log.exception("compaction failed, and is tried again later")

    async def tidy(self) -> None:
        """Drop everything that retention does not keep."""
        await self._compact(0)
        now = self._clock()
        await self._drop(self._past.old_answers(now - self._retention.answers))
        for kind, keep in self._retention.events.items():
            await self._drop(self._past.old_events(kind, now - keep))
        await self._drop(self._past.old_periods(now - self._retention.address_history))

    async def compact(self, revision: int) -> int:
        """Drop the history before a revision, 0: what retention does not keep, and return the floor when it is gone.

        A caller who goes away does not stop it.
        """
        if revision > self._feed.head:
            raise RevisionInFuture(f"the last revision is {self._feed.head}", field="revision")
        task = asyncio.create_task(self._compact(revision), name="compaction")
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)
        return await asyncio.shield(task)

    async def stop(self) -> None:
        """End what was asked for in the middle; a start goes on from what is left."""
        for task in self._asked:
            task.cancel()
        await asyncio.gather(*self._asked, return_exceptions=True)

    async def _compact(self, revision: int) -> int:
        async with self._turn:
            kept = self._retention
            self._feed.raise_floor(
                revision or await asyncio.to_thread(self._past.floor, kept.entries, self._clock() - kept.history)
            )
            await self._drop(self._past.old_entries(self._feed.floor))
            return self._feed.floor

    async def _drop(self, steps: Iterator[Step]) -> None:
        while (step := await asyncio.to_thread(next, steps, None)) is not None:
            began = time.monotonic()
            await self._writer.between_commits(step)
            failpoints.reach("mid_compaction")
            await asyncio.sleep(REST * (time.monotonic() - began))
