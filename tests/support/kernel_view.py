"""Reads a namespace's kernel as it is, with none of the agent's code, so that what the agent says can be checked.

Each function opens its own netlink socket through pyroute2 and gives plain values.
"""

import errno
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from pyroute2.netlink import NLMSG_DONE
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.nfnetlink import nfgen_msg, nftsocket
from pyroute2.netlink.nfnetlink.nfctsocket import NFCTSocket
from pyroute2.netlink.nfnetlink.nftsocket import NFTSocket
from pyroute2.netlink.rtnl import RTM_GETNEIGH
from pyroute2.netlink.rtnl.ndmsg import ndmsg

from tests.support.netns import inside, links

NTF_PROXY = 8
# A dump (NLM_F_REQUEST | NLM_F_DUMP). The kernel shows proxies only where ndm_flags is NTF_PROXY, which pyroute2 does not set.
PROXY_DUMP = struct.pack("=IHHII BxxxiHBB", 28, RTM_GETNEIGH, 0x301, 1, 0, socket.AF_INET, 0, 0, NTF_PROXY, 0)
BUOY_PROTOCOL = 98
TABLE = "buoy"


@dataclass(frozen=True, slots=True)
class Flow:
    """One conntrack entry: who asked whom, and between whom the answers go."""

    source: IPv4Address
    destination: IPv4Address
    reply_source: IPv4Address
    reply_destination: IPv4Address

    def touches(self, address: IPv4Address) -> bool:
        """Whether the address is one of the four."""
        return address in (self.source, self.destination, self.reply_source, self.reply_destination)


def tables(netns: str) -> list[str]:
    """The names of the IPv4 nftables tables."""
    return [message.get_attr("NFTA_TABLE_NAME") for message in _nft(netns, nfgen_msg, nftsocket.NFT_MSG_GETTABLE)]


def sets(netns: str) -> list[tuple[str, str]]:
    """Table and name of each nftables set and map."""
    messages = _nft(netns, nftsocket.nft_set_msg, nftsocket.NFT_MSG_GETSET)
    return [(message.get_attr("NFTA_SET_TABLE"), message.get_attr("NFTA_SET_NAME")) for message in messages]


def elements(netns: str, name: str, table: str = TABLE) -> dict[IPv4Address, IPv4Address | None]:
    """The elements of a map of addresses; None as value for a plain set. An absent map has none."""
    wanted = {"attrs": [("NFTA_SET_ELEM_LIST_TABLE", table), ("NFTA_SET_ELEM_LIST_SET", name)]}
    try:
        messages = _nft(netns, nftsocket.nft_set_elem_list_msg, nftsocket.NFT_MSG_GETSETELEM, wanted)
    except NetlinkError as error:
        if error.code == errno.ENOENT:
            return {}
        raise
    found = [element for message in messages for element in message.get_attr("NFTA_SET_ELEM_LIST_ELEMENTS") or ()]
    return {_data(element, "KEY"): _data(element, "DATA") for element in found}


def floating_to_fixed(netns: str) -> dict[IPv4Address, IPv4Address | None]:
    """Which fixed address each floating address leads to in a network's namespace."""
    return elements(netns, "floating_to_fixed")


def fixed_to_floating(netns: str) -> dict[IPv4Address, IPv4Address | None]:
    """Which floating address each fixed address goes out with in a network's namespace."""
    return elements(netns, "fixed_to_floating")


def routes(netns: str, protocol: int = BUOY_PROTOCOL) -> set[IPv4Network]:
    """The destinations of the routes that bear this protocol number."""
    with links(netns) as ipr:
        found = [message for message in ipr.get_routes(family=socket.AF_INET) if message["proto"] == protocol]
    return {IPv4Network((message.get_attr("RTA_DST"), message["dst_len"])) for message in found}


def proxy_neighbours(netns: str) -> set[IPv4Address]:
    """The addresses for which the kernel answers ARP in somebody's place."""
    with inside(netns), socket.socket(socket.AF_NETLINK, socket.SOCK_RAW) as netlink:
        netlink.send(PROXY_DUMP)
        found = list(_neighbours(netlink))
    return {IPv4Address(message.get_attr("NDA_DST")) for message in found if message["flags"] & NTF_PROXY}


def link_names(netns: str) -> set[str]:
    """The names of all NICs, lo included."""
    with links(netns) as ipr:
        return {message.get_attr("IFLA_IFNAME") for message in ipr.get_links()}


def flows(netns: str) -> list[Flow]:
    """All conntrack entries of IPv4."""
    with inside(netns), NFCTSocket() as conntrack:  # type: ignore[no-untyped-call] # pyroute2 has no types
        return [_flow(message) for message in conntrack.dump()]


def _nft(netns: str, kind: Any, number: int, values: dict[str, Any] | None = None) -> list[Any]:
    """Dumps through NFTSocket.request_get, since every `get` of pyroute2 0.9's NFTables raises TypeError."""
    message = kind()
    message["nfgen_family"] = socket.AF_INET
    message["attrs"] = (values or {}).get("attrs", [])
    with inside(netns), NFTSocket() as nft:  # type: ignore[no-untyped-call] # pyroute2 has no types
        return list(nft.request_get(message, number))


def _neighbours(netlink: socket.socket) -> Iterator[Any]:
    while True:
        data, offset = netlink.recv(65536), 0
        while offset < len(data):
            length, kind = struct.unpack_from("=IH", data, offset)
            if kind == NLMSG_DONE:
                return
            message: Any = ndmsg(data[offset : offset + length])  # type: ignore[no-untyped-call] # pyroute2 has no types
            message.decode()
            yield message
            offset += (length + 3) & ~3


def _data(element: Any, part: str) -> Any:
    data = element.get_attr(f"NFTA_SET_ELEM_{part}")
    return IPv4Address(data.get_attr("NFTA_DATA_VALUE")) if data is not None else None


def _flow(message: Any) -> Flow:
    asked, answered = (message.get_attr(f"CTA_TUPLE_{way}").get_attr("CTA_TUPLE_IP") for way in ("ORIG", "REPLY"))
    return Flow(*(IPv4Address(ip.get_attr(f"CTA_IP_V4_{end}")) for ip in (asked, answered) for end in ("SRC", "DST")))
