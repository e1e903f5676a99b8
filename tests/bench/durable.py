"""Row 8: how fast floats change durably below the RPC, against sqlite3 that writes the same rows, one transaction a change.

A change is a float or a defloat. Ours goes through the Writer: decided, worded, serialized, committed with synchronous = FULL,
taken into the view. What it wrote is then written again by sqlite3 alone, into a database of the same schema and settings.
"""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network
from itertools import groupby
from pathlib import Path
from typing import Any

from buoy_server.core import lookup
from buoy_server.core.commands.floating import DefloatInterface, FloatInterface
from buoy_server.core.commands.instances import CreateInstance
from buoy_server.core.commands.networks import CreateNetwork
from buoy_server.core.commands.nodes import AnnounceNode
from buoy_server.core.commands.plug import InterfaceSpec
from buoy_server.core.commands.pools import CreatePool
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Driver
from buoy_server.core.ranges import AddressRange
from buoy_server.feed.feed import Feed
from buoy_server.feed.view import View
from buoy_server.feed.writer import Writer
from buoy_server.storage.database import open_database

from tests.bench.comparison import Comparison
from tests.bench.disk import disk

CLIENTS = 64
ROUNDS, CHANGES = 5, 20  # changes a client a round; one client alone makes as many as all 64
_SYSTEM = Caller("system")
_STATE_TABLES = {"interface": "interfaces", "reservation": "reservations"}
_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL")


@dataclass(frozen=True, slots=True)
class Bench:
    """A writer over a real database, and the interfaces that are floated."""

    writer: Writer
    interfaces: tuple[str, ...]

    async def change(self, clients: int, changes: int) -> float:
        """Has so many clients make so many changes each, and returns the milliseconds that one took."""
        begin = time.perf_counter()
        await asyncio.gather(*(self._client(uuid, changes) for uuid in self.interfaces[:clients]))
        return (time.perf_counter() - begin) * 1000 / (clients * changes)

    async def _client(self, uuid: str, changes: int) -> None:
        for _ in range(changes // 2):
            await self.writer.submit(FloatInterface(interface_uuid=uuid), _SYSTEM, "FloatInterface")
            await self.writer.submit(DefloatInterface(interface_uuid=uuid), _SYSTEM, "DefloatInterface")


def measure() -> list[Comparison]:
    """Changes floats by one client, by 64, and by sqlite3, in turns; the best of each counts."""
    with tempfile.TemporaryDirectory(prefix="buoy-bench-", dir=disk()) as name:
        alone, together, raw = asyncio.run(_rounds(Path(name)))
    against = "the same rows by sqlite3, one by one"
    return [
        Comparison("8", "a durable float change, 1 client", alone, raw, "ms", 1.25, against),
        Comparison("8", "a durable float change, 64 clients", together, raw, "ms", 1 / 3, against),
    ]


async def _rounds(directory: Path) -> tuple[float, float, float]:
    open_database(f"sqlite:///{directory / 'raw.db'}").close()
    figures: list[tuple[float, float, float]] = []
    async with _bench(directory / "ours.db") as bench:
        await bench.change(CLIENTS, 2)
        for _ in range(ROUNDS):
            alone = await bench.change(1, CHANGES * CLIENTS)
            raw = _written_again(directory / "ours.db", directory / "raw.db")
            figures.append((alone, await bench.change(CLIENTS, CHANGES), raw))
    first, second, third = (min(column) for column in zip(*figures, strict=True))
    return first, second, third


@asynccontextmanager
async def _bench(path: Path) -> AsyncIterator[Bench]:
    database = open_database(f"sqlite:///{path}")
    view = View()
    view.load(database.store)
    writer = Writer(database.store, view, Feed(database.store, view.revision))
    try:
        await writer.submit(AnnounceNode(name="n", agent_version="1", external_interface="eth0"), _SYSTEM, "AnnounceNode")
        ranges = (AddressRange.parse("100.64.0.0/16"),)
        pool = CreatePool(name="public", ranges=ranges, exclusions=(), quarantine=timedelta(minutes=5))
        await writer.submit(pool, _SYSTEM, "CreatePool")
        network = CreateNetwork(name="net", namespace="", netblock=IPv4Network("10.0.0.0/16"), provide_nat=False)
        await writer.submit(network, _SYSTEM, "CreateNetwork")
        yield Bench(writer, tuple([await _interface(writer, view, f"web-{number}") for number in range(CLIENTS)]))
    finally:
        await writer.close()
        database.close()


async def _interface(writer: Writer, view: View, name: str) -> str:
    specs = (InterfaceSpec(network_ref="net"),)
    command = CreateInstance(name=name, namespace="", node="n", driver=Driver.NETNS, interfaces=specs)
    instance = await writer.submit(command, _SYSTEM, "CreateInstance")
    return lookup.live_interfaces(view, instance)[0].uuid


def _written_again(source: Path, target: Path) -> float:
    """Writes what the last changes wrote once more, one transaction each, and returns the milliseconds that one took."""
    with closing(sqlite3.connect(target, isolation_level=None)) as raw:
        for pragma in _PRAGMAS:
            raw.execute(f"PRAGMA {pragma}")
        (last,) = raw.execute("SELECT coalesce(max(revision), 0) FROM ledger").fetchone()
        transactions = _transactions(source, last)
        begin = time.perf_counter()
        for statements in transactions:
            raw.execute("BEGIN")
            for statement, values in statements:
                raw.execute(statement, values)
            raw.execute("COMMIT")
        return (time.perf_counter() - begin) * 1000 / len(transactions)


def _transactions(source: Path, after: int) -> list[list[tuple[str, Sequence[Any]]]]:
    """Return the statements of each change after a revision."""
    with closing(sqlite3.connect(source)) as ours:
        entries = ours.execute("SELECT * FROM ledger WHERE revision > ? ORDER BY revision", (after,)).fetchall()
        said = {row[0]: row for row in ours.execute("SELECT * FROM events WHERE revision > ?", (after,))}
        columns = {name: [row[1] for row in ours.execute(f"PRAGMA table_info({name})")] for name in _STATE_TABLES.values()}
        rows = {name: {row[0]: row for row in ours.execute(f"SELECT * FROM {name}")} for name in columns}  # noqa: S608 - ours
    transactions = []
    for _, group in groupby(entries, key=lambda entry: entry[1]):
        statements: list[tuple[str, Sequence[Any]]] = []
        for entry in group:
            statements.append((_insert("ledger", len(entry)), entry))
            if entry[0] in said:
                statements.append((_insert("events", len(said[entry[0]])), said[entry[0]]))
            if table := _STATE_TABLES.get(entry[3]):
                statements.append((_insert(table, len(columns[table])), rows[table][entry[4]]))
        transactions.append(statements)
    return transactions


def _insert(table: str, columns: int) -> str:
    return f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * columns)})"  # noqa: S608 - a table of ours
