"""Routes of others where ours should be: a table has room for one route to an address (of a metric), and it may be theirs.

Ours is added with NLM_F_EXCL, so nothing of somebody else's is ever replaced, be it a blackhole against an attack
(docs/decisions/0033): the float fails, with words that name the route in the way, and is programmed when that is gone.
"""

import errno
import socket
from collections.abc import Iterable
from ipaddress import ip_network

from buoy_agent.core.spec import Address, text
from buoy_agent.errors import KernelError
from buoy_agent.kernel.lookup import LOCAL, NONE, UNICAST, Match, match
from buoy_agent.kernel.netlink import Channel
from buoy_agent.kernel.routes import NETWORK_SIDE

# As iproute2 names them (rtnetlink.h); any other is shown by its number.
_PROTOCOLS = {2: "kernel", 3: "boot", 4: "static", 11: "zebra", 12: "bird", 16: "dhcp", 186: "bgp", 188: "ospf"}


def sort_out(
    channel: Channel, external: str, addresses: Iterable[Address], link: int, protocol: int
) -> tuple[list[Address], list[Address]]:
    """Of addresses that had a route: those that ours is for, but not as it should be, and those without one now.

    Raises KernelError for somebody else's. One into the network itself by our own next hop is ours, whatever its number: an
    agent with another --route-protocol made it.
    """
    astray, gone = list[Address](), list[Address]()
    for address in addresses:
        found = match(channel, address, external)
        if _is_absent(address, found):
            gone.append(address)
        elif found.length != 8 * len(address) or (found.protocol != protocol and not _leads_as_ours(found, link)):
            raise KernelError(in_the_way(address, found), errno.EEXIST)
        elif (found.link, found.protocol) != (link, protocol):
            astray.append(address)
    return astray, gone


def overrules(address: Address, found: Match, protocol: int) -> bool:
    """Whether what a packet takes is another route than ours; where there is none to the address, ours is just not there."""
    return not found.is_ours(address, protocol) and (not _is_absent(address, found) or found.is_ruled)


def flaw(address: Address, found: Match) -> str:
    """What is wrong where a packet takes another route than ours, in words."""
    if not _is_absent(address, found):
        return in_the_way(address, found)
    if found.is_ruled:
        return f"a rule (ip rule) leads packets to {text(address)} elsewhere, by the route {route_words(address, found)}"
    return f"the route to {text(address)} is not there"


def hindrance(address: Address, found: Match) -> str:
    """What keeps ours out where a route to the address is in its table, and packets take another or none, in words."""
    if not _is_absent(address, found) or found.is_ruled:
        return flaw(address, found)
    shown = f"ip route show {text(address)}"
    return f"another route is in the way, which is not ours and which no packet takes: take it away ({shown})"


def _leads_as_ours(found: Match, link: int) -> bool:
    return (found.link, found.gateway) == (link, NETWORK_SIDE)


def _is_absent(address: Address, found: Match) -> bool:
    """Whether what a packet takes is no route to this one address."""
    return found.kind == NONE or (found.kind == UNICAST and found.length < 8 * len(address))


def in_the_way(address: Address, found: Match) -> str:
    """What to do about a route of somebody else's to an address of ours, in words."""
    if found.kind == LOCAL:
        name = _name(found.link)
        return f"{text(address)} is an address of this node itself (on {name}): take it away there (ip address delete)"
    shown = route_words(address, found)
    return f"another route is in the way, which is not ours: take it away (ip route delete {shown})"


def route_words(address: Address, found: Match) -> str:
    """A route that an address takes as `ip route` shows it, and takes it."""
    if found.kind != UNICAST:
        return f"{found.kind} {text(address)}"
    block = ip_network((address, found.length), strict=False)
    to = "default" if not found.length else text(address) if found.length == block.max_prefixlen else str(block)
    via = f" via {text(found.gateway)}" if found.gateway is not None else ""
    table = f" table {found.table}" if found.is_ruled else ""
    return f"{to}{via} dev {_name(found.link)}{table} proto {_PROTOCOLS.get(found.protocol, found.protocol)}"


def _name(link: int) -> str:
    try:
        return socket.if_indextoname(link)
    except OSError:
        return f"if{link}"
