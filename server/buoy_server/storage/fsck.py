"""Checking a database as of one revision: the rows against the ledger, the objects against each other and the history.

All of it is read in one transaction of a connection that cannot write, so that a server may run on the database meanwhile. The
ledger is what happened; a row of a state table is what it came to, as far back as the ledger is kept.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from buoy_server.codec.packing import unpack
from buoy_server.core import fsck
from buoy_server.core.fsck import Invariant, Violation, nodes
from buoy_server.core.fsck.nodes import Live
from buoy_server.core.state import Kind
from buoy_server.feed.view import View
from buoy_server.storage import fsck_history
from buoy_server.storage.database import DatabaseError, database_path
from buoy_server.storage.store import SqlStore, storage_error
from buoy_server.storage.tables import STATE_TABLES, ledger

RESTORE = (
    "the file was changed past the server: restore the newest backup (`buoy-server restore`), and keep this one to look into"
)
MOST = 20  # violations of one kind that are told of the database itself


@dataclass(frozen=True, slots=True)
class Findings:
    """What was checked, as of which revision, and what does not hold."""

    revision: int
    objects: int
    violations: tuple[Violation, ...]


class Snapshot:
    """What a view is filled from: one reading transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def load(self, kind: Kind) -> Iterator[tuple[str, bytes]]:
        """Yield the key and the bytes of every object of a kind."""
        table = STATE_TABLES[kind].table
        yield from self._connection.execute(sa.select(table.c.key, _bytes_of(table)))

    def head(self) -> int:
        """Return the last revision, 0 for an empty ledger."""
        return self._connection.scalar(sa.select(sa.func.max(ledger.c.revision))) or 0


def check_database(url: str) -> Findings:
    """Check the database of a URL, or raise DatabaseError where there is none that can be read."""
    path = database_path(url)
    if not path.is_file():
        raise DatabaseError(f"database: there is no file {path}")
    damage = _damage(path)
    if damage:
        return Findings(0, 0, (_DAMAGED.violated(str(path), damage),))
    engine = sa.create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    try:
        with engine.connect() as connection:
            return check_snapshot(connection)
    except (DBAPIError, ValueError) as error:
        raise DatabaseError(f"database: {path} cannot be read: {error}") from error
    finally:
        engine.dispose()


def check_store(store: SqlStore, live: Live) -> Findings:
    """Check the database that a server runs on, and what its nodes have confirmed, or raise a DomainError."""
    try:
        with store.reading() as connection:
            return check_snapshot(connection, live)
    except DBAPIError as error:
        raise storage_error(error) from error


def check_snapshot(connection: sa.Connection, live: Live | None = None) -> Findings:
    """Check what a connection that is in no transaction yet reads as of one moment; a server's nodes too, where it is one's."""
    connection.exec_driver_sql("BEGIN")
    view, snapshot = View(), Snapshot(connection)
    found = [*_gaps(connection), *_chains(connection), *_folds(connection), *_columns(connection)]
    try:
        view.load(snapshot)
        found += fsck.violations(view)
        found += nodes.violations(view, live) if live is not None else ()
        found += fsck_history.violations(connection, view)
    except Exception as error:
        if not found:
            raise
        found.append(_UNREADABLE.violated("the objects", f"checking them ended at one that cannot be ({error})"))
    return Findings(snapshot.head(), sum(len(view.keys(kind)) for kind in Kind), tuple(found))


