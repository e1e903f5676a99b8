"""The table of who had which address when: a row a period, written in the transaction of the change (`core/history.py`)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from ipaddress import IPv4Address
from itertools import groupby
from typing import Any, cast

import sqlalchemy as sa

from buoy_server.codec.packing import unpack
from buoy_server.core.history import AskedBack, Began, Ended, Holder, Period, began_with
from buoy_server.core.model import AnyRecord, Reservation, ReservationType
from buoy_server.core.state import Cause, Kind
from buoy_server.feed.entry import Committed
from buoy_server.storage.moments import microseconds, moment
from buoy_server.storage.prepared import Prepared, insertion
from buoy_server.storage.tables import STATE_TABLES
from buoy_server.storage.tables import address_history as table

Rights = Sequence[tuple[str, int]]  # namespaces, each with the revision that it was made at

_HOLDER = ("pool", "namespace", "node", "interface_uuid", "instance_uuid", "instance_name", "network_uuid", "network_name")
_ENDED = ("ended_method", "ended_actor", "ended_request_id")


class HistoryWriter:
    """Writes what entries say of who has addresses, in their order."""

    def __init__(self, dialect: sa.Dialect) -> None:
        open_one = sa.and_(table.c.address == sa.bindparam("which"), table.c.until_time.is_(None))
        asked: dict[str, sa.BindParameter[str]] = {name: sa.bindparam(f"by_{name}") for name in _ENDED}
        first = {
            name: sa.case((table.c.ended_method == sa.literal_column("''"), value), else_=table.c[name])
            for name, value in asked.items()
        }
        ending = sa.update(table).where(open_one).values(until_time=sa.bindparam("ended"), **first)
        self._statements: Mapping[type, Prepared] = {
            Began: insertion(table, dialect),
            AskedBack: Prepared(sa.update(table).where(open_one).values(asked), dialect),
            Ended: Prepared(ending, dialect),
        }

    def write(self, connection: sa.Connection, entries: Iterable[Committed]) -> None:
        """Write the steps of entries."""
        steps = ((entry, step) for entry in entries for step in entry.held)
        for kind, group in groupby(steps, key=lambda pair: type(pair[1])):
            self._statements[kind].execute(connection, [_row(entry, step) for entry, step in group])


def _row(entry: Committed, step: Began | AskedBack | Ended) -> dict[str, Any]:
    time = microseconds(entry.time)
    if isinstance(step, Began):
        return began_row(entry.revision, step, time)
    cause = step.cause or Cause("", "")
    values = (cause.method, cause.actor, cause.request_id)
    return {"which": str(step.address), "ended": time, **dict(zip((f"by_{name}" for name in _ENDED), values, strict=True))}


def began_row(revision: int, step: Began, time: int) -> dict[str, Any]:
    """Return the row of a period that begins."""
    return {
        "revision": revision,
        "address": str(step.address),
        "type": step.holder.type.value,
        **{name: getattr(step.holder, name) for name in _HOLDER},
        "since_time": time,
        "until_time": None,
        "method": step.cause.method,
        "actor": step.cause.actor,
        "request_id": step.cause.request_id,
        **dict.fromkeys(_ENDED, ""),
    }


def begin_with_what_is_held(connection: sa.Connection) -> None:
    """Write a period for each address that somebody has, in a database that knows nothing of who had it before."""
    objects, records = _Stored(connection), STATE_TABLES[Kind.RESERVATION].table
    for body in connection.scalars(sa.select(records.c.body), execution_options={"yield_per": 1000}):
        record = cast("Reservation", unpack(Kind.RESERVATION, body))
        began = began_with(record, objects)
        if began is not None:
            connection.execute(sa.insert(table), began_row(record.revision, began, microseconds(record.since)))


class _Stored:
    """Objects as a database has them."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, kind: Kind, key: str) -> AnyRecord | None:
        """The object with that key, or None."""
        stored = STATE_TABLES[kind].table
        body = self._connection.scalar(sa.select(stored.c.body).where(stored.c.key == key))
        return None if body is None else unpack(kind, body)


def find(
    connection: sa.Connection, address: IPv4Address, at: datetime | None, rights: Rights | None, before: int, limit: int
) -> Sequence[Period]:
    """Return at most `limit` periods of an address, newest first, from before a revision (0: from the newest).

    With a moment, only those that it is in; with rights, only those of the namespaces, from when each was made on.
    """
    query = sa.select(table).where(table.c.address == str(address)).order_by(table.c.revision.desc()).limit(limit)
    if before:
        query = query.where(table.c.revision < before)
    if at is not None:
        still = sa.or_(table.c.until_time.is_(None), table.c.until_time > microseconds(at))
        query = query.where(table.c.since_time <= microseconds(at), still)
    if rights is not None:
        theirs = [sa.and_(table.c.namespace == name, table.c.revision >= made) for name, made in rights]
        query = query.where(sa.or_(sa.false(), *theirs))
    return [_period(row) for row in connection.execute(query).mappings()]


def _period(row: Any) -> Period:
    return Period(
        revision=row["revision"],
        address=IPv4Address(row["address"]),
        holder=Holder(type=ReservationType(row["type"]), **{name: row[name] for name in _HOLDER}),
        since=moment(row["since_time"]),
        until=None if row["until_time"] is None else moment(row["until_time"]),
        asked=Cause(row["method"], row["actor"], row["request_id"]),
        ended=Cause(*(row[name] for name in _ENDED)) if row["ended_method"] else None,
    )
