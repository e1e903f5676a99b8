"""Hears what others change of ours, on all namespaces of the node, with two netlink sockets and one of inotify.

A socket with NETLINK_LISTEN_ALL_NSID hears the notifications of every namespace that its own one has a number for, and with
each the number (netlink(7), Linux 4.2); the host's namespace gets one for a network's when the veth between them is made. So
1,000 networks cost no descriptor, where a socket a namespace would cost 2,000.

A filter in the kernel (BPF) drops what this process caused, by the port of the sender, which every notification bears; and, as
neighbours change state all the time, all of them but the two addresses that stand for the ends of an uplink. What has no
sender (0: it followed from something else, or from a sysctl) comes through and costs a look. Sysctls are notified (NETCONF) for
forwarding, rp_filter and proxy_arp alone; proxy neighbours never are.
"""

import ctypes
import os
import socket
import struct
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from buoy_agent.core.drift import Places
from buoy_agent.core.ruleset import TABLE
from buoy_agent.core.spec import Address
from buoy_agent.errors import kernel_error
from buoy_agent.kernel.namespaces import DIRECTORY
from buoy_agent.kernel.naming import is_outer_name
from buoy_agent.kernel.netlink import HEADER, NETFILTER, OWN_PORTS, PORT_BITS, ROUTE, as_text, attributes
from buoy_agent.kernel.routes import HOST_SIDE, NETWORK_SIDE

_NFTABLES = 7  # NFNLGRP_NFTABLES
_ROUTE_GROUPS = 1 | 4 | 0x10 | 0x40 | 0x80 | 1 << 23  # link, neighbour, IPv4 address, IPv4 route, IPv4 rule, IPv4 netconf
_SOL_NETLINK, _ADD_MEMBERSHIP, _DROP_MEMBERSHIP, _LISTEN_ALL_NSID = 270, 1, 2, 8
_ATTACH_FILTER, _RCVBUFFORCE, _RCVBUF = 26, 33, 8
_BUFFER = 4 << 20
_HOST = -1  # a namespace has no number for itself
_NEWLINK, _DELLINK, _NEWADDR, _DELADDR, _NEWROUTE, _DELROUTE, _NEWNEIGH, _DELNEIGH, _NEWRULE, _DELRULE, _NETCONF = (
    16,
    17,
    20,
    21,
    24,
    25,
    28,
    29,
    32,
    33,
    80,
)
_INDEX_AT, _NAME, _DST = 4, 3, 1
_DELETED, _UNMOUNTED = 0x200, 0x2000  # IN_DELETE, IN_UNMOUNT
_NONBLOCK = os.O_NONBLOCK | os.O_CLOEXEC
_libc = ctypes.CDLL(None, use_errno=True)


class Watch:
    """To be made and used in the host namespace; `sources` are to wait on, and `heard` empties them."""

    def __init__(self, external_interface: str) -> None:
        self._external = external_interface
        self._nft = _listener(NETFILTER, 1 << (_NFTABLES - 1), _OWN)
        self._route = _listener(ROUTE, _ROUTE_GROUPS, [*_NEIGHBOURS, *_OWN])
        self._names = _directory_watch()

    def sources(self) -> tuple[int, ...]:
        """Descriptors that can be read when something has come."""
        return (self._nft.fileno(), self._route.fileno(), self._names)

    def heard(self) -> Places:
        """Where something has changed since the last call."""
        places = Places(names=_emptied(self._names))
        for namespace, kind, body in self._messages(self._nft, places):
            if body[0] == socket.AF_INET and kind >> 8 == _NFTABLES_SUBSYSTEM and as_text(attributes(body[4:]).get(1)) == TABLE:
                places.tables.add(namespace)
        for namespace, kind, body in self._messages(self._route, places):
            if namespace != _HOST:
                places.links.add(namespace)
            else:
                self._in_host(places, kind, body)
        return places

    @contextmanager
    def deaf(self) -> Iterator[None]:
        """Hears nothing of tables, from any thread.

        Where anybody listens, on the whole machine, the kernel makes a message of each element that is changed, before any
        filter, which takes longer than the change: 2 x 100,000 elements take 550 ms instead of 210.
        """
        self._nft.setsockopt(_SOL_NETLINK, _DROP_MEMBERSHIP, _NFTABLES)
        try:
            yield
        finally:
            self._nft.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, _NFTABLES)

    def close(self) -> None:
        """Gives the descriptors back."""
        self._nft.close()
        self._route.close()
        os.close(self._names)

    def _in_host(self, places: Places, kind: int, body: memoryview) -> None:
        if kind in (_NEWLINK, _DELLINK):
            places.node_links = True
            self._link(places, as_text(attributes(body[16:]).get(_NAME)))
        elif kind in (_NEWROUTE, _DELROUTE) and body[1] == 32:
            places.routes.add(Address(bytes(attributes(body[12:]).get(_DST, b""))))
        elif kind in (_NEWRULE, _DELRULE):
            places.rules = True
        elif kind in (_NEWNEIGH, _DELNEIGH):
            self._link(places, _name_of(struct.unpack_from("=i", body, _INDEX_AT)[0]))
        elif kind == _NETCONF:
            index = attributes(body[4:]).get(1)
            self._link(places, _name_of(struct.unpack("=i", index)[0]) if index is not None else "")

    def _link(self, places: Places, name: str) -> None:
        if name == self._external:
            places.external = True
        elif is_outer_name(name):
            places.uplinks.add(name)

    def _messages(self, sock: socket.socket, places: Places) -> Iterator[tuple[int, int, memoryview]]:
        """Namespace, type and payload of what has come; ENOBUFS says that something was lost."""
        while True:
            try:
                data, about, _, _ = sock.recvmsg(1 << 16, 64)
            except BlockingIOError:
                return
            except OSError:
                places.lost = True
                continue
            namespace = next((struct.unpack("=i", value)[0] for _, kind, value in about if kind == _LISTEN_ALL_NSID), _HOST)
            for kind, body in _split(memoryview(data)):
                yield namespace, kind, body


