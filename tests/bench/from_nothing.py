"""Row 4: an agent from nothing to in sync, 100,000 floats over gRPC, both maps and the routes, against `nft -f` of both maps.

The agent's time is that of its process, from its start. Cold: the server is started at the same moment, on a database of so
many interfaces. Warm: the server runs, and the node has been purged.
"""

import tempfile
import time
from pathlib import Path

from tests.bench import bulk_elements, gateways, tables
from tests.bench.comparison import Comparison
from tests.bench.disk import disk
from tests.bench.programs import find_program, program, run
from tests.support import netns

FLOATS, ROUNDS = 100_000, 3


def measure() -> list[Comparison]:
    """Cold once, then warm, and the peer."""
    with tempfile.TemporaryDirectory(prefix="buoy-bench-", dir=disk()) as name:
        with gateways.opened("bench-", Path(name), 1, FLOATS) as stage:
            begin = time.time()
            stage.server.start()
            found = gateways.start_agent(stage)
            cold = time.time() - begin
            if found.floats < FLOATS:
                raise RuntimeError(f"the agent has {found.floats} floats of {FLOATS}")
            gateways.purge(stage)
            warm = gateways.start_agent(stage).seconds
        peer = _peer(Path(name) / "maps.nft")
    what = f"agent in sync, {FLOATS:,} floats, "
    return [
        Comparison("4", what + "warm", warm * 1000, peer, "ms", 0.35, "nft -f of both maps"),
        Comparison("4", what + "cold", cold * 1000, peer, "ms", 0.6, "nft -f of both maps"),
    ]


def _peer(file: Path) -> float | None:
    """The best of some."""
    if not find_program("nft"):
        return None
    file.write_text(bulk_elements.script(tables.pairs(FLOATS)), encoding="ascii")
    with netns.namespace("bench-peer") as name:
        return min(netns.call(name, _by_nft, name, file) for _ in range(ROUNDS))


def _by_nft(name: str, file: Path) -> float:
    with tables.opened(name) as (table, _):
        begin = time.perf_counter()
        run(program("nft"), "-f", file)
        took = (time.perf_counter() - begin) * 1000
        tables.clear(table, tables.pairs(FLOATS))
    return took
