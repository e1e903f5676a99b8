"""`make bench`: measures, prints one table, writes .bench/results.json. `make bench ROWS=1,2` takes only these rows.

A missed target is printed as missed, and is no error: a benchmark is no test.
"""

import json
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from buoy_server import logs

from tests.bench import (
    allocation,
    bulk_elements,
    calls,
    connections,
    cutting,
    disturbance,
    durable,
    fan_out,
    first_packet,
    from_nothing,
    idle_watchers,
    million,
    one_element,
    rest,
    restart,
    slow_readers,
)
from tests.bench.comparison import HEADING, Comparison
from tests.support import netns

RESULTS = Path(".bench/results.json")
ROWS = {
    "1": first_packet.measure,
    "2": one_element.measure,
    "3": bulk_elements.measure,
    "4": from_nothing.measure,
    "4b": restart.measure,
    "5": connections.measure,
    "6": disturbance.measure,
    "6a": allocation.measure,
    "7": calls.measure,
    "8": durable.measure,
    "9": fan_out.measure,
    "10": idle_watchers.measure,
    "11": cutting.measure,
    "12": million.measure,
    "slow": slow_readers.measure,
    "http": rest.measure,
}


def main() -> int:
    """Measures the rows that are asked for, all by default."""
    asked = sys.argv[1].split(",") if len(sys.argv) > 1 else list(ROWS)
    if unknown := [row for row in asked if row not in ROWS]:
        sys.stderr.write(f"bench: no row {', '.join(unknown)}; there are {', '.join(ROWS)}\n")
        return 2
    comparisons: list[Comparison] = []
    try:
        for row in asked:
            sys.stdout.write(f"row {row}: {(sys.modules[ROWS[row].__module__].__doc__ or '').splitlines()[0]}\n")
            sys.stdout.flush()
            comparisons += _measured(row)
    finally:
        _report(comparisons)
    return 0


def _measured(row: str) -> list[Comparison]:
    """In a process of its own, so that no row finds what another left: threads, connections, garbage, namespaces."""
    netns.settle()
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=logs.configure, initargs=("warning",)) as process:
        return process.submit(ROWS[row]).result()


def _report(comparisons: list[Comparison]) -> None:
    lines = [HEADING, *(comparison.line() for comparison in comparisons)]
    lines += [f"NO PEER for row {one.row}: {one.against} could not be run here." for one in comparisons if one.peer is None]
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps([one.record() for one in comparisons], indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
