"""Carries out a watch: opens streams as `WatchState` says, and survives their ends. Written once for both clients."""

import random
import time
from collections import deque
from collections.abc import Callable

from buoy_client.errors import BuoyError, DeadlineExceeded
from buoy_client.models import InterfaceEvent
from buoy_client.transport import Transport, WatchStream
from buoy_client.watching import Batch, WatchState


class Follower:
    """Follows one watch over any number of streams."""

    def __init__(
        self, transport: Transport, state: WatchState, on_snapshot: Callable[[BuoyError], object] = lambda _: None
    ) -> None:
        """Take the state, and whom to tell why a fresh snapshot is taken; the first stream opens on the first read."""
        self._transport = transport
        self._on_snapshot = on_snapshot
        self._state = state
        self._pause = transport.pause()
        self._stream: WatchStream | None = None
        self._closed = False
        self._pending: deque[InterfaceEvent] = deque()

    @property
    def revision(self) -> int:
        """The last revision that was seen; a later watch from `revision + 1` goes on from here."""
        return self._state.revision

    @property
    def cluster_id(self) -> str:
        """The cluster that the revisions are of; empty until the first message."""
        return self._state.cluster_id

    @property
    def synced(self) -> bool:
        """Whether the first snapshot is complete."""
        return self._state.synced

    async def next_event(self) -> InterfaceEvent | None:
        """Give the next event, None once closed."""
        while not self._pending:
            batch = await self.next_batch()
            if batch is None:
                return None
            self._pending.extend(batch.events)
        return self._pending.popleft()

    async def next_batch(self, deadline: float | None = None) -> Batch | None:
        """Give what the next message brought, None once closed; TimeoutError when the (monotonic) deadline passes."""
        while not self._closed:
            await self._transport.connect()
            try:
                batch = await self._read(deadline)
            except BuoyError as error:
                await self._recover(error, deadline)
                continue
            if batch is None:
                await self._recover(None, deadline)
            elif not batch.opens:
                return batch
        return None

    def close(self) -> None:
        """End the watch and whatever read waits in it; safe to repeat."""
        self._closed = True
        self._pause.cut()
        self._drop()

    async def _read(self, deadline: float | None) -> Batch | None:
        try:
            stream = self._stream = self._stream or await self._transport.watch(self._state.next_request())
            if self._closed:
                self._drop()
                return None
            response = await stream.read(self._limit(deadline))
        except TimeoutError:
            self._drop()
            if deadline is not None and time.monotonic() >= deadline:
                raise
            raise DeadlineExceeded("the stream was silent for too long") from None
        except BaseException:
            self._drop()
            raise
        return self._state.receive(response) if response is not None else None

    def _limit(self, deadline: float | None) -> float:
        limit = self._state.quiet_limit
        return limit if deadline is None else max(min(limit, deadline - time.monotonic()), 0.0)

    async def _recover(self, error: BuoyError | None, deadline: float | None) -> None:
        self._drop()
        if self._closed:
            return
        before = self._state.starts_over
        delay = self._state.ended(error, random.random())  # noqa: S311  jitter, no secret
        if error is not None and self._state.starts_over and not before:
            self._on_snapshot(error)
        await self._pause.wait(delay if deadline is None else max(min(delay, deadline - time.monotonic()), 0.0))

    def _drop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.cancel()
