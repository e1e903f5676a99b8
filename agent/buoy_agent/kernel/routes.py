"""Routes and neighbours of our own, which bear our protocol number.

In the host namespace a float is a /32 route into its network's veth, and a proxy neighbour entry on the external interface,
which the kernel answers ARP for. Both carry a protocol number of ours: so they are known again after a restart, and nothing
else is ever taken for ours. On the veths the next hop is a link-local address with a permanent neighbour entry: no ARP is
spoken there, and neither end needs an address (RTNH_F_ONLINK).
"""

import errno
import re
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TypeVar

from buoy_agent.core.spec import Address, packed
from buoy_agent.errors import KernelError
from buoy_agent.kernel.netlink import ATTRIBUTE, CREATE, EXCL, REPLACE, Channel, Message, attribute, attributes, number

Answer = TypeVar("Answer")

PROTOCOL = 98  # free in iproute2, BIRD and FRR (docs/decisions/0015); in our own namespaces always this one
HOST_SIDE, NETWORK_SIDE = packed("169.254.187.1"), packed("169.254.187.2")
_NEWROUTE, _DELROUTE, _GETROUTE, _NEWNEIGH, _DELNEIGH, _GETNEIGH = 24, 25, 26, 28, 29, 30
_RTMSG = struct.Struct("=BBBBBBBBI")
_MADE_SIZE = 16 + _RTMSG.size + 4 * 8  # of a message with a header and the four attributes of a route that we made
_NDMSG = struct.Struct("=BxxxiHBB")
_ANSWERED_SIZE = 16 + _NDMSG.size + 2 * 8  # of a message with a header and the two attributes of a proxy neighbour that we made
_AF_INET, _MAIN, _UNICAST, _NOWHERE, _ONLINK, _PERMANENT, _PROXY, _LINK_SCOPE = 2, 254, 1, 255, 4, 0x80, 0x08, 253
_LOCAL_TABLE = 255
_TABLE, _DST, _OIF, _GATEWAY, _NEIGH_DST, _NEIGH_MAC, _NEIGH_INDEX, _NEIGH_PROTOCOL = 15, 1, 4, 5, 1, 2, 8, 12


@dataclass(frozen=True, slots=True)
class Ways:
    """Our routes in a network's namespace: the links that default routes leave by, and host routes by their links."""

    defaults: set[int] = field(default_factory=set)
    hosts: dict[int, set[Address]] = field(default_factory=dict)


def add_route(address: Address, link: int, protocol: int = PROTOCOL) -> Message:
    """Sends an address into the veth of its network; EEXIST where there is a route to it already, whosesoever."""
    return Message(_NEWROUTE, CREATE | EXCL, _before_float(len(address), link, protocol) + address)


def replace_route(address: Address, link: int, protocol: int = PROTOCOL) -> Message:
    """The same where a route of ours leads elsewhere."""
    return add_route(address, link, protocol)._replace(flags=CREATE | REPLACE)


def add_direct_route(address: Address, link: int) -> Message:
    """Lets an address be found on a link itself, by ARP, as those of its own block are."""
    head = _RTMSG.pack(_AF_INET, 8 * len(address), 0, 0, _MAIN, PROTOCOL, _LINK_SCOPE, _UNICAST, 0)
    return Message(_NEWROUTE, CREATE | REPLACE, head + number(_OIF, link) + attribute(_DST, address))


def delete_route(address: Address, protocol: int = PROTOCOL) -> Message:
    """Takes our route to an address away, whatever its scope."""
    return Message(_DELROUTE, 0, _before_gone(len(address), protocol) + address)


# A node has as many routes as floats, alike but for the address, which therefore comes last.
@lru_cache
def _before_float(length: int, link: int, protocol: int) -> bytes:
    return _route(8 * length, protocol) + _through(NETWORK_SIDE, link) + ATTRIBUTE.pack(4 + length, _DST)


@lru_cache
def _before_gone(length: int, protocol: int) -> bytes:
    any_route = _RTMSG.pack(_AF_INET, 8 * length, 0, 0, _MAIN, protocol, _NOWHERE, 0, 0)
    return any_route + ATTRIBUTE.pack(4 + length, _DST)


def default_route(gateway: Address, link: int) -> Message:
    """The default route of a namespace."""
    return Message(_NEWROUTE, CREATE | REPLACE, _route(0) + _through(gateway, link))


def no_default_route(link: int) -> Message:
    """Takes our default route by a link away."""
    return Message(_DELROUTE, 0, _route(0) + number(_OIF, link))


