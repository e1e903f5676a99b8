"""A stream of datagrams to an address, until the first comes back; by a process of its own, as is what echoes them.

What is measured is done by other processes: in theirs, it would wait for the lock of their interpreter, for milliseconds. Each
datagram is a flow of its own: one that arrives half-way through the programming of a float may leave a conntrack entry without
translation behind, which shadows its flow as long as it lasts. Buoy cuts those; a peer that does not would never pass.
"""

import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Address
from multiprocessing import get_context
from multiprocessing.connection import Connection

from tests.support.netns import inside
from tests.support.probes import ECHO_PORT

GAP = 0.2e-3  # seconds between two datagrams
GIVEN_UP = 10.0
_SPAWN = get_context("spawn")


class Prober:
    """Asks from a network namespace, where nothing is resolved by ARP: the addresses are routed by way of a node."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, address: IPv4Address) -> None:
        """Starts asking."""
        self._connection.send(address)
        self._connection.recv()

    def first_echo(self) -> float:
        """The time of the moment when the first answer came (perf_counter, which is the same in all processes)."""
        moment: float | None = self._connection.recv()
        if moment is None:
            raise TimeoutError(f"no packet passed within {GIVEN_UP:g} s")
        return moment


@contextmanager
def prober(netns: str) -> Iterator[Prober]:
    """A process that asks from that namespace."""
    with _process(_probe, netns) as connection:
        yield Prober(connection)


@contextmanager
def echoing(netns: str) -> Iterator[None]:
    """A process in that namespace that sends each datagram back."""
    with _process(_echo, netns):
        yield


@contextmanager
def _process(body: Callable[[Connection, str], None], netns: str) -> Iterator[Connection]:
    """A process that runs until its connection is closed; it says None when it is ready."""
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=body, args=(theirs, netns), daemon=True)
    process.start()
    theirs.close()
    try:
        ours.recv()
        yield ours
    finally:
        ours.close()
        process.join()


def _echo(connection: Connection, netns: str) -> None:
    with inside(netns):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("", ECHO_PORT))
    connection.send(None)
    while True:
        ready = select.select([server.fileno(), connection.fileno()], [], [])[0]
        if connection.fileno() in ready:
            return
        server.sendto(*server.recvfrom(65536))


def _probe(connection: Connection, netns: str) -> None:
    connection.send(None)
    with inside(netns):
        while True:
            try:
                address = connection.recv()
            except EOFError:
                return
            connection.send(None)
            connection.send(_first_echo(address))


def _first_echo(address: IPv4Address) -> float | None:
    deadline = time.perf_counter() + GIVEN_UP
    with ExitStack() as opened, select.epoll() as answers:
        while time.perf_counter() < deadline:
            asked = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            answers.register(asked, select.EPOLLIN)
            asked.sendto(address.packed, (str(address), ECHO_PORT))
            if select.select([answers.fileno()], [], [], GAP)[0] and _has_answer(answers):  # epoll itself waits 1 ms at least
                return time.perf_counter()
    return None


def _has_answer(answers: select.epoll) -> bool:
    return any(event & select.EPOLLIN and not event & select.EPOLLERR for _, event in answers.poll(0))
