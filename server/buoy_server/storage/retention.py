"""What is too old to be kept: reading connections find it, the writing one deletes it in chunks.

Everything goes from the oldest up, a few hundred rows a transaction: a process that ends in the middle leaves a whole ledger
that begins later. Pages that become free are used by what is written next: the file stops growing, it does not shrink.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from buoy_server.core.events import EventType
from buoy_server.storage.moments import microseconds
from buoy_server.storage.store import SqlStore, storage_error
from buoy_server.storage.tables import address_history, answers, events, ledger

CHUNK = 250  # rows of one deletion
SCAN = 5_000  # events that are looked at for one


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How much is kept of what was."""

    history: timedelta = timedelta(hours=24)
    entries: int = 1_000_000
    answers: timedelta = timedelta(hours=24)
    audit_events: timedelta = timedelta(days=90)
    mutate_events: timedelta = timedelta(days=90)
    status_events: timedelta = timedelta(days=7)
    address_history: timedelta = timedelta(days=90)
    resources_events: timedelta = timedelta(days=30)

    @property
    def events(self) -> Mapping[EventType, timedelta]:
        """How long each type of event is kept."""
        return {
            EventType.AUDIT: self.audit_events,
            EventType.MUTATE: self.mutate_events,
            EventType.STATUS: self.status_events,
            EventType.RESOURCES: self.resources_events,
        }


Step = Callable[[], None]  # one deletion, to be run by the writer's thread


class Past:
    """The old rows of a store, as steps that delete them; a step must be done before the next is asked for."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._looked: dict[EventType, int] = defaultdict(int)  # the revision up to which no old event of a type is left

    def floor(self, entries: int, before: datetime) -> int:
        """Return the oldest revision to keep: of so many entries, none from before a moment, and always the newest."""
        oldest, head = self._store.oldest(), self._store.head()
        with self._reading() as connection:
            young = bisect_left(range(oldest, head), microseconds(before), key=partial(_time_of, connection))
        return max(1, min(head, max(oldest + young, head - entries + 1)))

    def old_entries(self, floor: int) -> Iterator[Step]:
        """Yield the deletions of all entries below a revision."""
        while (oldest := self._store.oldest()) < floor:
            yield self._step(sa.delete(ledger).where(ledger.c.revision < min(oldest + CHUNK, floor)))

    def old_answers(self, before: datetime) -> Iterator[Step]:
        """Yield the deletions of all answers from before a moment."""
        query = sa.select(answers.c.number, answers.c.time).order_by(answers.c.number).limit(CHUNK)
        while rows := self._older(query, before):
            yield self._step(sa.delete(answers).where(answers.c.number <= rows[-1].number))

    def old_events(self, kind: EventType, before: datetime) -> Iterator[Step]:
        """Yield the deletions of all events of a type from before a moment. What was looked at once is not looked at again."""
        query = sa.select(events.c.revision, events.c.time, events.c.type).order_by(events.c.revision).limit(SCAN)
        while rows := self._older(query.where(events.c.revision > self._looked[kind]), before):
            old = [row.revision for row in rows if row.type == kind.value]
            for start in range(0, len(old), CHUNK):
                yield self._step(sa.delete(events).where(events.c.revision.in_(old[start : start + CHUNK])))
            self._looked[kind] = rows[-1].revision

    def old_periods(self, before: datetime) -> Iterator[Step]:
        """Yield the deletions of all periods of addresses that ended before a moment."""
        table = address_history
        query = sa.select(table.c.revision, table.c.until_time.label("time")).order_by(table.c.until_time).limit(CHUNK)
        while rows := self._older(query.where(table.c.until_time.is_not(None)), before):
            yield self._step(sa.delete(table).where(table.c.revision.in_([row.revision for row in rows])))

    def _step(self, deletion: sa.Delete) -> Step:
        return partial(self._store.drop, deletion)

    def _older(self, query: sa.Select[Any], before: datetime) -> Sequence[sa.Row[Any]]:
        with self._reading() as connection:
            return list(takewhile(lambda row: row.time < microseconds(before), connection.execute(query)))

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        try:
            with self._store.reading() as connection:
                yield connection
        except DBAPIError as error:
            raise storage_error(error) from error


def _time_of(connection: sa.Connection, revision: int) -> int:
    return connection.scalar(sa.select(ledger.c.time).where(ledger.c.revision == revision)) or 0