_NFTABLES_SUBSYSTEM = 10


def _split(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    offset = 0
    while offset + 16 <= len(data):
        length, kind, *_ = HEADER.unpack_from(data, offset)
        yield kind, data[offset + 16 : offset + length]
        offset += (length + 3) & ~3


def _name_of(index: int) -> str:
    try:
        return socket.if_indextoname(index) if index > 0 else ""
    except OSError:
        return ""


def _emptied(descriptor: int) -> bool:
    """Reads an inotify descriptor to its end; whether there was anything."""
    something = False
    while True:
        try:
            something = bool(os.read(descriptor, 1 << 16)) or something
        except BlockingIOError:
            return something


def _directory_watch() -> int:
    """Hears when a namespace loses its name."""
    DIRECTORY.mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor = _libc.inotify_init1(_NONBLOCK)
    if descriptor < 0 or _libc.inotify_add_watch(descriptor, str(DIRECTORY).encode(), _DELETED | _UNMOUNTED) < 0:
        raise kernel_error(f"watching {DIRECTORY}", ctypes.get_errno())
    return int(descriptor)


def _listener(protocol: int, groups: int, program: Iterable[bytes]) -> socket.socket:
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, protocol)
    _attach(sock, b"".join(program))
    sock.setsockopt(_SOL_NETLINK, _LISTEN_ALL_NSID, 1)
    try:
        sock.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, _BUFFER)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, _RCVBUF, _BUFFER)
    sock.bind((0, groups))
    return sock


def _attach(sock: socket.socket, program: bytes) -> None:
    """SO_ATTACH_FILTER takes a count and a pointer (struct sock_fprog)."""
    code = ctypes.create_string_buffer(program)
    sock.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("@HP", len(program) // 8, ctypes.addressof(code)))


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One instruction of classic BPF (struct sock_filter)."""
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _swapped(value: int, size: int) -> int:
    """A number of this machine's order as BPF loads it: in network order."""
    return int.from_bytes(value.to_bytes(size, sys.byteorder), "big")


_WORD, _HALF, _AND, _EQUALS, _RETURN = 0x20, 0x28, 0x54, 0x15, 0x06
_BLOCK = 0xFFFFFFFF << PORT_BITS & 0xFFFFFFFF
# The sender's port is at 12 of the header. Ours: dropped.
_OWN = [
    _step(_WORD, 12),
    _step(_AND, _swapped(_BLOCK, 4)),
    _step(_EQUALS, _swapped(OWN_PORTS << PORT_BITS, 4), 0, 1),
    _step(_RETURN, 0),
    _step(_RETURN, 0xFFFFFFFF),
]
# The type is at 4, and of a neighbour the address at 32 (16 header, 12 ndmsg, 4 attribute). Other neighbours: dropped.
_NEIGHBOURS = [
    _step(_HALF, 4),
    _step(_EQUALS, _swapped(_NEWNEIGH, 2), 1, 0),
    _step(_EQUALS, _swapped(_DELNEIGH, 2), 0, 4),
    _step(_WORD, 32),
    _step(_EQUALS, int.from_bytes(HOST_SIDE, "big"), 2, 0),
    _step(_EQUALS, int.from_bytes(NETWORK_SIDE, "big"), 1, 0),
    _step(_RETURN, 0),
]
