"""Notices every change of a namespace's links, addresses, routes and nftables, by the kernel's own notifications."""

import socket
import struct
from ipaddress import IPv4Address
from types import TracebackType
from typing import Self

from tests.support.netns import inside

NETLINK_NETFILTER = 12
LINK, ADDRESS, ROUTE = 1, 0x10, 0x40  # RTMGRP_*
NFNLGRP_NFTABLES = 7
HEADER = struct.Struct("=IHHII")


class Changes:
    """Counts changes from its creation on."""

    def __init__(self, netns: str) -> None:
        """Starts to listen."""
        with inside(netns):
            self._sockets = [
                _listen(socket.NETLINK_ROUTE, LINK | ADDRESS | ROUTE),
                _listen(NETLINK_NETFILTER, 1 << (NFNLGRP_NFTABLES - 1)),
            ]
        self._seen: list[bytes] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for listener in self._sockets:
            listener.close()

    def all(self) -> int:
        """How many there were so far."""
        self._collect()
        return len(self._seen)

    def about(self, address: IPv4Address) -> int:
        """How many of them bear this address."""
        self._collect()
        return sum(address.packed in message for message in self._seen)

    def _collect(self) -> None:
        for listener in self._sockets:
            while data := _receive(listener):
                self._seen.extend(_split(data))


def _listen(family: int, groups: int) -> socket.socket:
    listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family)
    listener.bind((0, groups))
    listener.setblocking(False)
    return listener


def _receive(listener: socket.socket) -> bytes:
    try:
        return listener.recv(1 << 20)
    except BlockingIOError:
        return b""


def _split(data: bytes) -> list[bytes]:
    messages, offset = [], 0
    while offset < len(data):
        length = HEADER.unpack_from(data, offset)[0]
        messages.append(data[offset : offset + length])
        offset += (length + 3) & ~3
    return messages
