"""Databases that were changed past the server, one way each, and what a check must call that."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from buoy_server.codec.packing import pack, unpack
from buoy_server.core.model import Interface, InterfaceId, Network, PoolId, Promise, Reservation, ReservationType
from buoy_server.core.ranges import AddressRange
from buoy_server.core.state import Kind
from buoy_server.core.states import FloatingPhase, NetworkState
from buoy_server.storage.tables import STATE_TABLES

ABSENT = "00000000-0000-4000-8000-000000000000"
Break = Callable[[Path], None]


def sql(*statements: str) -> Break:
    """Change rows alone."""

    def change(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            for statement in statements:
                assert connection.execute(statement).rowcount > 0, statement

    return change


def edited(kind: Kind, which: Callable[[Any], bool], change: Callable[[Any], Any]) -> Break:
    """Change an object where its row and its last ledger entry have it, as if the server had written it so."""
    table = STATE_TABLES[kind].table.name

    def edit(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            rows = connection.execute(f"SELECT key, revision, body FROM {table} ORDER BY key").fetchall()  # noqa: S608
            key, revision, record = next((key, rev, unpack(kind, body)) for key, rev, body in rows if which(unpack(kind, body)))
            body = pack(change(record))
            connection.execute(f"UPDATE {table} SET body = ? WHERE key = ?", (body, key))  # noqa: S608
            connection.execute("UPDATE ledger SET body = ? WHERE revision = ?", (body, revision))

    return edit


def forgotten(which: Callable[[Reservation], bool]) -> Break:
    """Forget the record of an address, as if the server had done so."""

    def forget(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection, connection:
            rows = connection.execute("SELECT key, revision, body FROM reservations").fetchall()
            key, revision = next((key, rev) for key, rev, body in rows if which(unpack(Kind.RESERVATION, body)))  # type: ignore[arg-type]
            connection.execute("DELETE FROM reservations WHERE key = ?", (key,))
            connection.execute("UPDATE ledger SET body = NULL WHERE revision = ?", (revision,))

    return forget


def cut_short(path: Path) -> None:
    """Half of the file is lost."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def _is(type_: ReservationType) -> Callable[[Reservation], bool]:
    return lambda record: record.type is type_


def _record(type_: ReservationType, **changes: Any) -> Break:
    return edited(Kind.RESERVATION, _is(type_), lambda record: replace(record, **changes))


def _interface(**changes: Any) -> Break:
    return edited(Kind.INTERFACE, lambda it: it.floating is not None, lambda it: replace(it, **changes))


def _floats(change: Callable[[Any], Any]) -> Break:
    return edited(Kind.INTERFACE, lambda it: it.floating is not None, lambda it: replace(it, floating=change(it.floating)))


def _network(which: str, change: Callable[[Network], Network]) -> Break:
    return edited(Kind.NETWORK, lambda network: network.name == which, change)


def _twin(interface: Interface) -> bool:
    return interface.floating is None and interface.ipv4 in IPv4Network("10.0.0.0/24")


