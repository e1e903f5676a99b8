"""Appending to the ledger and reading it back.

One connection writes, in the writer's thread, and is the only one that ever checkpoints (SQLite before 3.51.3 may corrupt a
WAL database that two connections write at once); readers have connections of their own that cannot write.
"""

import json
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from itertools import groupby
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from buoy_server import failpoints
from buoy_server.codec.packing import unpack
from buoy_server.core.changes import Change
from buoy_server.core.errors import DomainError, StorageFull, StorageUnavailable
from buoy_server.core.events import Event, EventType
from buoy_server.core.history import Period
from buoy_server.core.state import Cause, Kind
from buoy_server.feed.answers import Answer
from buoy_server.feed.entry import Committed
from buoy_server.storage import answers as kept_answers
from buoy_server.storage import history
from buoy_server.storage.history import HistoryWriter
from buoy_server.storage.moments import EPOCH, microseconds, moment
from buoy_server.storage.prepared import deletion, insertion, upsertion
from buoy_server.storage.tables import STATE_TABLES, events, identity, ledger, signing_keys
from buoy_server.storage.tables import answers as answer_table

_LOAD_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its place in the ledger."""

    revision: int
    time: datetime
    event: Event
    cause: Cause


class SqlStore:
    """The ledger and the tables of current state in one database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writing: sa.Connection | None = None
        self._to_ledger = insertion(ledger, engine.dialect)
        self._to_events = insertion(events, engine.dialect)
        self._to_answers = insertion(answer_table, engine.dialect)
        self._insertions = {kind: insertion(state.table, engine.dialect) for kind, state in STATE_TABLES.items()}
        self._history = HistoryWriter(engine.dialect)
        self._upserts = {kind: upsertion(state.table, engine.dialect) for kind, state in STATE_TABLES.items()}
        self._deletions = {kind: deletion(state.table, engine.dialect) for kind, state in STATE_TABLES.items()}

    def append(self, entries: Sequence[Committed], answers: Sequence[Answer] = ()) -> Mapping[bytes, Answer]:
        """Write entries, the rows that they change and answers in one durable transaction, or raise a DomainError.

        Where answers are kept under some of the keys already, nothing is written, and those are returned by their keys.
        """
        try:
            with self._connection().begin():
                if answers:
                    self._to_answers.execute(self._connection(), [kept_answers.row_of(answer) for answer in answers])
                self._write(entries)
                failpoints.reach("before_commit")
            failpoints.reach("after_commit")
        except IntegrityError as error:
            if kept := self.answers([answer.key for answer in answers]):
                return kept
            raise StorageUnavailable("another change came first: try again") from error
        except DBAPIError as error:
            raise storage_error(error) from error
        return {}

    def answers(self, keys: Sequence[bytes]) -> Mapping[bytes, Answer]:
        """Return the answers that are kept under some of these keys, or raise a DomainError."""
        try:
            with self._engine.connect() as connection:
                return kept_answers.find(connection, keys)
        except DBAPIError as error:
            raise storage_error(error) from error

    def probe(self) -> None:
        """Find out whether the database takes writes again; raises a DomainError when it does not."""
        try:
            with self._connection().begin() as transaction:
                self._connection().execute(sa.insert(ledger), _row(_PROBE))
                transaction.rollback()
        except DBAPIError as error:
            raise storage_error(error) from error

    def drop(self, deletion: sa.Delete) -> None:
        """Delete rows in one durable transaction, or raise a DomainError: nothing changed."""
        try:
            with self._connection().begin():
                self._connection().execute(deletion)
        except DBAPIError as error:
            raise storage_error(error) from error

    def reading(self) -> sa.Connection:
        """Return a connection to read with, for a `with`."""
        return self._engine.connect()

    def load(self, kind: Kind) -> Iterator[tuple[str, bytes]]:
        """Yield the key and the bytes of every object of a kind as it is now."""
        table = STATE_TABLES[kind].table
        with self._engine.connect() as connection:
            rows = connection.execution_options(yield_per=_LOAD_CHUNK).execute(sa.select(table.c.key, table.c.body))
            yield from rows

    def head(self) -> int:
        """Return the last revision, 0 for an empty ledger."""
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.max(ledger.c.revision))) or 0

    def oldest(self) -> int:
        """Return the oldest revision that is kept, 1 for an empty ledger."""
        with self._engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.min(ledger.c.revision))) or 1

    def read(self, after: int, limit: int) -> Sequence[Committed]:
        """Return at most `limit` entries after a revision, in order."""
        query = sa.select(ledger).where(ledger.c.revision > after).order_by(ledger.c.revision).limit(limit)
        with self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(query).mappings()]

    def events(self, key: str, kind: EventType | None, before: int, limit: int) -> Sequence[StoredEvent]:
        """Return at most `limit` events of an object, newest first, from before a revision (0: from the newest)."""
        query = sa.select(events).where(events.c.key == key).order_by(events.c.revision.desc()).limit(limit)
        if before:
            query = query.where(events.c.revision < before)
        if kind:
            query = query.where(events.c.type == kind.value)
        with self._engine.connect() as connection:
            return [_stored_event(row) for row in connection.execute(query).mappings()]

    def address_history(
        self, address: IPv4Address, at: datetime | None, rights: history.Rights | None, before: int, limit: int
    ) -> Sequence[Period]:
        """Return periods during which somebody had an address, newest first; see `history.find`."""
        with self._engine.connect() as connection:
            return history.find(connection, address, at, rights, before, limit)

    def signing_key(self) -> tuple[str, bytes]:
        """Return the key that tokens are signed with, as its id and its 32 bytes; one is made on first need."""
        with self._connection().begin():
            query = sa.select(signing_keys.c.kid, signing_keys.c.private_key).order_by(signing_keys.c.time.desc()).limit(1)
            found = self._connection().execute(query).first()
            if found is None:
                made = {
                    "kid": secrets.token_hex(8),
                    "private_key": secrets.token_bytes(32),
                    "time": microseconds(datetime.now(UTC)),
                }
                self._connection().execute(sa.insert(signing_keys), made)
                return str(made["kid"]), made["private_key"]  # type: ignore[return-value]
            return found.kid, found.private_key

    def cluster_id(self) -> str:
        """Return the identity of the database; it is given one on first need."""
        with self._connection().begin():
            found = self._connection().scalar(sa.select(identity.c.cluster_id))
            if found is None:
                found = str(uuid4())
                self._connection().execute(sa.insert(identity), {"cluster_id": found})
            return str(found)

    def close(self) -> None:
        """Close every connection."""
        if self._writing is not None:
            self._writing.close()
        self._engine.dispose()

    def _connection(self) -> sa.Connection:
        if self._writing is None or self._writing.closed or self._writing.invalidated:
            self._writing = self._engine.connect()
        return self._writing

    def _write(self, entries: Sequence[Committed]) -> None:
        if not entries:
            return
        connection = self._connection()
        self._to_ledger.execute(connection, [_row(entry) for entry in entries])
        said = [_event_row(entry, entry.said) for entry in entries if entry.said]
        if said:
            self._to_events.execute(connection, said)
        self._history.write(connection, entries)
        for kind, of_kind in groupby(sorted(entries, key=lambda entry: entry.kind), key=lambda entry: entry.kind):
            self._write_state(connection, kind, list(of_kind))

    def _write_state(self, connection: sa.Connection, kind: Kind, entries: Sequence[Committed]) -> None:
        """Write each state of each object in order: a value that one object gives up may be the next one's.

        What is new is inserted, and not written over what is there against the view: an address is not taken twice.
        """
        columns = STATE_TABLES[kind].columns
        for (gone, new), group in groupby(entries, key=lambda entry: (entry.after is None, entry.before_revision == 0)):
            if gone:
                self._deletions[kind].execute(connection, [{"gone": entry.key} for entry in group])
            else:
                rows = [{"key": e.key, "revision": e.revision, "body": e.body, **columns(e.after)} for e in group if e.after]
                (self._insertions if new else self._upserts)[kind].execute(connection, rows)


