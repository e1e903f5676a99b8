"""Row 12: a server with a million interfaces: its start, its memory, how fast it answers; against one with a thousand.

Both servers run side by side and are asked in turns, always for another interface. The memory an interface is the difference of
the two servers, with the records of addresses and the half instance that come with an interface; beside it stands what of it
the view holds for the interfaces themselves.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice
from pathlib import Path

import grpc
from buoy.v1 import interface_pb2
from buoy_server.core.state import Kind

from tests.bench.comparison import Comparison, percentile
from tests.bench.disk import disk
from tests.bench.population import Population, populate
from tests.bench.view_memory import memory_of
from tests.lab import processes
from tests.lab.processes import Program, ServerPlace

FEW, MANY = 1_000, 1_000_000
START_LIMIT, SIZE_LIMIT, GET_LIMIT = 25.0, 600.0, 1.1
ROUNDS, GETS, PAGES = 20, 200, 3
_SERVICE = "/buoy.v1.InterfaceService"
_OWNERS = [kind for kind in Kind if kind not in (Kind.INTERFACE, Kind.RESERVATION)]


class Asked:
    """A server of one size that is asked for its interfaces."""

    def __init__(self, population: Population, program: Program, channel: grpc.Channel, started: float) -> None:
        self.population = population
        self.program = program
        self.started = started
        self.memory = memory_of(program.pid)
        self.gets: list[float] = []
        self.pages: list[float] = []
        self._uuids = cycle(population.some)
        self._get: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"{_SERVICE}/GetInterface")
        self._list: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"{_SERVICE}/ListInterfaces")

    def ask(self) -> None:
        """Times some Gets and some pages."""
        for uuid in islice(self._uuids, GETS):
            request = interface_pb2.GetInterfaceRequest(interface_uuid=uuid).SerializeToString()
            self.gets.append(_timed(self._get, request))
        page = interface_pb2.ListInterfacesRequest(page_size=1000).SerializeToString()
        self.pages += [_timed(self._list, page) for _ in range(PAGES)]


def measure() -> list[Comparison]:
    """Fills two databases, starts a server on each, and asks them in turns."""
    with tempfile.TemporaryDirectory(prefix="buoy-bench-", dir=disk()) as name, ExitStack() as stack:
        few, many = (stack.enter_context(_server(Path(name) / str(size), size)) for size in (FEW, MANY))
        for asked in (few, many):
            asked.ask()
            asked.gets.clear()
            asked.pages.clear()
        for _ in range(ROUNDS):
            few.ask()
            many.ask()
        stack.close()
        return [*_answers(few, many), *_memory(few, many)]


@contextmanager
def _server(directory: Path, size: int) -> Iterator[Asked]:
    directory.mkdir()
    place = ServerPlace(directory, processes.free_port())
    population = populate(place.database, size)
    program = processes.server(place, directory / "server.log")
    begin = time.perf_counter()
    program.start()
    try:
        processes.wait_serving(program, place.target, seconds=300)
        started = time.perf_counter() - begin
        with grpc.insecure_channel(place.target) as channel:
            yield Asked(population, program, channel, started)
    finally:
        program.stop()


def _timed(call: "grpc.UnaryUnaryMultiCallable[bytes, bytes]", request: bytes) -> float:
    begin = time.perf_counter()
    call(request)
    return (time.perf_counter() - begin) * 1000


def _answers(few: Asked, many: Asked) -> list[Comparison]:
    def both(what: str, ours: list[float], peer: list[float], percent: int, limit: float | None) -> Comparison:
        what = f"{what} at 1,000,000, p{percent}"
        return Comparison("12", what, percentile(ours, percent), percentile(peer, percent), "ms", limit, "the same at 1,000")

    return [
        both("GetInterface", many.gets, few.gets, 50, GET_LIMIT),
        both("GetInterface", many.gets, few.gets, 99, None),
        both("a page of 1,000", many.pages, few.pages, 50, None),
        Comparison("12", "server start with 1,000,000", many.started, START_LIMIT, "s", 1, "25 s"),
    ]


def _memory(few: Asked, many: Asked) -> list[Comparison]:
    more = many.population.size - few.population.size
    whole = (many.memory - few.memory) / more
    path = many.population.path
    owners, interfaces = _view(path, _OWNERS), _view(path, [*_OWNERS, Kind.INTERFACE])
    view = (interfaces[0] - owners[0]) / many.population.size
    return [
        Comparison("12", "view's memory an interface", view, SIZE_LIMIT, "B", 1, "600 B"),
        Comparison("12", "with its addresses and half an instance", whole, view, "B", None, "the interface alone"),
        Comparison("12", "full garbage collection, frozen", interfaces[2], interfaces[1], "ms", None, "not frozen"),
    ]


def _view(path: Path, kinds: Sequence[Kind]) -> list[float]:
    command = [sys.executable, "-m", "tests.bench.view_memory", str(path), ",".join(kinds)]
    written = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [float(figure) for figure in written.split()]
