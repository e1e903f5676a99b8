"""The feed of committed entries: the newest in a ring in memory, older ones in the ledger.

A reader is a revision, nothing more: there is no queue a reader, so that a slow one holds up nobody and costs nothing.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from buoy_server.core.errors import Compacted, ShuttingDown
from buoy_server.feed.entry import Committed

RING_ENTRIES = 65_536
RING_BYTES = 128 << 20
LEDGER_PAGE = 4_096


class Ledger(Protocol):
    """What the feed reads when the ring does not reach back far enough."""

    def read(self, after: int, limit: int) -> Sequence[Committed]:
        """Return at most `limit` entries after a revision, in order; blocks."""


class Feed:
    """Reads by position, and wakes who waits for more."""

    def __init__(self, ledger: Ledger, head: int, floor: int = 1, capacity: int = RING_ENTRIES) -> None:
        self._ledger = ledger
        self._capacity = capacity
        self._base = head  # the ring holds the revisions _base + 1 .. head
        self._ring: list[Committed] = []
        self._bytes = 0
        self._more = asyncio.Event()
        self.closed = False
        self._floor = floor

    @property
    def head(self) -> int:
        """The last committed revision."""
        return self._base + len(self._ring)

    @property
    def floor(self) -> int:
        """The oldest revision that can be read from: what was before is compacted."""
        return self._floor

    def raise_floor(self, revision: int) -> None:
        """Let nobody read what is older than a revision any more; what is kept of it may then be deleted."""
        self._floor = max(self._floor, revision)

    def reaches(self, revision: int) -> bool:
        """Whether everything after a revision can be read from memory."""
        return max(self._base, self._floor - 1) <= revision <= self.head

    def publish(self, entries: Sequence[Committed]) -> None:
        """Append committed entries and wake all readers."""
        self._ring.extend(entries)
        self._bytes += sum(len(entry.body or b"") for entry in entries)
        if len(self._ring) > 2 * self._capacity or self._bytes > RING_BYTES:
            self._trim()
        self._wake()

    def close(self) -> None:
        """End every stream: `wait` raises ShuttingDown from now on."""
        self.closed = True
        self._wake()

    async def read(self, after: int) -> Sequence[Committed]:
        """Return entries after a revision, whole transactions, in order; empty when there are none yet. Raises Compacted."""
        if after + 1 < self._floor:
            raise Compacted(self._floor)
        if after >= self._base:
            start = after - self._base
            return _whole_transactions(self._ring[start : start + LEDGER_PAGE]) or self._ring[start:]
        page = await asyncio.to_thread(self._ledger.read, after, LEDGER_PAGE)
        if after + 1 < self._floor:  # while it was read
            raise Compacted(self._floor)
        return _whole_transactions(page) or await asyncio.to_thread(self._ledger.read, after, page[-1].transaction - after)

    async def wait(self, after: int, seconds: float) -> bool:
        """Wait until there are entries after a revision; False when the time ran out first."""
        if self.closed:
            raise ShuttingDown("the server is stopping")
        if self.head > after:
            return True
        try:
            async with asyncio.timeout(seconds):
                await self._more.wait()
        except TimeoutError:
            return False
        if self.closed:
            raise ShuttingDown("the server is stopping")
        return True

    def _trim(self) -> None:
        """Drop the older half, by count and by bytes."""
        kept = size = 0
        for entry in reversed(self._ring):
            size += len(entry.body or b"")
            if kept == self._capacity or size > RING_BYTES // 2:
                break
            kept += 1
        dropped = len(self._ring) - kept
        del self._ring[:dropped]
        self._base += dropped
        self._bytes = sum(len(entry.body or b"") for entry in self._ring)

    def _wake(self) -> None:
        self._more.set()
        self._more = asyncio.Event()


def _whole_transactions(page: Sequence[Committed]) -> Sequence[Committed]:
    if not page or page[-1].revision == page[-1].transaction:
        return page
    cut = page[-1].transaction
    return [entry for entry in page if entry.transaction != cut]
