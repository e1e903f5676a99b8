"""The lean client (tests/bench/lean, in Go): built when it is needed, run in a process of its own, its figures read."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.bench.disk import disk

SOURCE = Path(__file__).parent / "lean"
MAX_SECONDS = 240.0


@dataclass(frozen=True, slots=True)
class Watch:
    """How a server's watch is opened, and what its messages are, by the numbers of their fields: see lean/main.go."""

    method: str
    request: bytes
    ready: int
    events: int = 0
    revision: str = "0"
    open: bool = False

    @property
    def arguments(self) -> list[str]:
        """As the client takes them."""
        numbers = [f"-ready={self.ready}", f"-events={self.events}", f"-revision={self.revision}"]
        return [f"-watch={self.method}", f"-request={self.request.hex()}", *numbers, *(["-open"] if self.open else [])]


def run(what: str, target: str, arguments: Sequence[str], requests: Sequence[bytes]) -> dict[str, Any]:
    """Runs it with these requests, and returns what it reports."""
    lines = "\n".join(request.hex() for request in requests)
    report: dict[str, Any] = json.loads(_output([what, f"-target={target}", *arguments], lines))
    return report


def connect(arguments: Sequence[str]) -> list[list[float]]:
    """Makes TCP connections, from the namespace that the calling thread is in: so many a second, by round and way."""
    rates: list[list[float]] = json.loads(_output(["connect", *arguments]))
    return rates


def _output(arguments: Sequence[str], given: str = "") -> str:
    command = [_program(), *arguments]
    done = subprocess.run(command, check=False, input=given, capture_output=True, text=True, timeout=MAX_SECONDS)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments[:2])}: {done.stderr.strip()}")
    return done.stdout


@dataclass(frozen=True, slots=True)
class Held:
    """Watches that stay open."""

    process: "subprocess.Popen[str]"

    def more(self, count: int) -> None:
        """Opens some, and returns when they are in place."""
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("the lean client has no pipes")
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(f"{count} more watches did not open")


@contextmanager
def held(target: str, watch: Watch) -> Iterator[Held]:
    """Runs it with watches that nothing is sent to."""
    command = [_program(), "hold", f"-target={target}", *watch.arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Held(process)


@cache
def _program() -> str:
    program = disk() / "lean"
    environment = {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false"}
    subprocess.run(["go", "build", "-o", str(program), "."], check=True, cwd=SOURCE, env=environment)
    return str(program)
