"""Cutting live flows of an address, in the kernel, in the namespace that both the socket and the calling thread are in.

An established flow keeps its translation after the map's element is gone, so that a released address would go on answering
whoever was connected. CTNETLINK deletes by filter since 5.8 (CTA_FILTER): inbound flows have the address as destination of
the original tuple, outbound ones as destination of the reply tuple. What each way costs, where 2^18 buckets are shared by the
whole machine (and nothing, where the namespace has no flow at all):

    delete by filter    0.2 ms, a walk over the table; an address and a direction at a time
    list                 10 ms, a walk that locks each bucket; all addresses at once
    delete by tuple   0.002 ms, the flow itself

With 100,000 flows in the table a walk of the first kind takes 30 ms. So few addresses are cut by filter, many by listing once
and deleting what was found. That none is left is seen in the same way: where the namespace tells of deleted flows (`EVENTS`), a
delete by filter that deletes nothing is the proof.
"""

import errno
import struct
from collections.abc import Collection, Iterable, Sequence
from enum import Enum
from itertools import chain
from typing import NamedTuple

from buoy_agent.core.spec import Address
from buoy_agent.errors import KernelError
from buoy_agent.kernel import sysctl
from buoy_agent.kernel.netlink import ATTRIBUTE, ECHO, Channel, Message, attribute, attributes, nest

# Flows that begin while this is set are told of when they are deleted; by default (2) only where somebody listens already.
EVENTS = ("netfilter/nf_conntrack_events", "1")
_GET, _DELETE = 1 << 8 | 1, 1 << 8 | 2
_HEADER = struct.pack(">BBH", 2, 0, 0)
_ORIGINAL, _REPLY, _ZONE, _TUPLE_IP, _V4_DESTINATION, _FILTER, _IP_DESTINATION = 1, 2, 18, 1, 2, 25, 2
_TUPLE = struct.Struct("=4xH18x4s")  # after the family's header: its length, what is before the destination, the destination
_PROTOCOL_INFO, _TCP, _TCP_STATE = 4, 1, 1
_CLOSED = (7, 8)  # TCP_CONNTRACK_TIME_WAIT, TCP_CONNTRACK_CLOSE
FEW = 16
_LONG = 10_000  # flows, which take a walk some 3 ms
_ROUNDS = 4
_BATCH = 256


class Direction(Enum):
    """Which tuple of a flow to compare: its attribute, and the filter's attribute for it."""

    INBOUND = (_ORIGINAL, 1)  # CTA_FILTER_ORIG_FLAGS
    OUTBOUND = (_REPLY, 2)  # CTA_FILTER_REPLY_FLAGS


INBOUND = (Direction.INBOUND,)
BOTH = (Direction.INBOUND, Direction.OUTBOUND)


class Flow(NamedTuple):
    """One entry: the destinations of its two tuples, and the payload that deletes it."""

    original: bytes
    reply: bytes
    name: bytes


def cut(
    channel: Channel, addresses: Collection[Address], directions: Collection[Direction] = BOTH, *, verify: bool = False
) -> int:
    """Deletes the flows of the addresses, and returns how many requests that took.

    With `verify` it looks again until none is left, and raises KernelError where they keep coming back.
    """
    wanted = set(addresses)
    if len(wanted) > FEW or (verify and not _is_told()):
        return _cut_by_tuple(channel, wanted, directions, verify=verify)
    ways = [[_HEADER + _match(address, way) for address in wanted] for way in directions]
    return _cut_by_filter(channel, ways) if verify else _delete(channel, chain.from_iterable(ways))


def flowing(channel: Channel, addresses: Collection[Address]) -> set[Address]:
    """Which of the addresses have live flows, in either direction; a TCP connection that was closed lingers, but is none."""
    wanted, found = set(addresses), set[Address]()
    for _, body in channel.dump(_GET, _HEADER) if _flows() else ():
        flow = _flow(body)
        ends = wanted & {Address(flow.original), Address(flow.reply)}
        if ends and not _is_closed(body):
            found |= ends
    return found


def _is_closed(body: memoryview) -> bool:
    tcp = attributes(attributes(attributes(body[4:]).get(_PROTOCOL_INFO, b"")).get(_TCP, b""))
    return _TCP_STATE in tcp and tcp[_TCP_STATE][0] in _CLOSED


