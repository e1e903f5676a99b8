"""Row 6: what the first packet of a flow through a float waits for while other floats are changed.

Flows begin (a SYN until its SYN-ACK), one after the other. Meanwhile, in another process, all other floats are taken out and
put in again in a loop, as the agent does it: on another processor, in turns with quiet; and 1,000 floats change every 20 ms on
the very processor that the packets need.
"""

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench import line, tables
from tests.bench.comparison import Comparison, percentile
from tests.bench.connections import PORT, RESET, accepting
from tests.support import netns

FLOATS, STEADY, CHANGED = 20_000, 1_000, 1_000
ROUNDS, FLOWS = 4, 5_000
ALLOWED_MS, LOST_MS = 3.0, 900.0  # a SYN is sent again after a second


def measure() -> list[Comparison]:
    """Quiet and replaced in turns, then the change on the same processor."""
    everywhere = os.sched_getaffinity(0)
    ours, other = min(everywhere), max(everywhere)
    quiet: list[float] = []
    replaced: list[float] = []
    with line.lines(_prepare), accepting({ours}), netns.inside(line.CLIENT):
        os.sched_setaffinity(0, {ours})
        try:
            _flows(FLOWS // 5)
            for _ in range(ROUNDS):
                quiet += _flows(FLOWS)
                with _changing("replace", other):
                    replaced += _flows(FLOWS)
            with _changing("change", ours):
                beside = _flows(FLOWS)
        finally:
            os.sched_setaffinity(0, everywhere)
    every = [*quiet, *replaced, *beside]
    passed = sum(took < LOST_MS for took in every)
    what = "first packet, p99, maps replaced in a loop"
    return [
        Comparison("6", what, percentile(replaced, 99), percentile(quiet, 99), "ms", 1.2, "quiet"),
        Comparison("6", "  1,000 floats change on its CPU", percentile(beside, 99), ALLOWED_MS, "ms", 1, "3 ms"),
        Comparison("6", "  first packets that passed", passed, len(every), "", 1, "all", least=True),
    ]


def _prepare(number: int) -> None:
    with tables.opened(line.router(number)) as (table, _):
        tables.fill(table, tables.pairs(FLOATS, line.first_float(number)))


def _flows(count: int) -> list[float]:
    """Milliseconds until the answer to the first packet, of so many flows to floats that nobody changes."""
    first, chance = line.first_float(0), random.Random(count)
    addresses = [str(first + chance.randrange(STEADY)) for _ in range(count)]
    figures = []
    for address in addresses:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.settimeout(10)
            begin = time.perf_counter()
            client.connect((address, PORT))
            figures.append((time.perf_counter() - begin) * 1000)
    return figures


@contextmanager
def _changing(how: str, processor: int) -> Iterator[None]:
    """Another process that changes floats, on one processor."""
    argv = [sys.executable, "-m", "tests.bench.disturbance", how]
    process = netns.popen(None, argv, stdout=subprocess.PIPE)
    os.sched_setaffinity(process.pid, {processor})
    try:
        if process.stdout is None or process.stdout.readline() != b"ready\n":
            raise RuntimeError("the process that changes floats did not get ready")
        yield
    finally:
        netns.stop(process)


def _change(how: str) -> None:
    """The body of that process."""
    listed = tables.pairs(FLOATS + CHANGED, line.first_float(0))
    some = listed[STEADY:FLOATS] if how == "replace" else listed[FLOATS:]
    back = tables.swapped(some)
    with tables.opened(line.router(0)) as (table, _):
        tables.fill(table, some, back)  # whatever of them the last such process left
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            tables.fill(table, some, back)
            time.sleep(0 if how == "replace" else 0.02)
            tables.clear(table, some)
            time.sleep(0 if how == "replace" else 0.02)


if __name__ == "__main__":
    _change(sys.argv[1])
