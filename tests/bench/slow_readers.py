"""Row slow: 500 watchers and the writers, with 500 more watchers beside them that never read, against the same without those.

The rounds alternate. What the slow ones cost once, until their windows are full, is made before: it is what they cost for as
long as they stay that counts. The lean client fails where one of those that read misses a change.
"""

import tempfile
from pathlib import Path
from typing import Any

from tests.bench import deaf_watchers, servers
from tests.bench.comparison import Comparison, median_ratio
from tests.bench.disk import disk
from tests.bench.fan_out import Side, furnished

ROUNDS = 3
READING, DEAF = 500, 500
AGAINST = "without the slow ones"


def measure() -> list[Comparison]:
    """Measures with and without them, in turns."""
    with tempfile.TemporaryDirectory(prefix="buoy-bench-", dir=disk()) as name, servers.buoy(Path(name)) as server:
        side = furnished(server)
        rounds = [(_beside(side), side.run(READING)) for _ in range(ROUNDS)]

    def row(what: str, unit: str, figure: Any, target: float, *, least: bool = False) -> Comparison:
        figures = [(figure(beside), figure(alone)) for beside, alone in rounds]
        return Comparison("slow", what, *median_ratio(figures), unit, target, AGAINST, least=least)

    return [
        row(f"events to {READING}, {DEAF} never read", "1/s", lambda one: one["Delivered"] / one["Seconds"], 0.9, least=True),
        row("  changes taken meanwhile", "1/s", lambda one: one["Changes"] / one["WriteSeconds"], 0.9, least=True),
        row("  one change to the last that reads, p50", "ms", lambda one: one["Isolated"], 1.1),
    ]


def _beside(side: Side) -> dict[str, Any]:
    with deaf_watchers.beside(side.server.target, DEAF):
        side.run(1)  # fills the windows of those that do not read
        return side.run(READING)