_T = ReservationType
# What is done to the database, and the check that must notice; each check of them all is in it.
BROKEN: dict[str, tuple[str, Break]] = {
    "half of the file": ("DAMAGED", cut_short),
    "an entry is gone": ("LEDGER_GAP", sql("DELETE FROM ledger WHERE revision = 5")),
    "half of a transaction": ("LEDGER_GAP", sql("UPDATE ledger SET transaction_revision = 99999 WHERE revision = 5")),
    "an entry between": (
        "LEDGER_CHAIN",
        sql("UPDATE ledger SET before_revision = 1 WHERE revision = (SELECT revision FROM interfaces LIMIT 1)"),
    ),
    "a row is gone": ("ROW_FOLD", sql("DELETE FROM instances WHERE key = (SELECT min(key) FROM instances)")),
    "a row of another time": ("ROW_FOLD", sql("UPDATE nodes SET revision = revision - 1")),
    "a row with another body": ("ROW_FOLD", sql("UPDATE pools SET body = body || x'1a00'")),
    "a row of a forgotten object": (
        "ROW_FOLD",
        sql(
            "INSERT INTO pools (key, revision, body, name) SELECT key, before_revision, x'', 'again' FROM ledger "
            "WHERE body IS NULL AND kind = 'pool'"
        ),
    ),
    "a row that nobody wrote": ("ROW_FOLD", sql("UPDATE ledger SET key = 'x' WHERE revision = (SELECT revision FROM nodes)")),
    "a row that is no object": ("ROW_UNREADABLE", sql("UPDATE interfaces SET body = x'ffff'")),
    "a unique column": ("ROW_COLUMN", sql("UPDATE interfaces SET macaddr = key")),
    "a record of another address": ("RESERVATION_KEY", _record(_T.FLOATING, address=IPv4Address("192.0.2.99"))),
    "a record of no pool": ("RESERVATION_KEY", _record(_T.FLOATING, pool=None)),
    "a record of another pool": ("RESERVATION_PLACE", _record(_T.FLOATING, pool=PoolId(ABSENT))),
    "a record of an unknown network": ("RESERVATION_PLACE", _record(_T.INSTANCE, network_uuid=ABSENT)),
    "a float of nobody's": ("RESERVATION_OWNER", _record(_T.FLOATING, owner=ABSENT)),
    "a fixed address of nobody's": ("RESERVATION_OWNER", _record(_T.INSTANCE, owner=ABSENT)),
    "a float promised to nobody": (
        "RESERVATION_OWNER",
        _record(_T.FLOATING, promise=Promise(interface=InterfaceId(ABSENT), actor="system")),
    ),
    "a routed address of nobody's": ("RESERVATION_OWNER", _record(_T.ROUTED, owner=ABSENT)),
    "a gateway address of nobody's": ("RESERVATION_OWNER", _record(_T.GATEWAY, owner=ABSENT)),
    "an address kept for nobody": ("RESERVATION_OWNER", _record(_T.RESERVED, namespace="absent")),
    "a float that its node gave up": ("RESERVATION_OWNER", _interface(floating=None)),
    "a rest without end": ("QUARANTINE", _record(_T.DELETION_HALO, until=None)),
    "a rest of years": (
        "QUARANTINE",
        edited(Kind.RESERVATION, _is(_T.DELETION_HALO), lambda it: replace(it, until=it.since + timedelta(days=999))),
    ),
    "a pool too small": (
        "POOL_USAGE",
        edited(Kind.POOL, lambda _: True, lambda pool: replace(pool, ranges=(AddressRange.parse("192.0.2.7"),))),
    ),
    "a float without a record": ("HOLDER_RECORD", forgotten(_is(_T.FLOATING))),
    "a fixed address without a record": ("HOLDER_RECORD", forgotten(_is(_T.INSTANCE))),
    "a routed address without a record": ("HOLDER_RECORD", forgotten(_is(_T.ROUTED))),
    "a record of another type": ("HOLDER_RECORD", _record(_T.ROUTED, type=_T.FLOATING)),
    "an address of two": (
        "ADDRESS_TWICE",
        edited(Kind.INTERFACE, _twin, lambda it: replace(it, ipv4=IPv4Address("10.0.0.9"))),
    ),
    "a MAC address of two": (
        "MACADDR_TWICE",
        edited(Kind.INTERFACE, _twin, lambda it: replace(it, macaddr="02:00:00:00:00:09")),
    ),
    "an interface nowhere": ("INTERFACE_PLACE", _interface(node="nowhere")),
    "an interface of no instance": ("INTERFACE_PLACE", _interface(instance_uuid=ABSENT)),
    "a confirmation of the future": ("GENERATION", _interface(observed_generation=99)),
    "a float active by itself": ("GENERATION", _floats(lambda it: replace(it, active_time=None))),
    "a float of the future": ("GENERATION", _floats(lambda it: replace(it, generation=99, phase=FloatingPhase.PENDING))),
    "a routed address active by itself": (
        "GENERATION",
        _network("net", lambda it: replace(it, routed=(replace(it.routed[0], active_time=None),))),
    ),
    "a network that waits for nothing": (
        "WAITS_FOR_NOTHING",
        _network("spare", lambda it: replace(it, state=NetworkState.DELETE_WAIT)),
    ),
    "a routed address where nothing is": (
        "NETWORK_NODE",
        _network("net", lambda it: replace(it, routed=(replace(it.routed[0], node="n2"),))),
    ),
    "a network within a pool": (
        "OVERLAP",
        _network("spare", lambda it: replace(it, netblock=IPv4Network("192.0.2.0/28"))),
    ),
    "a holder of whom the history knows nothing": ("HISTORY_OPEN", sql("DELETE FROM address_history WHERE type = 'floating'")),
    "another holder in the history": (
        "HISTORY_OPEN",
        sql("UPDATE address_history SET namespace = 'other' WHERE type = 'routed' AND until_time IS NULL"),
    ),
    "a holder that the history forgot to end": ("HISTORY_OPEN", sql("UPDATE address_history SET until_time = NULL")),
    "two holders at once": (
        "HISTORY_TWICE",
        sql("UPDATE address_history SET until_time = NULL, address = (SELECT min(address) FROM address_history)"),
    ),
}
