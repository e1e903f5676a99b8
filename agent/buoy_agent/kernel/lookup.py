"""Which route a packet from outside to an address takes: the kernel's own look-up, which knows rules, tables and metrics.

The kernel is asked as for a packet of the node's own, which needs no source. A rule that leads that one elsewhere may be for
such packets alone (`iif lo`): then the kernel is asked again, for one that comes in by the external interface.
"""

import errno
import struct
import sys
from dataclasses import dataclass
from ipaddress import ip_network

from buoy_agent.core.spec import Address, packed
from buoy_agent.errors import KernelError
from buoy_agent.kernel import links
from buoy_agent.kernel.netlink import Channel, attribute, attributes, index_of, number

UNICAST, LOCAL, NONE = "unicast", "local", "none"
_RTMSG = struct.Struct("=BBBBBBBBI")
_GETROUTE, _AF_INET, _MAIN, _UNICAST = 26, 2, 254, 1
_DST, _SRC, _IIF, _OIF, _GATEWAY = 1, 2, 3, 4, 5
_FIB_MATCH = 0x3000  # RTM_F_FIB_MATCH, and RTM_F_LOOKUP_TABLE: the table that the route is in, which may not be main
# What a look-up ends with where nothing leads to an address (fib_props), and the type of such a route.
_REFUSING = {errno.EINVAL: "blackhole", errno.EACCES: "prohibit", errno.EHOSTUNREACH: "unreachable", errno.ENETUNREACH: NONE}
_ANYBODY = packed("192.0.0.8")  # the address that stands for none (RFC 7600)


@dataclass(frozen=True, slots=True)
class Match:
    """The route that a packet to an address takes; `kind` is UNICAST, LOCAL, NONE, or how it refuses packets."""

    kind: str
    length: int = 0
    table: int = 0
    protocol: int = 0
    link: int = 0
    gateway: Address | None = None

    @property
    def is_ruled(self) -> bool:
        """Whether a rule leads the packet to another table than main."""
        return self.kind == UNICAST and self.table != _MAIN

    def is_ours(self, address: Address, protocol: int) -> bool:
        """Whether it is a route to the address itself, with our protocol number."""
        return (self.length, self.protocol) == (8 * len(address), protocol)


def match(channel: Channel, address: Address, external: str) -> Match:
    """Looks an address up, in the namespace of the channel, in which the external interface is."""
    try:
        body = channel.get(_GETROUTE, _asked(address))
    except KernelError as error:
        if error.number not in _REFUSING:
            raise
        return Match(_REFUSING[error.number])
    found = Match(NONE) if body is None else _match(body)
    return (_arriving(channel, address, external) or found) if found.is_ruled else found


def _arriving(channel: Channel, address: Address, external: str) -> Match | None:
    """The same for a packet that comes in; None where the kernel would take none in from the source that we name."""
    link = index_of(external)
    source = next((_neighbour(*own) for own in links.read_addresses(channel, link)), _ANYBODY)
    try:
        body = channel.get(_GETROUTE, _asked(address, source) + number(_IIF, link))
    except KernelError:
        return None
    return None if body is None else _match(body)


def _asked(address: Address, source: Address | None = None) -> bytes:
    bits = 8 * len(address)
    head = _RTMSG.pack(_AF_INET, bits, bits if source else 0, 0, 0, 0, 0, 0, _FIB_MATCH) + attribute(_DST, address)
    return head + attribute(_SRC, source) if source else head


def _match(body: memoryview) -> Match:
    _, length, _, _, table, protocol, _, kind, _ = _RTMSG.unpack_from(body)
    parts = attributes(body[_RTMSG.size :])
    gateway = Address(bytes(parts[_GATEWAY])) if _GATEWAY in parts else None
    link = int.from_bytes(parts[_OIF], sys.byteorder) if _OIF in parts else 0
    return Match(UNICAST if kind == _UNICAST else LOCAL, length, table, protocol, link, gateway)


def _neighbour(own: Address, length: int) -> Address:
    """Another address of the block of one of the node's own, if there is another."""
    block = ip_network((own, length), strict=False)
    middle = block.num_addresses // 2
    return next((one for one in (Address(block[at].packed) for at in (middle, middle - 1)) if one != own), _ANYBODY)