def read_routes(channel: Channel, link: int = 0, wanted: int = PROTOCOL) -> Iterator[Sequence[tuple[Address, int]]]:
    """Our host routes (all, or those by one link), some hundred at a time: address, and index of the link."""
    by_link = number(_OIF, link) if link else b""  # strict checking makes the kernel pick them
    request = _RTMSG.pack(_AF_INET, 0, 0, 0, _MAIN, wanted, 0, 0, 0) + by_link
    return _present(channel.dump_in_bulk(_GETROUTE, request, partial(_as_made, _made(wanted)), partial(_host_route, wanted)))


def _present(answers: Iterator[Answer]) -> Iterator[Answer]:
    """The answers, none where the kernel says that there is no such table: a namespace that never had a route has none."""
    try:
        yield from answers
    except KernelError as error:
        if error.number != errno.ENOENT:
            raise


@lru_cache
def _made(protocol: int) -> re.Pattern[bytes]:
    """A message as the kernel shows a route that we made: a dump of them is cut in a twentieth of the time."""
    before = _route(32, protocol)[:8] + struct.pack("=I", _ONLINK) + number(_TABLE, _MAIN) + ATTRIBUTE.pack(8, _DST)
    parts = struct.pack("=IH", _MADE_SIZE, _NEWROUTE), before, attribute(_GATEWAY, NETWORK_SIDE) + ATTRIBUTE.pack(8, _OIF)
    return re.compile(b"%b.{10}%b(.{4})%b(.{4})" % tuple(map(re.escape, parts)), re.DOTALL)


def _as_made(made: re.Pattern[bytes], piece: bytes) -> list[tuple[Address, int]]:
    """Routes that are all alike; nothing when they are not."""
    found = made.findall(piece)
    return [(address, _index(link)) for address, link in found] if len(found) * _MADE_SIZE == len(piece) else []


def _host_route(wanted: int, body: memoryview) -> list[tuple[Address, int]]:
    """One route of any shape, if it is ours and leads to one address."""
    _, length, _, _, table, protocol, *_ = _RTMSG.unpack_from(body)
    parts = attributes(body[_RTMSG.size :])
    ours = (table, protocol, length) == (_MAIN, wanted, 32) and _OIF in parts
    return [(Address(bytes(parts[_DST])), _index(parts[_OIF]))] if ours else []


def _index(value: bytes | memoryview) -> int:
    return int.from_bytes(value, sys.byteorder)


def read_own(channel: Channel) -> set[Address]:
    """The addresses of the node itself: their routes, in the table `local`, come before ours."""
    own = set[Address]()
    for _, body in channel.dump(_GETROUTE, _RTMSG.pack(_AF_INET, 0, 0, 0, _LOCAL_TABLE, 0, 0, 0, 0)):
        _, length, _, _, table, *_ = _RTMSG.unpack_from(body)
        address = Address(bytes(attributes(body[_RTMSG.size :]).get(_DST, b"")))
        if (table, length) == (_LOCAL_TABLE, 8 * len(address)):
            own.add(address)
    return own


def read_ways(channel: Channel) -> Ways:
    """Where our routes lead, of the namespace of a network."""
    ways = Ways()
    for _, body in _present(channel.dump(_GETROUTE, _RTMSG.pack(_AF_INET, 0, 0, 0, _MAIN, PROTOCOL, 0, 0, 0))):
        _, length, _, _, table, protocol, *_ = _RTMSG.unpack_from(body)
        parts = attributes(body[_RTMSG.size :])
        if (table, protocol) != (_MAIN, PROTOCOL) or _OIF not in parts:
            continue
        link = _index(parts[_OIF])
        if length == 0:
            ways.defaults.add(link)
        elif length == 32:
            ways.hosts.setdefault(link, set()).add(Address(bytes(parts[_DST])))
    return ways


def read_neighbour(channel: Channel, address: Address, link: int) -> str:
    """The MAC of a permanent neighbour; empty where there is none."""
    body = channel.get(_GETNEIGH, _NDMSG.pack(_AF_INET, link, 0, 0, 0) + attribute(_NEIGH_DST, address))
    return "" if body is None else _permanent(body)


def read_neighbours(channel: Channel, address: Address) -> dict[int, str]:
    """The MACs of the permanent neighbours that have one address, by their links."""
    found = {}
    for _, body in channel.dump(_GETNEIGH, _NDMSG.pack(_AF_INET, 0, 0, 0, 0)):
        if (macaddr := _permanent(body)) and bytes(attributes(body[_NDMSG.size :]).get(_NEIGH_DST, b"")) == address:
            found[_NDMSG.unpack_from(body)[1]] = macaddr
    return found


