"""Routes and neighbours of our own, which bear our protocol number.

In the host namespace a float is a /32 route into its network's veth, and a proxy neighbour entry on the external interface,
which the kernel answers ARP for. Both carry a protocol number of ours: so they are known again after a restart, and nothing
else is ever taken for ours. On the veths the next hop is a link-local address with a permanent neighbour entry: no ARP is
spoken there, and neither end needs an address (RTNH_F_ONLINK).
"""

import struct
from collections.abc import Iterator

from buoy_agent.core.spec import Address, packed
from buoy_agent.errors import KernelError
from buoy_agent.kernel.netlink import ATTRIBUTE, CREATE, REPLACE, Channel, Message, attribute, attributes, number

PROTOCOL = 98  # free in iproute2, BIRD and FRR (docs/decisions/0015); in our own namespaces always this one
HOST_SIDE, NETWORK_SIDE = packed("169.254.187.1"), packed("169.254.187.2")
_NEWROUTE, _DELROUTE, _GETROUTE, _NEWNEIGH, _DELNEIGH, _GETNEIGH = 24, 25, 26, 28, 29, 30
_RTMSG = struct.Struct("=BBBBBBBBI")
_NDMSG = struct.Struct("=BxxxiHBB")
_AF_INET, _MAIN, _UNICAST, _NOWHERE, _ONLINK, _PERMANENT, _PROXY, _LINK_SCOPE = 2, 254, 1, 255, 4, 0x80, 0x08, 253
_FIB_MATCH, _NO_ROUTE = 0x2000, (101, 113)  # RTM_F_FIB_MATCH; ENETUNREACH, EHOSTUNREACH
_HOST_ROUTE = struct.Struct("=24s4s8s4xI")  # up to the destination, that, the gateway, the link
_TABLE, _DST, _OIF, _GATEWAY, _NEIGH_DST, _NEIGH_MAC, _NEIGH_INDEX, _NEIGH_PROTOCOL = 15, 1, 4, 5, 1, 2, 8, 12


def add_route(address: Address, link: int, protocol: int = PROTOCOL) -> Message:
    """Sends an address into the veth of its network."""
    return Message(
        _NEWROUTE,
        CREATE | REPLACE,
        _route(8 * len(address), protocol) + _through(NETWORK_SIDE, link) + attribute(_DST, address),
    )


def add_direct_route(address: Address, link: int) -> Message:
    """Lets an address be found on a link itself, by ARP, as those of its own block are."""
    head = _RTMSG.pack(_AF_INET, 8 * len(address), 0, 0, _MAIN, PROTOCOL, _LINK_SCOPE, _UNICAST, 0)
    return Message(_NEWROUTE, CREATE | REPLACE, head + number(_OIF, link) + attribute(_DST, address))


def delete_route(address: Address, protocol: int = PROTOCOL) -> Message:
    """Takes our route to an address away, whatever its scope."""
    any_route = _RTMSG.pack(_AF_INET, 8 * len(address), 0, 0, _MAIN, protocol, _NOWHERE, 0, 0)
    return Message(_DELROUTE, 0, any_route + attribute(_DST, address))


def default_route(gateway: Address, link: int) -> Message:
    """The default route of a namespace."""
    return Message(_NEWROUTE, CREATE | REPLACE, _route(0) + _through(gateway, link))


def no_default_route(link: int) -> Message:
    """Takes our default route by a link away."""
    return Message(_DELROUTE, 0, _route(0) + number(_OIF, link))


def read_routes(channel: Channel, link: int = 0, wanted: int = PROTOCOL) -> Iterator[tuple[Address, int]]:
    """Our host routes (all, or those by one link): address, and index of the link."""
    by_link = number(_OIF, link) if link else b""  # strict checking makes the kernel pick them
    head = _route(32, wanted)[:8] + struct.pack("=I", _ONLINK) + number(_TABLE, _MAIN) + ATTRIBUTE.pack(8, _DST)
    as_made = head, attribute(_GATEWAY, NETWORK_SIDE)
    for _, body in channel.dump(_GETROUTE, _RTMSG.pack(_AF_INET, 0, 0, 0, _MAIN, wanted, 0, 0, 0) + by_link):
        if len(body) == _HOST_ROUTE.size:  # as the kernel shows what we made: cut by offset, a fifth of the time
            shown, address, gateway, index = _HOST_ROUTE.unpack(body)
            if (shown, gateway) == as_made:
                yield Address(address), index
                continue
        _, length, _, _, table, protocol, *_ = _RTMSG.unpack_from(body)
        parts = attributes(body[_RTMSG.size :])
        if (table, protocol, length) == (_MAIN, wanted, 32) and _OIF in parts:
            yield Address(bytes(parts[_DST])), struct.unpack("=I", parts[_OIF])[0]


def read_route(channel: Channel, address: Address, wanted: int = PROTOCOL) -> int:
    """The link of our route to an address; 0 where there is none, or another one comes before it."""
    asked = _RTMSG.pack(_AF_INET, 8 * len(address), 0, 0, 0, 0, 0, 0, _FIB_MATCH) + attribute(_DST, address)
    try:
        body = channel.get(_GETROUTE, asked)
    except KernelError as error:
        if error.number not in _NO_ROUTE:
            raise
        return 0
    if body is None:
        return 0
    _, length, _, _, _, protocol, *_ = _RTMSG.unpack_from(body)
    parts = attributes(body[_RTMSG.size :])
    ours = (protocol, length, bytes(parts.get(_DST, b""))) == (wanted, 8 * len(address), address)
    return int(struct.unpack("=I", parts[_OIF])[0]) if ours and _OIF in parts else 0


def has_default_route(channel: Channel, link: int) -> bool:
    """Whether our default route leaves by a link."""
    for _, body in channel.dump(_GETROUTE, _RTMSG.pack(_AF_INET, 0, 0, 0, _MAIN, PROTOCOL, 0, 0, 0) + number(_OIF, link)):
        if _RTMSG.unpack_from(body)[1] == 0:
            return True
    return False


def has_neighbour(channel: Channel, address: Address, link: int, macaddr: str) -> bool:
    """Whether the permanent neighbour is there."""
    body = channel.get(_GETNEIGH, _NDMSG.pack(_AF_INET, link, 0, 0, 0) + attribute(_NEIGH_DST, address))
    if body is None:
        return False
    is_permanent = bool(_NDMSG.unpack_from(body)[2] & _PERMANENT)
    return is_permanent and bytes(attributes(body[_NDMSG.size :]).get(_NEIGH_MAC, b"")).hex(":") == macaddr


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


def read_proxies(channel: Channel, link: int, protocol: int = PROTOCOL) -> Iterator[Address]:
    """Our proxy neighbours on a link."""
    for _, body in channel.dump(_GETNEIGH, _NDMSG.pack(_AF_INET, 0, 0, _PROXY, 0) + number(_NEIGH_INDEX, link)):
        _, index, _, flags, _ = _NDMSG.unpack_from(body)
        parts = attributes(body[_NDMSG.size :])
        if index == link and flags & _PROXY and bytes(parts.get(_NEIGH_PROTOCOL, b"")) == bytes([protocol]):
            yield Address(bytes(parts[_NEIGH_DST]))


def _route(length: int, protocol: int = PROTOCOL) -> bytes:
    return _RTMSG.pack(_AF_INET, length, 0, 0, _MAIN, protocol, 0, _UNICAST, _ONLINK)


def _through(gateway: Address, link: int) -> bytes:
    return attribute(_GATEWAY, gateway) + number(_OIF, link)
