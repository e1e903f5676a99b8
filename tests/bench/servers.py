"""The servers that are measured side by side: Buoy's, a bare one, and etcd; each a program of its own on the loopback."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab import processes
from tests.lab.processes import Program
from tests.support.waiting import wait_for


@dataclass(frozen=True, slots=True)
class Running:
    """One that serves."""

    target: str
    program: Program

    def resident(self) -> float:
        """The memory that it has in use, in KB."""
        status = Path(f"/proc/{self.program.pid}/status").read_text(encoding="ascii")
        return float(status.partition("VmRSS:")[2].split()[0])


@contextmanager
def buoy(directory: Path) -> Iterator[Running]:
    """A buoy-server, on SQLite in the directory."""
    place = processes.free_place(directory)
    with _running(processes.server(place, directory / "buoy.log"), place.target) as running:
        processes.wait_serving(running.program, place.target)
        yield running


@contextmanager
def bare(directory: Path) -> Iterator[Running]:
    """grpc.aio with nothing behind it."""
    target = f"127.0.0.1:{processes.free_port()}"
    argv = (sys.executable, "-m", "tests.bench.bare_server", target)
    with _running(Program("bare server", argv, directory / "bare.log"), target) as running:
        yield running


@contextmanager
def etcd(directory: Path) -> Iterator[Running]:
    """etcd, alone, with its defaults: a change is on the disk before it is answered."""
    target, peer = f"127.0.0.1:{processes.free_port()}", f"http://127.0.0.1:{processes.free_port()}"
    urls = ("--listen-client-urls", f"http://{target}", "--advertise-client-urls", f"http://{target}")
    peers = ("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}")
    argv = ("etcd", "--data-dir", str(directory / "etcd"), *urls, *peers, "--logger", "zap", "--log-level", "warn")
    with _running(Program("etcd", argv, directory / "etcd.log"), target) as running:
        yield running


@contextmanager
def _running(program: Program, target: str) -> Iterator[Running]:
    program.start()
    try:
        wait_for(f"{program.name} to listen", lambda: _listens(program, target), seconds=20)
        yield Running(target, program)
    finally:
        if program.running:
            program.stop()


def _listens(program: Program, target: str) -> bool:
    if not program.running:
        raise RuntimeError(f"{program.name} ended at its start: {program.last_words()}")
    host, _, port = target.rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0
