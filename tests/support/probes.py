"""Single packets between namespaces: UDP and TCP echoes, and ARP questions."""

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address

from tests.support.netns import inside
from tests.support.waiting import PATIENCE

ETHERTYPE_ARP = 0x0806
ARP_HEADER = struct.pack("!HHBB", 1, 0x0800, 6, 4)
ECHO_PORT = 7777


@contextmanager
def udp_echo(netns: str, port: int = ECHO_PORT) -> Iterator[None]:
    """Answers every datagram on that port of the namespace with the same bytes."""
    with inside(netns):
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("0.0.0.0", port))  # noqa: S104 - a namespace of our own
    with _background(server, lambda: server.sendto(*server.recvfrom(65536))):
        yield


@contextmanager
def tcp_echo(netns: str, port: int = ECHO_PORT) -> Iterator[None]:
    """Answers what comes over each TCP connection to that port of the namespace with the same bytes."""
    with inside(netns):
        server = socket.create_server(("0.0.0.0", port))  # noqa: S104 - a namespace of our own
    accepted: list[socket.socket] = []

    def serve() -> None:
        connection, _ = server.accept()
        accepted.append(connection)
        threading.Thread(target=_echo_stream, args=[connection], daemon=True).start()

    with _background(server, serve):
        try:
            yield
        finally:
            for connection in accepted:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


def ask_udp(netns: str, address: IPv4Address, *, port: int = ECHO_PORT, timeout: float = PATIENCE) -> bool:
    """Whether one datagram to this address comes back."""
    with inside(netns):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with client:
        client.settimeout(timeout)
        try:
            client.sendto(b"there?", (str(address), port))
            return client.recv(100) == b"there?"
        except OSError:
            return False


def ask_arp(netns: str, ifname: str, target: IPv4Address, source: IPv4Address, *, timeout: float = PATIENCE) -> str | None:
    """Asks on the LAN who has an address, and returns the MAC that answers, if any."""
    with inside(netns):
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETHERTYPE_ARP))
        sock.bind((ifname, ETHERTYPE_ARP))
    with sock:
        own = sock.getsockname()[4]
        ethernet = b"\xff" * 6 + own + struct.pack("!H", ETHERTYPE_ARP)
        sock.send(ethernet + ARP_HEADER + struct.pack("!H", 1) + own + source.packed + bytes(6) + target.packed)
        return _arp_answer(sock, target, time.monotonic() + timeout)


def _arp_answer(sock: socket.socket, target: IPv4Address, deadline: float) -> str | None:
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([sock], [], [], left)[0]:
            return None
        packet = sock.recv(100)
        if packet[20:22] == b"\0\2" and packet[28:32] == target.packed:
            return packet[22:28].hex(":")
    return None


def _echo_stream(connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        while data := connection.recv(65536):
            connection.sendall(data)


@contextmanager
def _background(server: socket.socket, serve_one: Callable[[], object]) -> Iterator[None]:
    """Calls `serve_one` whenever the socket has something, in a thread that ends with the `with`."""
    stop, stopped = socket.socketpair()

    def loop() -> None:
        while stopped not in (ready := select.select([server, stopped], [], [])[0]):
            if server in ready:
                with contextlib.suppress(OSError):  # an ICMP error of an earlier answer
                    serve_one()

    thread = threading.Thread(target=loop, name="echo", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.close()
        thread.join()
        stopped.close()
        server.close()