def _damage(path: Path) -> str:
    """Return what SQLite itself finds wrong with the file, in its words; empty when nothing is."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if found == "ok" else str(found)


def _gaps(connection: sa.Connection) -> Iterator[Violation]:
    after = sa.func.lead(ledger.c.revision).over(order_by=ledger.c.revision).label("after")
    pairs = sa.select(ledger.c.revision, after).subquery()
    query = sa.select(pairs).where(pairs.c.after != pairs.c.revision + 1).limit(MOST)
    for revision, following in connection.execute(query):
        yield _GAP.violated(f"revision {revision}", f"it is followed by {following}")
    inner = ledger.alias()
    ends = sa.select(inner.c.revision).where(inner.c.revision == ledger.c.transaction_revision).exists()
    for (revision,) in connection.execute(sa.select(ledger.c.revision).where(~ends).limit(MOST)):
        yield _GAP.violated(f"revision {revision}", "the end of its transaction is not there")


def _chains(connection: sa.Connection) -> Iterator[Violation]:
    """Each entry names the one before it of its object, as far as that is kept."""
    window: dict[str, Any] = {"partition_by": (ledger.c.kind, ledger.c.key), "order_by": ledger.c.revision}
    before = sa.func.lag(ledger.c.revision).over(**window).label("before")
    gone = sa.func.lag(ledger.c.body.is_(None)).over(**window).label("gone")
    entries = sa.select(ledger.c.revision, ledger.c.kind, ledger.c.key, ledger.c.before_revision, before, gone).subquery()
    expected = sa.case((entries.c.gone, 0), else_=entries.c.before)
    query = sa.select(entries).where(entries.c.before.is_not(None), entries.c.before_revision != expected).limit(MOST)
    for row in connection.execute(query):
        said = f"it comes after {row.before_revision} of its object, which was last changed at {row.before}"
        yield _CHAIN.violated(f"revision {row.revision} of {row.kind} {row.key}", said)


def _folds(connection: sa.Connection) -> Iterator[Violation]:
    """Each row is what its object's last entry left; one whose entries are dropped is older than the oldest that is kept."""
    oldest = connection.scalar(sa.select(sa.func.min(ledger.c.revision))) or 1
    last = sa.select(ledger.c.kind, ledger.c.key, sa.func.max(ledger.c.revision).label("revision")).group_by(
        ledger.c.kind, ledger.c.key
    )
    newest = last.subquery()
    for kind, state in STATE_TABLES.items():
        table = state.table
        of_kind = sa.and_(newest.c.kind == kind.value, newest.c.revision == ledger.c.revision)
        entries = sa.select(ledger.c.key, ledger.c.revision, ledger.c.body).join(newest, of_kind).subquery()
        rows = sa.select(
            table.c.key.label("row_key"),
            table.c.revision.label("row_revision"),
            entries.c.key,
            entries.c.revision,
            entries.c.body.is_(None).label("gone"),
            (entries.c.body == table.c.body).label("same"),
        ).select_from(table.outerjoin(entries, entries.c.key == table.c.key))
        for row in connection.execute(rows):
            wrong = _wrong_with_row(row, oldest)
            if wrong:
                yield _FOLD.violated(f"{kind} {row.row_key}", wrong)
        there = sa.select(table.c.key).where(table.c.key == entries.c.key).exists()
        lost = sa.select(entries.c.key, entries.c.revision).where(entries.c.body.is_not(None), ~there)
        for key, revision in connection.execute(lost):
            yield _FOLD.violated(f"{kind} {key}", f"revision {revision} of the ledger has it, and its table has not")


def _bytes_of(table: sa.Table) -> sa.Label[bytes]:
    """Return an object's bytes, whatever type SQLite thinks they are of."""
    return sa.cast(table.c.body, sa.LargeBinary).label("body")


def _wrong_with_row(row: Any, oldest: int) -> str:
    if row.revision is None:
        return (
            "" if row.row_revision < oldest else f"it is of revision {row.row_revision}, of which the ledger has no such entry"
        )
    if row.gone:
        return f"it is of revision {row.row_revision}, and was forgotten at {row.revision}"
    if row.revision != row.row_revision:
        return f"it is of revision {row.row_revision}, and the ledger's last entry of it is {row.revision}"
    return "" if row.same else f"it is not what revision {row.revision} of the ledger left"


def _columns(connection: sa.Connection) -> Iterator[Violation]:
    """What is unique stands in columns of its own, and is what the object has."""
    for kind, state in STATE_TABLES.items():
        plain = [column for column in state.table.c if column.name != "body"]
        for row in connection.execute(sa.select(*plain, _bytes_of(state.table))).mappings():
            about = f"{kind} {row['key']}"
            try:
                record = unpack(kind, row["body"])
            except Exception as error:  # noqa: BLE001 - protobuf raises its own; whatever it is, it is what was found
                yield _UNREADABLE.violated(about, f"its row cannot be read: {error}")
                continue
            wanted = {**state.columns(record), "key": record.key, "revision": record.revision}
            for name, value in wanted.items():
                if row[name] != value:
                    yield _COLUMN.violated(about, f"its {name} is {row[name]!r} in the table, and {value!r} in the object")


_DAMAGED = Invariant("DAMAGED", "the file is a whole database", RESTORE)
_GAP = Invariant("LEDGER_GAP", "revisions follow each other without a gap, and transactions are whole", RESTORE)
_CHAIN = Invariant("LEDGER_CHAIN", "each entry follows the one before it of its object", RESTORE)
_FOLD = Invariant("ROW_FOLD", "each row of a state table is what the ledger left of it", RESTORE)
_UNREADABLE = Invariant("ROW_UNREADABLE", "each row can be read", RESTORE)
_COLUMN = Invariant("ROW_COLUMN", "what must be unique is in its column", RESTORE)
INVARIANTS: tuple[Invariant, ...] = (
    _DAMAGED,
    _GAP,
    _CHAIN,
    _FOLD,
    _UNREADABLE,
    _COLUMN,
    *fsck.CHECKS,
    *nodes.CHECKS,
    *fsck_history.INVARIANTS,
)
