"""Row http: how many requests a second pass through HTTP, against gRPC for the same GetInterface.

Both are asked over connections that stay open, by one caller and by sixteen in two processes. The server's own processor time
stands beside it: that does not depend on how fast the clients are.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from buoy_client import BuoyClient, InterfaceSpec

from tests.bench.comparison import Comparison
from tests.bench.disk import disk
from tests.lab import stage as stages
from tests.lab.stage import Stage

ROUNDS = 3  # of each, in turns; the best of them counts, for what else the machine does only slows


@dataclass(frozen=True, slots=True)
class Figures:
    """Requests a second, and milliseconds of the server's processor time for one."""

    rate: float
    cost: float


def measure() -> list[Comparison]:
    """Asks for one interface, over and over."""
    with tempfile.TemporaryDirectory(prefix="buoy-bench-", dir=disk()) as name, _stage(Path(name)) as stage:
        uuid = _interface(stage)
        return [row for processes, each in ((1, 1), (2, 8)) for row in _rows(stage, uuid, processes, each)]


@contextmanager
def _stage(directory: Path) -> Iterator[Stage]:
    with stages.opened("bench-", directory, directory) as stage:
        stage.start_server()
        stage.start_agent("node1")
        yield stage


def _interface(stage: Stage) -> str:
    with BuoyClient(stage.place.target) as client:
        client.create_pool("bench", ["10.200.0.0/24"])
        network = client.create_network("bench", "10.0.0.0/24")
        instance = client.create_instance("bench", [InterfaceSpec(network.uuid)], node="node1", wait=True)
        return client.float_interface(client.get_instance_interfaces(instance.uuid)[0].uuid, wait=True).uuid


def _rows(stage: Stage, uuid: str, processes: int, each: int) -> list[Comparison]:
    rounds = [
        (_asked(stage, "http", uuid, processes, each), _asked(stage, "grpc", uuid, processes, each)) for _ in range(ROUNDS)
    ]
    http, grpc = (max(column, key=lambda figures: figures.rate) for column in zip(*rounds, strict=True))
    who = f"{processes * each} caller{'s' if processes * each > 1 else ''}"
    return [
        Comparison("http", f"HTTP GET of an interface, {who}", http.rate, grpc.rate, "1/s", None, "gRPC GetInterface"),
        Comparison("http", f"its processor time in the server, {who}", http.cost, grpc.cost, "ms", None, "gRPC GetInterface"),
    ]


def _asked(stage: Stage, kind: str, uuid: str, processes: int, each: int) -> Figures:
    target = stage.place.target if kind == "grpc" else stage.place.http.removeprefix("http://")
    command = [sys.executable, "-m", "tests.bench.load", kind, target, uuid, str(each)]
    askers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) for _ in range(processes)
    ]
    for asker in askers:
        if asker.stdout is None or asker.stdout.readline() != "ready\n":
            raise RuntimeError(f"{' '.join(command)} did not get ready")
    before = _processor_ms(stage.server.pid)
    for asker in askers:
        if asker.stdin is not None:
            asker.stdin.write("go\n")
    answers = [asker.communicate()[0].split() for asker in askers]
    used = _processor_ms(stage.server.pid) - before
    count = sum(int(number) for number, _ in answers)
    return Figures(sum(int(number) / float(seconds) for number, seconds in answers), used / count)


def _processor_ms(pid: int) -> float:
    """The processor time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")
