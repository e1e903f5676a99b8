"""The single writer: decides commands in order, commits many at once, and answers when they are durable.

While one batch is being committed, in the store's own thread, the next commands gather. A batch is taken when the event loop
has brought no new command for SETTLE_TURNS turns (a gRPC server hands over one call a turn, so that a batch taken at once
would be of one), or when it is full. One command that follows a batch of one is taken at once: who calls alone waits for
nobody, and where there are others, they gather while it is committed. Commands of a batch are decided over one draft, each
over a draft of its own on top, so that each sees those before it, a refused one leaves nothing, and a failed commit is undone
by dropping the draft: the view, which reads are answered from, only ever has what is durable.

A call that bears a request id may be a repeat. That shows when its answer cannot be kept beside the first one, or when its
command is refused; then it gets the first answer, and the batch is decided again without it (`feed/answers.py`).
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from random import SystemRandom
from typing import Any, Protocol, TypeVar

import structlog

from buoy_server import failpoints
from buoy_server.core.command import Command
from buoy_server.core.errors import DomainError, ShuttingDown, StorageUnavailable
from buoy_server.core.lookup import Caller
from buoy_server.core.state import Cause
from buoy_server.feed.answers import Answer, Attempt
from buoy_server.feed.batch import Batch, Waiting
from buoy_server.feed.entry import Committed
from buoy_server.feed.feed import Feed
from buoy_server.feed.view import View
from buoy_server.feed.worker import Worker

SETTLE_TURNS = 20
SETTLE_SECONDS = 0.02  # where the turns are long, since streams are served in them
MAX_BATCH = 256

T = TypeVar("T")
log = structlog.get_logger()


class Store(Protocol):
    """Where entries become durable."""

    def append(self, entries: Sequence[Committed], answers: Sequence[Answer]) -> Mapping[bytes, Answer]:
        """Write entries, the rows that they change and answers in one durable transaction, or raise a DomainError; blocks.

        Where answers are kept under some of the keys already, nothing is written, and those are returned by their keys.
        """

    def answers(self, keys: Sequence[bytes]) -> Mapping[bytes, Answer]:
        """Return the answers that are kept under some of these keys, or raise a DomainError; blocks."""

    def probe(self) -> None:
        """Return when the store takes writes, or raise a DomainError; blocks."""


class Writer:
    """Takes commands, and appends what they decide."""

    def __init__(self, store: Store, view: View, feed: Feed, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._store = store
        self._view = view
        self._feed = feed
        self._clock = clock
        self._random = SystemRandom()
        self._waiting: list[Waiting] = []
        self._arrived = asyncio.Event()
        self._thread = Worker("ledger")
        self._closing = False
        self.failure: DomainError | None = None
        self._task = asyncio.create_task(self._run(), name="writer")

    async def submit(self, command: Command[T], caller: Caller, method: str, actor: str = "") -> T:
        """Return the command's result when what it changed is durable, or raise its DomainError."""
        result: T = await self._outcome(command, caller, Cause(method, actor or caller.namespace), _itself, None)
        return result

    async def respond(
        self, command: Command[T], caller: Caller, method: str, respond: Callable[[T], bytes] | None, attempt: Attempt | None
    ) -> bytes:
        """Return the response that is made of the command's result, when both are durable, or raise its DomainError.

        Without `respond` it is the result, an object, as it is stored. The repeat of an attempt gets the response of the first
        call that was not refused, and changes nothing.
        """
        cause = Cause(method, caller.namespace, attempt.request_id if attempt else "")
        response: bytes = await self._outcome(command, caller, cause, respond, attempt)
        return response

    async def probe(self) -> bool:
        """Find out whether the store takes writes (again), and keep what it said in `failure`."""
        try:
            await self._thread.do(self._store.probe)
        except DomainError as error:
            self.failure = error
        else:
            self.failure = None
        return self.failure is None

    async def between_commits(self, work: Callable[[], T]) -> T:
        """Return what some work on the store returns, done in the store's thread while no batch is committed."""
        return await self._thread.do(work)

    async def close(self) -> None:
        """Take no more commands, finish those that wait, and stop."""
        self._closing = True
        self._arrived.set()
        await self._task
        self._thread.close()

    async def _outcome(
        self,
        command: Command[Any],
        caller: Caller,
        cause: Cause,
        respond: Callable[[Any], Any] | None,
        attempt: Attempt | None,
    ) -> Any:
        if self._closing:
            raise ShuttingDown("the server is stopping")
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(command, caller, cause, respond, attempt, future))
        self._arrived.set()
        return await future

    async def _run(self) -> None:
        batch: Sequence[Waiting] = ()
        while not (self._closing and not self._waiting):
            await self._arrived.wait()
            if len(batch) > 1 or len(self._waiting) > 1:
                await self._settle()
            self._arrived.clear()
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            if self._waiting or self._closing:
                self._arrived.set()
            await self._write(batch)

    async def _settle(self) -> None:
        seen, quiet = len(self._waiting), 0
        until = time.monotonic() + SETTLE_SECONDS
        while quiet < SETTLE_TURNS and seen < MAX_BATCH and time.monotonic() < until:
            await asyncio.sleep(0)
            quiet = quiet + 1 if len(self._waiting) == seen else 0
            seen = len(self._waiting)

    async def _write(self, batch: Sequence[Waiting]) -> None:
        """Commit a batch, and tell its callers; when there are repeats in it, tell them, and decide the others again."""
        while batch:
            decided = Batch(self._view, self._clock(), self._random)
            for waiting in batch:
                decided.decide(waiting)
            try:
                kept = await self._append(decided)
            except DomainError as error:
                for waiting in batch:
                    waiting.tell(error)
                return
            if not kept:
                await self._tell(decided)
                return
            for waiting in batch:
                if waiting.attempt and (answer := kept.get(waiting.attempt.key)):
                    waiting.tell(answer.to(waiting.attempt))
            batch = [waiting for waiting in batch if not waiting.attempt or waiting.attempt.key not in kept]

    async def _append(self, batch: Batch) -> Mapping[bytes, Answer]:
        """Make a batch durable and visible; or return the answers that are kept for repeats in it: then nothing changed."""
        entries, answers = batch.entries, batch.answers
        if not entries and not answers:
            return {}
        kept = await self._in_thread(self._store.append, entries, answers)
        self.failure = None
        if kept:
            return kept
        failpoints.reach("before_notify")
        for entry, stored in batch.changes:
            self._view.apply(entry, stored.body)
        if entries:
            self._feed.publish(entries)
        return {}

    async def _tell(self, batch: Batch) -> None:
        """Tell callers their outcomes; those who are refused in an attempt, once it is sure that they repeat nothing."""
        failpoints.reach("before_reply")
        refused: list[tuple[Waiting, Attempt, DomainError]] = []
        for waiting, outcome in batch.outcomes:
            if waiting.attempt and isinstance(outcome, DomainError):
                refused.append((waiting, waiting.attempt, outcome))
            else:
                waiting.tell(outcome)
        if not refused:
            return
        try:
            kept = await self._in_thread(self._store.answers, [attempt.key for _, attempt, _ in refused])
        except DomainError as failure:
            for waiting, _, _ in refused:
                waiting.tell(failure)
            return
        for waiting, attempt, error in refused:
            waiting.tell(kept[attempt.key].to(attempt) if attempt.key in kept else error)

    async def _in_thread(self, run: Callable[..., T], *arguments: object) -> T:
        """Return what the store returns; whatever fails there is a DomainError, and remembered."""
        try:
            return await self._thread.do(run, *arguments)
        except DomainError as error:
            self.failure = error
        except Exception:
            log.exception("store failed", doing=run.__name__)
            self.failure = StorageUnavailable("the change could not be stored: try again")
        raise self.failure


def _itself(result: T) -> T:
    return result
