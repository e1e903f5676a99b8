"""Buoy's programs as they really run: started from .venv/bin, logging into files, stopped, killed and started again."""

import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.lab.world import EXTERNAL_INTERFACE, NodeSite
from tests.support import netns
from tests.support.waiting import PATIENCE, wait_for

BIN = Path(sys.executable).parent
_FIRST_PORT, _SHARES, _SHARE = 10_000, 100, 200


def environment() -> dict[str, str]:
    """This process's variables without Buoy's: those may be of another server, such as a lab's."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BUOY_")}


@dataclass(slots=True)
class Program:
    """One of our programs; `netns` is where it runs, None for here, and `variables` are what it has beside the environment."""

    name: str
    argv: tuple[str, ...]
    log: Path
    netns: str | None = None
    process: subprocess.Popen[Any] | None = field(default=None, repr=False)
    variables: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        """Starts it, its words going to the end of its log."""
        with self.log.open("ab") as log:
            self.process = netns.popen(
                self.netns, self.argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment() | self.variables
            )

    def stop(self) -> int:
        """Asks it to end, as a service manager does, and returns its exit code."""
        return netns.stop(self._started())

    def kill(self) -> None:
        """Ends it without a last word: kill -9."""
        netns.stop(self._started(), how=signal.SIGKILL)

    @property
    def running(self) -> bool:
        """Whether it runs right now."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._started().pid

    def last_words(self, lines: int = 5) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def _started(self) -> subprocess.Popen[Any]:
        if self.process is None:
            raise RuntimeError(f"{self.name} was never started")
        return self.process


@dataclass(frozen=True, slots=True)
class ServerPlace:
    """Where a server keeps its data and listens: on TCP, and on a unix socket, which crosses network namespaces.

    It serves HTTP where that has a port, and takes callers without a token where it is insecure.
    """

    directory: Path
    port: int
    http_port: int | None = None
    insecure: bool = True

    @property
    def target(self) -> str:
        """The gRPC target for clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def agent_target(self) -> str:
        """The gRPC target for agents in the nodes' namespaces."""
        return f"unix://{self.directory}/server.sock"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.directory / "buoy.db"

    @property
    def database_url(self) -> str:
        """The database as the server's setting has it."""
        return f"sqlite:///{self.database}"

    @property
    def http(self) -> str:
        """The URL of its HTTP port."""
        return f"http://127.0.0.1:{self.http_port}"

    def key_file(self, node: str) -> Path:
        """Where a node's agent finds its key, if it needs one."""
        return self.directory / f"{node}.key"


def free_port() -> int:
    """A TCP port of the loopback that nobody uses."""
    return _free_ports(1)[0]


def free_place(directory: Path, *, insecure: bool = True) -> ServerPlace:
    """A place on ports that nobody uses, with HTTP."""
    port, http_port = _free_ports(2)
    return ServerPlace(directory, port, http_port, insecure)


def _free_ports(count: int) -> list[int]:
    """Ports of this process's own: between two runs of a server nobody else takes one, nor does the kernel for a client."""
    return list(islice((port for port in _ports if _is_free(port)), count))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _own_ports(process: int) -> Iterator[int]:
    """The ports of a process, in turn: below those that the kernel gives out (ip_local_port_range begins at 32,768)."""
    begin, turn = _FIRST_PORT + process % _SHARES * _SHARE, random.randrange(_SHARE)
    return cycle([*range(begin + turn, begin + _SHARE), *range(begin, begin + turn)])


_ports = _own_ports(os.getpid())


def server(place: ServerPlace, log: Path) -> Program:
    """A buoy-server, not started yet."""
    argv = [
        str(BIN / "buoy-server"),
        "--database",
        place.database_url,
        "--listen",
        place.target,
        "--listen",
        place.agent_target,
    ]
    if place.http_port is not None:
        argv += ["--http", f"127.0.0.1:{place.http_port}"]
    if place.insecure:
        argv.append("--insecure")
    return Program("server", tuple(argv), log)


def bootstrap(place: ServerPlace) -> str:
    """The first key of the namespace `system`; while no server runs there."""
    argv = [str(BIN / "buoy-server"), "bootstrap", "--database", place.database_url]
    done = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60, env=environment())
    return done.stdout.strip()


def agent(site: NodeSite, place: ServerPlace, log: Path) -> Program:
    """A buoy-agent for a node, not started yet."""
    node = ["--node", site.name, "--external-interface", EXTERNAL_INTERFACE, "--netns-prefix", site.netns_prefix]
    argv = [str(BIN / "buoy-agent"), "--server", place.agent_target, *node]
    if not place.insecure:
        argv += ["--key-file", str(place.key_file(site.name))]
    return Program(f"agent-{site.name}", tuple(argv), log, site.netns)


def wait_serving(program: Program, target: str, *, seconds: float = PATIENCE) -> None:
    """Waits until a server that was started says SERVING; if it ends instead, raises with its last words."""
    with grpc.insecure_channel(target, options=[("grpc.max_reconnect_backoff_ms", 50)]) as channel:
        health: Any = health_pb2_grpc.HealthStub(channel)  # type: ignore[no-untyped-call] # grpc_health has no types

        def serving() -> bool:
            if not program.running:
                raise RuntimeError(f"{program.name} ended at its start: {program.last_words()}")
            try:
                answer = health.Check(health_pb2.HealthCheckRequest(), timeout=PATIENCE, wait_for_ready=True)
            except grpc.RpcError:
                return False
            return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

        wait_for(f"{program.name} to serve at {target}", serving, seconds=seconds)
