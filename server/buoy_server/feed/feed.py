"""The feed of committed entries: the newest in a ring in memory, older ones in the ledger.

A reader is a position and what it wants to be woken for, nothing more: there is no queue a reader, so that a slow one holds up
nobody and costs nothing.
"""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from buoy_server.core.errors import Compacted, RevisionInFuture, ShuttingDown
from buoy_server.feed.entry import Committed
from buoy_server.feed.subscriptions import Subscription, Subscriptions, Topic

RING_ENTRIES = 65_536
RING_BYTES = 128 << 20
PAGE = 256  # entries that a reader takes at once
PAGE_BYTES = 1 << 20  # and of older ones, which nobody else has in memory, about so many bytes
FUTURE_WAIT = 5.0  # seconds that a reader may be ahead of this server


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
        self._floor = floor
        self._subscriptions = Subscriptions(head)
        self._ahead: list[tuple[int, asyncio.Future[None]]] = []
        self._closed = False
        self.watches = 0  # readers that are not eager

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
        """Append committed entries and wake those whom they concern."""
        self._ring.extend(entries)
        self._bytes += sum(len(entry.body or b"") for entry in entries)
        if len(self._ring) > 2 * self._capacity or self._bytes > RING_BYTES:
            self._trim()
        self._subscriptions.publish(entries)
        if self._ahead:
            self._wake_ahead()

    def close(self) -> None:
        """End every stream: `follow` raises ShuttingDown from now on."""
        self._closed = True
        self._subscriptions.wake_all()
        self._wake_ahead()

    @contextmanager
    def subscribe(self, topics: Collection[Topic], after: int, *, eager: bool = False) -> Iterator[Subscription]:
        """Take a place after a revision, to be woken for some topics; `eager`: for each commit, however busy the server is."""
        subscription = Subscription(topics, after, eager=eager)
        self._subscriptions.add(subscription)
        self._subscriptions.took(subscription, after)
        self.watches += not eager
        try:
            yield subscription
        finally:
            self.watches -= not eager
            self._subscriptions.remove(subscription)

    async def follow(self, subscription: Subscription, seconds: float) -> Sequence[Committed]:
        """Return entries that a reader has not seen, whole transactions, in order; empty when the time ran out first.

        What is skipped does not concern the reader; what is returned may. Raises Compacted, ShuttingDown.
        """
        if subscription.woken_in:
            self._subscriptions.returned(subscription)
        if not self._is_behind(subscription) and not self._closed:
            await subscription.wait(seconds)
        if self._closed:
            raise ShuttingDown("the server is stopping")
        if subscription.fresh is None:
            subscription.position = self.head
            return ()
        subscription.position = max(subscription.position, subscription.fresh - 1)
        if not self._is_behind(subscription):
            return ()
        entries = await self._read(subscription.position, self._subscriptions.limit(subscription))
        self._subscriptions.took(subscription, entries[-1].revision)
        return entries

    async def reach(self, revision: int, field: str) -> None:
        """Return when a revision is in, which another server of the cluster may have told of; raises RevisionInFuture."""
        if revision <= self.head:
            return
        reached = asyncio.get_running_loop().create_future()
        self._ahead.append((revision, reached))
        try:
            async with asyncio.timeout(FUTURE_WAIT):
                await reached
        except TimeoutError as error:
            raise RevisionInFuture(f"the last revision is {self.head}", field=field) from error
        finally:
            self._ahead = [waiting for waiting in self._ahead if waiting[1] is not reached]
        if self._closed:
            raise ShuttingDown("the server is stopping")

    def _is_behind(self, subscription: Subscription) -> bool:
        return subscription.fresh is not None and subscription.fresh <= self._subscriptions.limit(subscription)

    async def _read(self, after: int, upto: int) -> Sequence[Committed]:
        """Return at least one whole transaction after a revision, and nothing beyond `upto`, where one ends."""
        size = min(upto - after, PAGE)
        entries = await self._entries(after, size)
        if entries[-1].revision != entries[-1].transaction:
            cut = next(entry for entry in entries if entry.transaction == entries[-1].transaction)
            if cut is entries[0]:
                return await self._entries(after, cut.transaction - after)
            entries = entries[: cut.revision - after - 1]
        return entries if after >= self._base else _bounded(entries)

    async def _entries(self, after: int, count: int) -> Sequence[Committed]:
        if after + 1 < self._floor:
            raise Compacted(self._floor)
        if after >= self._base:
            return self._ring[after - self._base : after - self._base + count]
        entries = await asyncio.to_thread(self._ledger.read, after, count)
        if after + 1 < self._floor:  # while they were read
            raise Compacted(self._floor)
        return entries

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

    def _wake_ahead(self) -> None:
        for revision, reached in self._ahead:
            if (self._closed or revision <= self.head) and not reached.done():
                reached.set_result(None)


def _bounded(entries: Sequence[Committed]) -> Sequence[Committed]:
    """Return as many of the first transactions as fit into a page, at least one."""
    size = 0
    for index, entry in enumerate(entries):
        size += len(entry.body or b"")
        if size > PAGE_BYTES and entry.revision == entry.transaction:
            return entries[: index + 1]
    return entries