def storage_error(error: DBAPIError) -> DomainError:
    """Return what a failed statement means to the caller."""
    text = str(error.orig).lower()
    if "disk is full" in text or "no space left" in text:
        return StorageFull("the server's disk is full: nothing was changed; free space on it, then try again")
    return StorageUnavailable("the server's database does not take writes: nothing was changed; try again")


def _event_row(entry: Committed, event: Event) -> dict[str, Any]:
    return {
        "revision": entry.revision,
        "key": event.about or entry.key,
        "time": microseconds(entry.time),
        "type": event.type.value,
        "method": entry.cause.method,
        "actor": entry.cause.actor,
        "request_id": entry.cause.request_id,
        "message": event.message,
        "changes": _changes_text(event.changes) if event.changes else "",
    }


def _changes_text(changes: Sequence[Change]) -> str:
    return json.dumps([(change.property, change.before, change.after) for change in changes])


def _stored_event(row: Any) -> StoredEvent:
    changes = tuple(Change(*change) for change in json.loads(row["changes"] or "[]"))
    event = Event(EventType(row["type"]), row["message"], changes)
    return StoredEvent(row["revision"], moment(row["time"]), event, Cause(row["method"], row["actor"], row["request_id"]))


def _row(entry: Committed) -> dict[str, Any]:
    return {
        "revision": entry.revision,
        "transaction_revision": entry.transaction,
        "time": microseconds(entry.time),
        "kind": entry.kind.value,
        "key": entry.key,
        "before_revision": entry.before_revision,
        "body": entry.body,
        "method": entry.cause.method,
        "actor": entry.cause.actor,
        "request_id": entry.cause.request_id,
    }


def _entry(row: Any) -> Committed:
    kind = Kind(row["kind"])
    return Committed(
        revision=row["revision"],
        transaction=row["transaction_revision"],
        kind=kind,
        key=row["key"],
        before_revision=row["before_revision"],
        after=unpack(kind, row["body"]) if row["body"] is not None else None,
        body=row["body"],
        cause=Cause(row["method"], row["actor"], row["request_id"]),
        time=moment(row["time"]),
    )


_PROBE = Committed(-1, -1, Kind.NODE, "probe", 0, None, bytes(4096), Cause("Probe", "server"), EPOCH)