def _cut_by_filter(channel: Channel, ways: Sequence[Sequence[bytes]]) -> int:
    """Deletes without a word, for there may be more than can be told of; then each way again, until that tells of nothing.

    Again, since what was under way when the elements went may begin its flow after the first walk has passed. Where a walk is
    long, that has gone by before the second one begins: so the outbound one, which mostly finds little, tells at once. The
    inbound one is not spared: its packets have all of forwarding before them once they are translated.
    """
    requests = _delete(channel, chain.from_iterable(ways[:1] if _flows() > _LONG else ways))
    left = ways[::-1]
    for _ in range(_ROUNDS):
        if not _flows():
            return requests
        requests += sum(map(len, left))
        left = [filters for filters in left if _tells(channel, filters)]
        if not left:
            return requests
    raise KernelError("flows of a released address keep coming back in conntrack")


def _tells(channel: Channel, filters: Sequence[bytes]) -> bool:
    """Deletes once more; whether there was anything."""
    heard = channel.echoed
    _delete(channel, filters, ECHO)
    return channel.echoed != heard


def _cut_by_tuple(channel: Channel, wanted: set[Address], directions: Collection[Direction], *, verify: bool) -> int:
    requests = 0
    for _ in range(_ROUNDS):
        found = _listed(channel, wanted, directions) if _flows() else []
        requests += _delete(channel, [flow.name for flow in found])
        if not found or not verify:
            return requests
    raise KernelError("flows of released addresses keep coming back in conntrack")


def _delete(channel: Channel, payloads: Iterable[bytes], flags: int = 0) -> int:
    messages = [Message(_DELETE, flags, payload) for payload in payloads]
    for start in range(0, len(messages), _BATCH):
        try:
            refusals = channel.send(messages[start : start + _BATCH]).values()
        except KernelError as error:
            if error.number != errno.ENOBUFS:  # more was deleted, and told of, than the socket holds
                raise
            channel.echoed += 1
            channel.forget()
            continue
        for refusal in refusals:
            if refusal.number != errno.ENOENT:
                raise refusal
    return len(messages)


def _listed(channel: Channel, wanted: set[Address], directions: Collection[Direction]) -> list[Flow]:
    """The flows of the addresses."""
    inbound, outbound = Direction.INBOUND in directions, Direction.OUTBOUND in directions
    flows = (_flow(body) for _, body in channel.dump(_GET, _HEADER))
    return [flow for flow in flows if (inbound and flow.original in wanted) or (outbound and flow.reply in wanted)]


def count(channel: Channel, address: Address, way: Direction) -> int:
    """How many flows an address has that were begun from one side; the kernel picks them, in a walk over its table."""
    return sum(1 for _ in channel.dump(_GET, _HEADER + _match(address, way))) if _flows() else 0


def _is_told() -> bool:
    """Whether deleted flows are told of here."""
    name, value = EVENTS
    return sysctl.read(name) == value


def _flows() -> int:
    """How many flows this namespace has, which costs nothing to read; not none where it cannot be read."""
    return int(sysctl.read("netfilter/nf_conntrack_count") or 1)


def _match(address: Address, way: Direction) -> bytes:
    tuple_kind, filter_kind = way.value
    flags = attribute(filter_kind, struct.pack("=I", _IP_DESTINATION))
    return nest(tuple_kind, nest(_TUPLE_IP, attribute(_V4_DESTINATION, address))) + nest(_FILTER, flags)


def _flow(body: memoryview) -> Flow:
    """Cut by offset: both tuples come first, of fixed size as far as the addresses, then the zone if there is one."""
    length, destination = _TUPLE.unpack_from(body)
    second = (length + 3) & ~3
    reply_length, reply_destination = _TUPLE.unpack_from(body, second)
    third = 4 + second + ((reply_length + 3) & ~3)
    zone_length, kind = ATTRIBUTE.unpack_from(body, third) if third + 4 <= len(body) else (0, 0)
    zone = bytes(body[third : third + 8]) if kind == _ZONE and zone_length == 6 else b""
    return Flow(destination, reply_destination, _HEADER + bytes(body[4 : 4 + second]) + zone)