def _permanent(body: memoryview) -> str:
    is_permanent = bool(_NDMSG.unpack_from(body)[2] & _PERMANENT)
    return bytes(attributes(body[_NDMSG.size :]).get(_NEIGH_MAC, b"")).hex(":") if is_permanent else ""


def add_neighbour(address: Address, link: int, macaddr: str) -> Message:
    """A permanent neighbour."""
    lladdr = attribute(_NEIGH_MAC, bytes.fromhex(macaddr.replace(":", "")))
    return Message(
        _NEWNEIGH, CREATE | REPLACE, _NDMSG.pack(_AF_INET, link, _PERMANENT, 0, 0) + attribute(_NEIGH_DST, address) + lladdr
    )


def add_proxy(address: Address, link: int, protocol: int = PROTOCOL) -> Message:
    """Answers ARP for an address on a link."""
    mark = attribute(_NEIGH_PROTOCOL, bytes([protocol]))
    return Message(
        _NEWNEIGH, CREATE | REPLACE, _NDMSG.pack(_AF_INET, link, 0, _PROXY, 0) + attribute(_NEIGH_DST, address) + mark
    )


def delete_proxy(address: Address, link: int) -> Message:
    """Stops answering ARP for an address."""
    return Message(_DELNEIGH, 0, _NDMSG.pack(_AF_INET, link, 0, _PROXY, 0) + attribute(_NEIGH_DST, address))


def has_proxy(channel: Channel, address: Address, link: int, protocol: int = PROTOCOL) -> bool:
    """Whether ARP is answered for an address on a link, by us."""
    body = channel.get(_GETNEIGH, _NDMSG.pack(_AF_INET, link, 0, _PROXY, 0) + attribute(_NEIGH_DST, address))
    return body is not None and bytes(attributes(body[_NDMSG.size :]).get(_NEIGH_PROTOCOL, b"")) == bytes([protocol])


def read_proxies(channel: Channel, protocol: int = PROTOCOL, link: int = 0) -> Iterator[Sequence[tuple[Address, int]]]:
    """Our proxy neighbours (all, or those of one link), some hundred at a time: address, and index of the link."""
    by_link = number(_NEIGH_INDEX, link) if link else b""  # strict checking makes the kernel pick them
    request = _NDMSG.pack(_AF_INET, 0, 0, _PROXY, 0) + by_link
    return channel.dump_in_bulk(_GETNEIGH, request, partial(_as_answered, _answered(protocol)), partial(_proxy, protocol))


@lru_cache
def _answered(protocol: int) -> re.Pattern[bytes]:
    """A message as the kernel shows a proxy neighbour that we made."""
    answer = struct.pack("=HBB", 0, _PROXY, _UNICAST) + ATTRIBUTE.pack(8, _NEIGH_DST)
    mark = attribute(_NEIGH_PROTOCOL, bytes([protocol]))
    parts = struct.pack("=IH", _ANSWERED_SIZE, _NEWNEIGH), struct.pack("=Bxxx", _AF_INET), answer, mark
    return re.compile(b"%b.{10}%b(.{4})%b(.{4})%b" % tuple(map(re.escape, parts)), re.DOTALL)


def _as_answered(answered: re.Pattern[bytes], piece: bytes) -> list[tuple[Address, int]]:
    """Proxy neighbours that are all alike; nothing when they are not."""
    found = answered.findall(piece)
    return [(address, _index(link)) for link, address in found] if len(found) * _ANSWERED_SIZE == len(piece) else []


def _proxy(wanted: int, body: memoryview) -> list[tuple[Address, int]]:
    """One proxy neighbour of any shape, if it is ours."""
    _, index, _, flags, _ = _NDMSG.unpack_from(body)
    parts = attributes(body[_NDMSG.size :])
    ours = flags & _PROXY and bytes(parts.get(_NEIGH_PROTOCOL, b"")) == bytes([wanted])
    return [(Address(bytes(parts[_NEIGH_DST])), index)] if ours else []


def _route(length: int, protocol: int = PROTOCOL) -> bytes:
    return _RTMSG.pack(_AF_INET, length, 0, 0, _MAIN, protocol, 0, _UNICAST, _ONLINK)


def _through(gateway: Address, link: int) -> bytes:
    return attribute(_GATEWAY, gateway) + number(_OIF, link)
