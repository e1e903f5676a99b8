"""Row 5: new TCP connections a second through DNAT at 100,000 floats, against one float, conntrack alone, and iptables rules.

One client connects to addresses at random and resets, over lines side by side, in turns; the median ratio of the rounds counts.
"""

import os
import random
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path

from tests.bench import line, tables
from tests.bench.comparison import Comparison, median_ratio
from tests.bench.programs import find_program, program, run
from tests.support import netns

MANY, ROUNDS, SECONDS, PORT = 100_000, 7, 0.4, 7777
RULES = (1_000, 5_000, 10_000)
_ACCEPT = """
import socket, sys
listener = socket.create_server(("0.0.0.0", int(sys.argv[1])), backlog=4096)
print("ready", flush=True)
while True:
    listener.accept()[0].close()
"""
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: the connection ends at once, and its port is free again


@dataclass(frozen=True, slots=True)
class Way:
    """A line's number, and how many addresses lead by it."""

    number: int
    count: int

    def addresses(self) -> list[str]:
        """Some of them, at random; the same each time."""
        chance, first = random.Random(self.number), line.first_float(self.number)
        return [str(first + chance.randrange(self.count)) for _ in range(5_000)]


def measure() -> list[Comparison]:
    """Connects, in turns."""
    restore = _restore_program()
    ways = [Way(number, count) for number, count in enumerate((MANY, 1, MANY, *(RULES if restore else ())))]
    prepare: list[Callable[[int], None]] = [_floats(MANY), _floats(1), _conntrack_alone]
    prepare += [partial(_iptables, restore, way.count) for way in ways[3:] if restore]
    with line.lines(*prepare), accepting(), netns.inside(line.CLIENT):
        rounds = [[_rate(way.addresses()) for way in ways] for _ in range(ROUNDS + 1)][1:]
    peers: list[tuple[str, float | None]] = [("one float", 0.95), ("conntrack alone", 0.85)]
    peers += [(f"iptables, {count:,} rules", 2 if count == RULES[1] else None) for count in RULES]
    return [_row(rounds, place, *peer) for place, peer in enumerate(peers, 1)]


def _row(rounds: list[list[float]], place: int, against: str, limit: float | None) -> Comparison:
    pairs = [(figures[0], figures[place] if place < len(figures) else None) for figures in rounds]
    what = "new TCP connections, 100,000 floats"
    return Comparison("5", what, *median_ratio(pairs), "1/s", limit, against, least=True)


def _floats(count: int) -> Callable[[int], None]:
    def prepare(number: int) -> None:
        with tables.opened(line.router(number)) as (table, _):
            tables.fill(table, tables.pairs(count, line.first_float(number)))

    return prepare


def _conntrack_alone(_number: int) -> None:
    run(program("nft"), "table ip plain { chain forward { type filter hook forward priority 0; ct state new accept; }; }")


def _restore_program() -> Path | None:
    found = find_program("iptables-nft")
    return found.with_name("iptables-nft-restore") if found else None


def _iptables(restore: Path, count: int, number: int) -> None:
    """A rule a float, as Shaken Fist and Neutron have them."""
    floats = ((line.first_float(number) + place, tables.FIXED + place) for place in range(count))
    rules = "".join(f"-A PREROUTING -d {floating} -j DNAT --to-destination {fixed}\n" for floating, fixed in floats)
    run(restore, given=f"*nat\n{rules}COMMIT\n")


@contextmanager
def accepting(processors: set[int] | None = None) -> Iterator[None]:
    """The server accepts and closes, in a process of its own, on these processors if any are named."""
    process = netns.popen(line.SERVER, [sys.executable, "-c", _ACCEPT, str(PORT)], stdout=subprocess.PIPE)
    if processors:
        os.sched_setaffinity(process.pid, processors)
    try:
        if process.stdout is None or process.stdout.readline() != b"ready\n":
            raise RuntimeError("the server of the connections did not get ready")
        yield
    finally:
        netns.stop(process)


def _rate(addresses: list[str]) -> float:
    """Connections a second, one after the other."""
    begin = time.perf_counter()
    for count, address in enumerate(cycle(addresses)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.settimeout(5)
            client.connect((address, PORT))
        if (took := time.perf_counter() - begin) > SECONDS:
            return (count + 1) / took
    raise AssertionError("addresses are never used up")
