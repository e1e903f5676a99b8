"""Row 5: new TCP connections a second through DNAT at 100,000 floats, against one float, conntrack alone, and iptables rules.

A lean client (lean/connect.go) connects to addresses at random and resets, by lines side by side, in short turns; the median
ratio of the rounds counts. Each address has had a connection before. The server's socket leaves what has sent nothing to the
kernel (TCP_DEFER_ACCEPT), so no process runs but the client: two system calls a connection, and the rest is the kernel's.
"""

import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench import lean_client, line, tables
from tests.bench.comparison import Comparison, median_ratio
from tests.bench.programs import find_program, program, run
from tests.support import netns

MANY, ROUNDS, MOMENT, PORT = 100_000, 300, "10ms", 7777
RULES, TARGET_RULES = (1_000, 5_000, 10_000), 5_000
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
    """What a line is called, how many addresses lead by it, what prepares its router, and what ours is to be against it."""

    name: str
    count: int
    prepare: Callable[[int], None]
    limit: float | None = None


def measure() -> list[Comparison]:
    """Connects, in turns; ours is the first way."""
    ways = [
        Way("ours", MANY, _floats(MANY)),
        Way("one float", 1, _floats(1), 0.95),
        Way("conntrack alone", MANY, _conntrack_alone, 0.85),
        Way("no rules at all", MANY, lambda _: None),
        *_iptables_ways(),
    ]
    with line.lines(*(way.prepare for way in ways)), _listening(), netns.inside(line.CLIENT):
        listed = ",".join(f"{line.first_float(number)}/{way.count}" for number, way in enumerate(ways))
        rounds = lean_client.connect([f"-ways={listed}", f"-port={PORT}", f"-rounds={ROUNDS}", f"-moment={MOMENT}"])
    return [_row(rounds, place, way) for place, way in enumerate(ways) if place]


def _row(rounds: list[list[float]], place: int, way: Way) -> Comparison:
    ratio = median_ratio([(figures[0], figures[place] if place < len(figures) else None) for figures in rounds])
    return Comparison("5", "new TCP connections, 100,000 floats", *ratio, "1/s", way.limit, way.name, least=True)


def _floats(count: int) -> Callable[[int], None]:
    def prepare(number: int) -> None:
        with tables.opened(line.router(number)) as (table, _):
            tables.fill(table, tables.pairs(count, line.first_float(number)))

    return prepare


def _conntrack_alone(_number: int) -> None:
    run(program("nft"), "table ip plain { chain forward { type filter hook forward priority 0; ct state new accept; }; }")


def _iptables_ways() -> Iterator[Way]:
    """A rule a float for what comes; and with one more for what leaves, as Shaken Fist and Neutron have them."""
    if (found := find_program("iptables-nft")) is None:
        raise FileNotFoundError("iptables-nft is not on this machine: run `make bench`, which fetches it")
    restore = found.with_name("iptables-nft-restore")
    for count in RULES:
        limit = 2 if count == TARGET_RULES else None
        yield Way(f"iptables, {count:,} rules", count, partial(_iptables, restore, count, (_DNAT,)), limit)
    yield Way(f"iptables, {TARGET_RULES:,} floats", TARGET_RULES, partial(_iptables, restore, TARGET_RULES, (_DNAT, _SNAT)))


_DNAT = "-A PREROUTING -d {floating} -j DNAT --to-destination {fixed}\n"
_SNAT = "-A POSTROUTING -s {fixed} -j SNAT --to-source {floating}\n"


def _iptables(restore: Path, count: int, rules: tuple[str, ...], number: int) -> None:
    floats = [(line.first_float(number) + place, tables.FIXED + place) for place in range(count)]
    listed = "".join(rule.format(floating=floating, fixed=fixed) for rule in rules for floating, fixed in floats)
    run(restore, given=f"*nat\n{listed}COMMIT\n")


@contextmanager
def _listening() -> Iterator[None]:
    """The server: connections are made by the kernel, and wait there for the client to say something."""
    with netns.inside(line.SERVER):
        listener = socket.create_server(("", PORT), backlog=4096)
    with listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 60)
        yield


@contextmanager
def accepting(processors: set[int] | None = None) -> Iterator[None]:
    """Another server, which accepts and closes, in a process of its own, on these processors if any are named."""
    process = netns.popen(line.SERVER, [sys.executable, "-c", _ACCEPT, str(PORT)], stdout=subprocess.PIPE)
    if processors:
        os.sched_setaffinity(process.pid, processors)
    try:
        if process.stdout is None or process.stdout.readline() != b"ready\n":
            raise RuntimeError("the server of the connections did not get ready")
        yield
    finally:
        netns.stop(process)
