"""Notices every change of a namespace's links, addresses, routes and nftables, by the kernel's own notifications."""

import socket
import struct
from ipaddress import IPv4Address
from types import TracebackType
from typing import Self

from tests.support.awake import awake
from tests.support.netns import await_carriers, inside
from tests.support.waiting import wait_for

NETLINK_NETFILTER = 12
LINK, ADDRESS, ROUTE = 1, 0x10, 0x40  # RTMGRP_*
NFNLGRP_NFTABLES = 7
RTM_NEWLINK, AF_BRIDGE = 16, 7
_RCVBUFFORCE, _BUFFER = 33, 8 << 20
HEADER = struct.Struct("=IHHII")


class Changes:
    """Counts changes from its creation on."""

    def __init__(self, netns: str) -> None:
        """Starts to listen."""
        self._netns = netns
        with inside(netns):
            route = _listen(socket.NETLINK_ROUTE, LINK | ADDRESS | ROUTE)
            netfilter = _listen(NETLINK_NETFILTER, 1 << (NFNLGRP_NFTABLES - 1))
        self._sockets = {"route": route, "nftables": netfilter}
        self._seen: list[tuple[str, bytes]] = []
        self._last = awake()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for listener in self._sockets.values():
            listener.close()

    def all(self) -> list[str]:
        """Those that there were so far: netlink family, message number (16 is a link), what follows the header in hex."""
        self._collect()
        return [f"{family} {HEADER.unpack_from(message)[1]} {message[HEADER.size :].hex()}" for family, message in self._seen]

    def about(self, address: IPv4Address) -> int:
        """How many of them bear this address."""
        self._collect()
        return sum(address.packed in message for _, message in self._seen)

    def settle(self, *, quiet: float = 1.2) -> None:
        """Waits until nothing came for a while, and forgets what did: the kernel tells of new links up to a second late."""
        await_carriers(self._netns)
        wait_for("no more changes", lambda: self._quiet_for(quiet))
        self._seen.clear()

    def _quiet_for(self, seconds: float) -> bool:
        before = len(self._seen)
        self._collect()
        if len(self._seen) > before:
            self._last = awake()
        return awake() - self._last > seconds

    def _collect(self) -> None:
        for family, listener in self._sockets.items():
            while data := _receive(listener):
                self._seen.extend((family, message) for message in _split(data) if not _is_of_a_timer(family, message))


def _listen(family: int, groups: int) -> socket.socket:
    listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family)
    _widen(listener)
    listener.bind((0, groups))
    listener.setblocking(False)
    return listener


def _widen(listener: socket.socket) -> None:
    """Makes room for what comes while this process is not let run."""
    try:
        listener.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, _BUFFER)
    except PermissionError:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)


def _receive(listener: socket.socket) -> bytes:
    try:
        return listener.recv(1 << 20)
    except BlockingIOError:
        return b""


def _is_of_a_timer(family: str, message: bytes) -> bool:
    """A bridge tells of each port again, 15 s after it came up (its forward delay); what is changed is told without it, too."""
    return family == "route" and HEADER.unpack_from(message)[1] == RTM_NEWLINK and message[HEADER.size] == AF_BRIDGE


def _split(data: bytes) -> list[bytes]:
    messages, offset = [], 0
    while offset < len(data):
        length = HEADER.unpack_from(data, offset)[0]
        messages.append(data[offset : offset + length])
        offset += (length + 3) & ~3
    return messages
