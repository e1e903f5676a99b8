"""Routes of others where ours should be: a table has room for one route to an address (of a metric), and it may be theirs.

Ours is added with NLM_F_EXCL, so nothing of somebody else's is ever replaced, be it a blackhole against an attack
(docs/decisions/0033): the float fails, with words that name the route in the way, and is programmed when that is gone.
"""

import errno
import socket
from collections.abc import Iterable

from buoy_agent.core.spec import Address, text
from buoy_agent.errors import KernelError
from buoy_agent.kernel.netlink import Channel
from buoy_agent.kernel.routes import LOCAL, NONE, UNICAST, Match, match

_MAIN = 254
# As iproute2 names them (rtnetlink.h); any other is shown by its number.
_PROTOCOLS = {2: "kernel", 3: "boot", 4: "static", 11: "zebra", 12: "bird", 16: "dhcp", 186: "bgp", 188: "ospf"}


def ours_elsewhere(channel: Channel, addresses: Iterable[Address], link: int, protocol: int) -> list[Address]:
    """Of addresses that have a route, those whose route is ours by another link; raises KernelError for somebody else's."""
    astray = []
    for address in addresses:
        found = match(channel, address)
        if (found.protocol, found.length) != (protocol, 8 * len(address)):
            raise KernelError(in_the_way(address, found), errno.EEXIST)
        if found.link != link:
            astray.append(address)
    return astray


def flaw(address: Address, found: Match) -> str:
    """What is wrong where a packet takes another route than ours, in words."""
    is_absent = found.kind == NONE or (found.kind == UNICAST and found.length < 8 * len(address))
    return f"the route to {text(address)} is not there" if is_absent else in_the_way(address, found)


def in_the_way(address: Address, found: Match) -> str:
    """What to do about a route of somebody else's to an address of ours, in words."""
    if found.kind == LOCAL:
        name = _name(found.link)
        return f"{text(address)} is an address of this node itself (on {name}): take it away there (ip address delete)"
    shown = route_words(address, found)
    return f"another route is in the way, which is not ours: take it away (ip route delete {shown})"


def route_words(address: Address, found: Match) -> str:
    """A route to a single address as `ip route` shows it, and takes it."""
    if found.kind != UNICAST:
        return f"{found.kind} {text(address)}"
    via = f" via {text(found.gateway)}" if found.gateway is not None else ""
    table = "" if found.table == _MAIN else f" table {found.table}"
    return f"{text(address)}{via} dev {_name(found.link)}{table} proto {_PROTOCOLS.get(found.protocol, found.protocol)}"


def _name(link: int) -> str:
    try:
        return socket.if_indextoname(link)
    except OSError:
        return f"if{link}"
