"""A batch of commands, decided one after the other over one draft; nothing of it is durable yet."""

from asyncio import Future
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any

import structlog

from buoy_server.codec.packing import pack
from buoy_server.core.command import Command, Context
from buoy_server.core.deciding import decide
from buoy_server.core.errors import DomainError
from buoy_server.core.events import event_of
from buoy_server.core.history import steps_of
from buoy_server.core.lookup import Caller
from buoy_server.core.model import AnyRecord
from buoy_server.core.state import Cause, Draft, Entry, State
from buoy_server.feed.answers import Answer, Attempt
from buoy_server.feed.entry import Committed

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A command whose caller waits; `respond` makes of its result what the caller is told: bytes where it is an attempt.

    Without it that is the result, an object, as it is stored.
    """

    command: Command[Any]
    caller: Caller
    cause: Cause
    respond: Callable[[Any], Any] | None
    attempt: Attempt | None
    future: "Future[Any]"

    def tell(self, outcome: Any) -> None:
        """Return the outcome to the caller, or raise it there; one who went away gets nothing, and what was decided stands."""
        if self.future.done():
            return
        if isinstance(outcome, DomainError):
            self.future.set_exception(outcome)
        else:
            self.future.set_result(outcome)


class Batch:
    """What a number of commands come to: entries and answers to be written, and an outcome for each caller."""

    def __init__(self, state: State, now: datetime, random: Random) -> None:
        self._draft = Draft(state, Cause("", ""), now)
        self._last: Draft | None = None  # of the last command, taken in when another one comes: mostly there is none
        self._random = random
        self._changes: list[tuple[Entry, Committed]] = []
        self._answers: dict[bytes, Answer] = {}
        self._outcomes: list[tuple[Waiting, Any]] = []

    @property
    def changes(self) -> Sequence[tuple[Entry, Committed]]:
        """The entries, in order, each also as it is written."""
        return self._changes

    @property
    def entries(self) -> list[Committed]:
        """The entries as they are written."""
        return [committed for _, committed in self._changes]

    @property
    def answers(self) -> Sequence[Answer]:
        """The answers to attempts, to be written with the entries."""
        return list(self._answers.values())

    @property
    def outcomes(self) -> Sequence[tuple[Waiting, Any]]:
        """Each caller with its response or its DomainError, as it is once the batch is durable."""
        return self._outcomes

    def decide(self, waiting: Waiting) -> None:
        """Decide one more command over those before it; the repeat of one of them gets the answer to that."""
        first = self._answers.get(waiting.attempt.key) if waiting.attempt else None
        outcome = first.to(waiting.attempt) if first and waiting.attempt else self._decided(waiting)
        self._outcomes.append((waiting, outcome))

    def _decided(self, waiting: Waiting) -> Any:
        if self._last is not None:
            self._draft.absorb(self._last)
            self._last = None
        draft = Draft(self._draft, waiting.cause, self._draft.now)
        try:
            result = decide(waiting.command, draft, Context(waiting.caller, self._random))
            changes = [(entry, _committed(entry, draft)) for entry in draft.entries]
            response = waiting.respond(result) if waiting.respond else _as_stored(result, changes)
        except DomainError as error:
            return error
        except Exception:
            log.exception("command failed", method=waiting.cause.method)
            return DomainError("the server could not work this out: please report it")
        self._last = draft
        self._changes += changes
        if attempt := waiting.attempt:
            self._answers[attempt.key] = Answer(attempt.key, attempt.request, response, draft.now)
        return response


def _as_stored(record: AnyRecord, changes: Sequence[tuple[Entry, Committed]]) -> bytes:
    """Return an object as bytes, which are there already where it was just written."""
    written = (committed.body for _, committed in reversed(changes) if committed.after is record)
    return next(written, None) or pack(record)


def _committed(entry: Entry, draft: Draft) -> Committed:
    return Committed(
        revision=entry.revision,
        transaction=draft.revision,
        kind=entry.kind,
        key=entry.key,
        before_revision=entry.before.revision if entry.before else 0,
        after=entry.after,
        body=pack(entry.after) if entry.after else None,
        cause=entry.cause,
        time=entry.time,
        said=event_of(entry),
        held=steps_of(entry, draft),
    )
