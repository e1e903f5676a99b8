"""Cutting live flows of an address, in the kernel, in the namespace that both the socket and the calling thread are in.

An established flow keeps its translation after the map's element is gone, so that a released address would go on answering
whoever was connected. CTNETLINK deletes by filter since 5.8 (CTA_FILTER): inbound flows have the address as destination of
the original tuple, outbound ones as destination of the reply tuple. Each filter walks the whole table of the machine, unless
the namespace has no flow at all, when it costs nothing; so for many addresses we first look which of them have any.
"""

import struct
from collections.abc import Collection, Iterator
from enum import Enum
from pathlib import Path

from buoy_agent.core.spec import Address
from buoy_agent.errors import KernelError
from buoy_agent.kernel.netlink import Channel, Message, attribute, attributes, nest

_GET, _DELETE = 1 << 8 | 1, 1 << 8 | 2
_HEADER = struct.pack(">BBH", 2, 0, 0)
_TUPLE_IP, _V4_DESTINATION, _FILTER, _IP_DESTINATION = 1, 2, 25, 2
_NO_ENTRY = 2
_FEW = 8
_ROUNDS = 3
_COUNT = Path("/proc/sys/net/netfilter/nf_conntrack_count")


class Direction(Enum):
    """Which tuple of a flow to compare: its attribute, and the filter's attribute for it."""

    INBOUND = (1, 1)  # CTA_TUPLE_ORIG, CTA_FILTER_ORIG_FLAGS
    OUTBOUND = (2, 2)  # CTA_TUPLE_REPLY, CTA_FILTER_REPLY_FLAGS


INBOUND = (Direction.INBOUND,)
BOTH = (Direction.INBOUND, Direction.OUTBOUND)


def cut(
    channel: Channel, addresses: Collection[Address], directions: Collection[Direction] = BOTH, *, verify: bool = False
) -> int:
    """Deletes the flows of the addresses, and returns how many requests that took.

    With `verify` it looks again until none is left, and raises KernelError where they keep coming back.
    """
    requests, left = 0, set(addresses)
    if len(left) > _FEW:
        left = _alive(channel, left, directions) if _any_flow() else set()
    for _ in range(_ROUNDS):
        _delete(channel, left, directions)
        requests += len(left)
        left = _alive(channel, left, directions) if verify and _any_flow() else set()
        if not left:
            return requests
    raise KernelError("flows of a released address keep coming back in conntrack")


def _delete(channel: Channel, addresses: Collection[Address], directions: Collection[Direction]) -> None:
    """Some 0.25 ms a request where the namespace has flows at all; next to nothing where it has none."""
    messages = [Message(_DELETE, 0, _HEADER + _match(address, way)) for address in addresses for way in directions]
    for start in range(0, len(messages), 256):
        for error in channel.send(messages[start : start + 256]).values():
            if error.number != _NO_ENTRY:
                raise error


def _alive(channel: Channel, addresses: Collection[Address], directions: Collection[Direction]) -> set[Address]:
    """Which of the addresses have flows."""
    if len(addresses) <= _FEW:
        return {address for address in addresses if any(_has_flow(channel, address, way) for way in directions)}
    wanted = set(addresses)
    return {
        address for _, body in channel.dump(_GET, _HEADER) for address in _destinations(body, directions) if address in wanted
    }


def _any_flow() -> bool:
    """Whether this namespace has any flow: a dump walks the table of the whole machine (5 ms), this does not."""
    return _COUNT.read_text(encoding="ascii").strip() != "0" if _COUNT.exists() else True


def _has_flow(channel: Channel, address: Address, way: Direction) -> bool:
    found = [1 for _, body in channel.dump(_GET, _HEADER + _match(address, way)) if address in _destinations(body, (way,))]
    return bool(found)


def _match(address: Address, way: Direction) -> bytes:
    tuple_kind, filter_kind = way.value
    flags = attribute(filter_kind, struct.pack("=I", _IP_DESTINATION))
    return nest(tuple_kind, nest(_TUPLE_IP, attribute(_V4_DESTINATION, address))) + nest(_FILTER, flags)


def _destinations(body: memoryview, directions: Collection[Direction]) -> Iterator[Address]:
    parts = attributes(body[4:])
    for way in directions:
        address = attributes(attributes(parts.get(way.value[0], b"")).get(_TUPLE_IP, b"")).get(_V4_DESTINATION)
        if address is not None:
            yield Address(bytes(address))
