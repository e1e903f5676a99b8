"""The single writer: decides commands in order, commits many at once, and answers when they are durable.

While one batch is being committed, in the store's own thread, the next commands gather. A batch is taken when the event loop
has brought no new command for SETTLE_TURNS turns (a gRPC server hands over one call a turn, so that a batch taken at once
would be of one), or when it is full. Commands of a batch are decided over one draft, each over a draft of its own on top, so
that each sees those before it, a refused one leaves nothing, and a failed commit is undone by dropping the draft: the view,
which reads are answered from, only ever has what is durable.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from random import SystemRandom
from typing import Any, Protocol, TypeVar

import structlog

from buoy_server import failpoints
from buoy_server.codec.packing import pack
from buoy_server.core.command import Command, Context
from buoy_server.core.errors import DomainError, ShuttingDown, StorageUnavailable
from buoy_server.core.events import event_of
from buoy_server.core.lookup import Caller
from buoy_server.core.state import Cause, Draft, Entry
from buoy_server.feed.entry import Committed
from buoy_server.feed.feed import Feed
from buoy_server.feed.view import View

SETTLE_TURNS = 20
MAX_BATCH = 256

T = TypeVar("T")
log = structlog.get_logger()


class Store(Protocol):
    """Where entries become durable."""

    def append(self, entries: list[Committed]) -> None:
        """Write entries and the rows that they change in one durable transaction, or raise a DomainError; blocks."""

    def probe(self) -> None:
        """Return when the store takes writes, or raise a DomainError; blocks."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    command: Command[Any]
    caller: Caller
    cause: Cause
    answer: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Decided:
    waiting: _Waiting
    result: Any
    error: DomainError | None


class Writer:
    """Takes commands, and appends what they decide."""

    def __init__(self, store: Store, view: View, feed: Feed, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._view = view
        self._feed = feed
        self._clock = clock
        self._random = SystemRandom()
        self._waiting: list[_Waiting] = []
        self._arrived = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._closing = False
        self.failure: DomainError | None = None
        self._task = asyncio.create_task(self._run(), name="writer")

    async def submit(self, command: Command[T], caller: Caller, method: str, actor: str = "") -> T:
        """Return the command's answer when what it changed is durable, or raise its DomainError."""
        if self._closing:
            raise ShuttingDown("the server is stopping")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(command, caller, Cause(method, actor or caller.namespace), answer))
        self._arrived.set()
        return await answer

    async def probe(self) -> bool:
        """Find out whether the store takes writes (again), and keep what it said in `failure`."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._store.probe)
        except DomainError as error:
            self.failure = error
        else:
            self.failure = None
        return self.failure is None

    async def close(self) -> None:
        """Take no more commands, finish those that wait, and stop."""
        self._closing = True
        self._arrived.set()
        await self._task
        self._thread.shutdown()

    async def _run(self) -> None:
        while not (self._closing and not self._waiting):
            await self._arrived.wait()
            await self._settle()
            self._arrived.clear()
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            if self._waiting or self._closing:
                self._arrived.set()
            await self._write(batch)

    async def _settle(self) -> None:
        seen, quiet = len(self._waiting), 0
        while quiet < SETTLE_TURNS and seen < MAX_BATCH:
            await asyncio.sleep(0)
            quiet = quiet + 1 if len(self._waiting) == seen else 0
            seen = len(self._waiting)

    async def _write(self, batch: list[_Waiting]) -> None:
        draft = Draft(self._view, Cause("", ""), self._clock())
        committed: list[tuple[Entry, Committed]] = []
        decided = [self._decide(waiting, draft, committed) for waiting in batch]
        if committed:
            entries = [entry for _, entry in committed]
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._store.append, entries)
            except DomainError as error:
                self._fail(decided, error)
                return
            except Exception:
                log.exception("append failed", first_revision=entries[0].revision, entries=len(entries))
                self._fail(decided, StorageUnavailable("the change could not be stored: try again"))
                return
            failpoints.reach("before_notify")
            for entry, stored in committed:
                self._view.apply(entry, stored.body)
            self._feed.publish(entries)
            self.failure = None
        failpoints.reach("before_reply")
        for one in decided:
            _answer(one)

    def _decide(self, waiting: _Waiting, batch: Draft, committed: list[tuple[Entry, Committed]]) -> _Decided:
        draft = Draft(batch, waiting.cause, batch.now)
        try:
            result = waiting.command.decide(draft, Context(waiting.caller, self._random))
            entries = [(entry, _committed(entry, draft.revision)) for entry in draft.entries]
        except DomainError as error:
            return _Decided(waiting, None, error)
        except Exception:
            log.exception("command failed", method=waiting.cause.method)
            return _Decided(waiting, None, DomainError("the server could not work this out: please report it"))
        batch.absorb(draft)
        committed.extend(entries)
        return _Decided(waiting, result, None)

    def _fail(self, decided: list[_Decided], error: DomainError) -> None:
        self.failure = error
        for one in decided:
            _answer(_Decided(one.waiting, None, error))


def _committed(entry: Entry, transaction: int) -> Committed:
    return Committed(
        revision=entry.revision,
        transaction=transaction,
        kind=entry.kind,
        key=entry.key,
        before_revision=entry.before.revision if entry.before else 0,
        after=entry.after,
        body=pack(entry.after) if entry.after else None,
        cause=entry.cause,
        time=entry.time,
        said=event_of(entry),
    )


def _answer(decided: _Decided) -> None:
    answer = decided.waiting.answer
    if answer.done():
        return  # the caller went away; what was decided stands
    if decided.error is not None:
        answer.set_exception(decided.error)
    else:
        answer.set_result(decided.result)
