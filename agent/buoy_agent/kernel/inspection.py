"""Reads what a network's namespace and uplink hold, and says in words what of it is not as it was made."""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace

from buoy_agent.core.actual import NetworkState
from buoy_agent.core.ruleset import BRIDGE, FIXED_TO_FLOATING, FLOATING_TO_FIXED, MAPS, UPLINK, state_digest
from buoy_agent.core.spec import Address, NetworkId
from buoy_agent.kernel import conntrack, links, nics, routes, sysctl
from buoy_agent.kernel.links import Link
from buoy_agent.kernel.naming import inner_mac, outer_mac, outer_name
from buoy_agent.kernel.netlink import Channel
from buoy_agent.kernel.nft import Table
from buoy_agent.kernel.routes import Ways

Setting = tuple[str, str]
ReadSetting = Callable[[str], str | None]
# Inside the namespace everything is ours, so `all` may be set too (redirects are sent if either says so).
OF_BRIDGE: tuple[Setting, ...] = (
    ("ipv4/conf/all/send_redirects", "0"),
    (f"ipv4/conf/{BRIDGE}/send_redirects", "0"),
    (f"ipv4/conf/{BRIDGE}/forwarding", "1"),
    (f"ipv4/conf/{BRIDGE}/rp_filter", "2"),
)
OF_UPLINK: tuple[Setting, ...] = ((f"ipv4/conf/{UPLINK}/forwarding", "1"), (f"ipv4/conf/{UPLINK}/rp_filter", "2"))
INSIDE = (*OF_BRIDGE, *OF_UPLINK)
# What not every kernel has. Without the first, bridged frames pass the NAT chains, and hairpin breaks.
OPTIONAL: tuple[Setting, ...] = (("bridge/bridge-nf-call-iptables", "0"), conntrack.EVENTS)


def outside(name: str) -> tuple[Setting, ...]:
    """The settings of the uplink's end in the host namespace."""
    conf = f"ipv4/conf/{name}"
    return ((f"{conf}/forwarding", "1"), (f"{conf}/rp_filter", "2"), (f"{conf}/send_redirects", "0"))


@dataclass(frozen=True, slots=True)
class Outer:
    """The host's end of a network's uplink, and the MAC of the permanent neighbour behind it."""

    link: Link | None
    neighbour: str = ""


class Outers:
    """The host's ends of all uplinks, read at once: a request less for each, and one look through the links."""

    def __init__(self, host: Channel) -> None:
        self.links = links.read_links(host)
        self._neighbours = routes.read_neighbours(host, routes.NETWORK_SIDE)

    def of(self, network: NetworkId) -> Outer:
        """The one of a network."""
        link = self.links.get(outer_name(network))
        return Outer(link, self._neighbours.get(link.index, "") if link is not None else "")


def read_outer(network: NetworkId, host: Channel) -> Outer:
    """The host's end of one network's uplink, read alone."""
    link = links.read_link(host, outer_name(network))
    return Outer(link, routes.read_neighbour(host, routes.NETWORK_SIDE, link.index) if link is not None else "")


def outer_flaws(network: NetworkId, outer: Outer) -> list[str]:
    """What is wrong with the host's end of the uplink; the calling thread need not be in the host namespace."""
    link = outer.link
    if link is None:
        return ["the uplink is gone from the host"]
    flaws = [] if link.alias == network else ["the uplink in the host has lost its mark"]
    flaws += [] if link.is_up else ["the uplink in the host is down"]
    flaws += [] if outer.neighbour == inner_mac(network) else ["the host has no neighbour behind the uplink"]
    return flaws + setting_flaws(outside(link.name), {link.name: link})


def inner_state(network: NetworkId, channel: Channel, table: Table, read: ReadSetting = sysctl.read) -> NetworkState:
    """All but the elements; the calling thread is in the network's namespace."""
    present, ways = links.read_links(channel), routes.read_ways(channel)
    flaws = [*_link_flaws(network, channel, present, ways), *table.flaws()]
    flaws += setting_flaws((*INSIDE, *OPTIONAL), present, read)
    bridge = present.get(BRIDGE)
    addresses = links.read_addresses(channel, bridge.index) if bridge is not None else []
    if bridge is not None and len(addresses) != 1:
        flaws.append("the bridge has not just its own address")
    shown = f"{addresses[0][0].hex()}/{addresses[0][1]}" if addresses else ""
    return NetworkState(
        digest="" if flaws else state_digest(shown, tuple(table.read_rules())),
        nics=nics.marks(present.values()),
        direct=ways.hosts.get(bridge.index, set()) if bridge is not None else set(),
        flaws=tuple(flaws),
    )


def elements_in_steps(table: Table) -> Generator[None, None, NetworkState]:
    """Both maps, read piece by piece: the caller may do something else between two pieces."""
    maps: dict[str, dict[Address, Address]] = {}
    for name in MAPS:
        maps[name] = {}
        for part in table.read_map_in_steps(name):
            maps[name].update(part)
            yield
    return NetworkState(forward=maps[FLOATING_TO_FIXED], backward=maps[FIXED_TO_FLOATING])


def with_elements(state: NetworkState, elements: NetworkState) -> NetworkState:
    """A state with the elements of another."""
    return replace(state, forward=elements.forward, backward=elements.backward)


def _link_flaws(network: NetworkId, channel: Channel, present: Mapping[str, Link], ways: Ways) -> Iterator[str]:
    yield from state_flaws("the bridge", present.get(BRIDGE))
    uplink = present.get(UPLINK)
    yield from state_flaws("the uplink", uplink)
    if uplink is not None and uplink.is_up:
        yield from way_out_flaws(ways, uplink)
        yield from inner_flaws(network, channel, uplink)


def state_flaws(what: str, link: Link | None) -> list[str]:
    """Whether a link is there, and up."""
    return [f"{what} is gone"] if link is None else [] if link.is_up else [f"{what} is down"]


def way_out_flaws(ways: Ways, uplink: Link) -> list[str]:
    """Whether what leaves the network goes to the host."""
    return [] if uplink.index in ways.defaults else ["the default route is gone"]


def inner_flaws(network: NetworkId, channel: Channel, uplink: Link) -> list[str]:
    """Whether the host is known behind the network's end of the uplink."""
    known = routes.read_neighbour(channel, routes.HOST_SIDE, uplink.index)
    return [] if known == outer_mac(network) else ["the neighbour behind the uplink is gone"]


def setting_flaws(wanted: tuple[Setting, ...], present: Mapping[str, Link], read: ReadSetting = sysctl.read) -> list[str]:
    """The settings that are not as they should be: those of links that are present by what the kernel shows with them.

    Others are read, in the calling thread's namespace. What this kernel, or a link, does not have is as it should be.
    """
    return [f"net/{name} is not {value}" for name, value in wanted if _shown(name, present, read) not in (value, None)]


def _shown(name: str, present: Mapping[str, Link], read: ReadSetting) -> str | None:
    *place, where, setting = name.split("/")
    link = present.get(where) if place == ["ipv4", "conf"] else None
    return read(name) if link is None else link.setting(setting)
