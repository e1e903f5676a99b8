"""Row 6a: allocating an address of a /8 pool that is half full, and 99 % full, against the same pool with 100,000 floats.

The floats are there, each with its interface and its record; the rest of what is taken is a synthetic fill. In turns, an
address is reserved through the Writer, durably; and the float of an interface is decided and dropped, which shows the
allocation without the disk.
"""

import asyncio
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from pathlib import Path
from random import SystemRandom

from buoy_server.core.command import Context
from buoy_server.core.commands.floating import FloatInterface
from buoy_server.core.commands.instances import CreateInstance
from buoy_server.core.commands.plug import InterfaceSpec
from buoy_server.core.commands.pools import UpdatePool
from buoy_server.core.commands.reserving import ReleaseAddress, ReserveAddress
from buoy_server.core.deciding import decide
from buoy_server.core.lookup import Caller, live_interfaces
from buoy_server.core.model import Driver
from buoy_server.core.state import Cause, Draft
from buoy_server.feed.feed import Feed
from buoy_server.feed.writer import Writer
from buoy_server.storage.database import open_database

from tests.bench.comparison import Comparison, percentile
from tests.bench.disk import disk
from tests.bench.population import FIRST_FLOATING, populate
from tests.bench.synthetic_fill import Fill, FilledView

FLOATS = 100_000
EIGHT = IPv4Network("100.0.0.0/8")
SHARES = {"empty": 0.0, "half full": 0.5, "99 % full": 0.99, "all but a thousand taken": 1 - 1000 / EIGHT.num_addresses}
ROUNDS, RESERVED, DECIDED = 15, 40, 200
FLAT = 1.25
_SYSTEM = Caller("system")

Figures = Mapping[str, list[float]]


def measure() -> list[Comparison]:
    """Fills a database, and allocates at each fill in turns."""
    with tempfile.TemporaryDirectory(prefix="buoy-bench-", dir=disk()) as name:
        path = Path(name) / "buoy.db"
        populate(path, FLOATS, str(EIGHT), 1)
        durable, decided = asyncio.run(_rounds(path))
    against = "the same with 100,000 floats alone"

    def row(what: str, figures: Figures, share: str, unit: str, limit: float | None) -> Comparison:
        ours, peer = percentile(figures[share], 50), percentile(figures["empty"], 50)
        return Comparison("6a", f"{what}, a /8 {share}", ours, peer, unit, limit, against)

    shares = [share for share in SHARES if share != "empty"]
    return [row("allocation, durable", durable, share, "ms", FLAT if "full" in share else None) for share in shares] + [
        row("allocation, a float decided", decided, share, "us", None) for share in shares
    ]


async def _rounds(path: Path) -> tuple[Figures, Figures]:
    database = open_database(f"sqlite:///{path}")
    view = FilledView()
    view.load(database.store)
    writer = Writer(database.store, view, Feed(database.store, view.revision))
    fills = {name: _fill(share) for name, share in SHARES.items()}
    durable: dict[str, list[float]] = defaultdict(list)
    decided: dict[str, list[float]] = defaultdict(list)
    try:
        interface = await _furnish(writer, view)
        for number in range(ROUNDS + 1):
            for name, fill in fills.items():
                view.fill = fill
                reserved, floated = await _reserve(writer), _float(view, interface)
                if number:  # the first round warms up
                    durable[name] += reserved
                    decided[name] += floated
    finally:
        await writer.close()
        database.close()
    return durable, decided


def _fill(share: float) -> Fill | None:
    return Fill(EIGHT, share, FIRST_FLOATING, FIRST_FLOATING + FLOATS) if share else None


async def _furnish(writer: Writer, view: FilledView) -> str:
    """Let released addresses be free at once, and make an interface that does not float; return its uuid."""
    pool = UpdatePool(pool_ref="public", quarantine=timedelta(), low_percent=0)
    await writer.submit(pool, _SYSTEM, "UpdatePool")
    spec = InterfaceSpec(network_ref="net0")
    command = CreateInstance(name="bench", namespace="tenant0", node="node0", driver=Driver.NETNS, interfaces=(spec,))
    return live_interfaces(view, await writer.submit(command, _SYSTEM, "CreateInstance"))[0].uuid


async def _reserve(writer: Writer) -> list[float]:
    """Reserves addresses one after the other, durably, and returns the milliseconds of each; gives them back."""
    took, records = [], []
    for _ in range(RESERVED):
        begin = time.perf_counter()
        records.append(await writer.submit(ReserveAddress(namespace="tenant0"), _SYSTEM, "ReserveAddress"))
        took.append((time.perf_counter() - begin) * 1000)
    for record in records:
        await writer.submit(ReleaseAddress(address=record.address), _SYSTEM, "ReleaseAddress")
    return took


def _float(view: FilledView, uuid: str) -> list[float]:
    """Decides floats as the writer does, drops them, and returns the microseconds of each."""
    command, context = FloatInterface(interface_uuid=uuid), Context(_SYSTEM, SystemRandom())
    took = []
    for _ in range(DECIDED):
        batch = Draft(view, Cause("", ""), datetime.now(UTC))
        begin = time.perf_counter()
        decide(command, Draft(batch, Cause("FloatInterface", "system"), batch.now), context)
        took.append((time.perf_counter() - begin) * 1e6)
    return took
