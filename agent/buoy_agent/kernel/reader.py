"""The reading half of the kernel port on Linux."""

from collections.abc import Collection, Generator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import closing

from buoy_agent.core.actual import Actual, NetworkState
from buoy_agent.core.drift import Places
from buoy_agent.core.spec import Address, NetworkId
from buoy_agent.kernel import foreign_routes, links, lookup, routes
from buoy_agent.kernel.inspection import Outers, setting_flaws
from buoy_agent.kernel.links import Link
from buoy_agent.kernel.namespaces import Namespaces
from buoy_agent.kernel.naming import outer_name
from buoy_agent.kernel.netlink import ROUTE, Channel, index_of
from buoy_agent.kernel.networks import Networks, is_outer
from buoy_agent.kernel.nics import HostLinks
from buoy_agent.kernel.numbers import Numbers
from buoy_agent.kernel.port import External, Located, at_once

_MATCHED = 100  # routes in 1 ms


def external_settings(name: str) -> tuple[tuple[str, str], ...]:
    """What the external interface needs: forwarding, and an immediate ARP answer."""
    return ((f"ipv4/conf/{name}/forwarding", "1"), (f"ipv4/neigh/{name}/proxy_delay", "0"))


class LinuxReader:
    """Reads this namespace and those of the networks. To be called in a thread that is in the node's host namespace."""

    def __init__(self, external_interface: str, protocol: int, namespaces: Namespaces, networks: Networks) -> None:
        self._protocol = protocol
        self._external, self._namespaces, self._networks = external_interface, namespaces, networks
        self._numbers = Numbers(namespaces)
        self._elsewhere: dict[Address, set[int]] = {}  # links beside the external one on which we answer for an address

    def read(self) -> Actual:
        """Everything that is ours."""
        with closing(Channel(ROUTE)) as channel:
            outers = Outers(channel)
        uplinks = _uplinks(outers.links)
        actual, external = at_once(self._read_node(uplinks)), self.read_external()
        actual.proxies, actual.external = set(external.proxies), external.words
        self._elsewhere = self._read_elsewhere(actual.routes.keys())
        actual.elsewhere = set(self._elsewhere)
        shared = dict(zip(actual.routes, actual.routes, strict=True))
        networks = [network for network in uplinks.values() if network in actual.namespaces]
        for network, state in self._networks.read_all(networks, outers, shared):
            actual.put_network(network, state)
        return actual

    def read_node(self) -> Generator[None, None, Actual]:
        """Namespaces and routes."""
        return self._read_node(self._uplinks())

    def _read_node(self, uplinks: Mapping[int, NetworkId]) -> Generator[None, None, Actual]:
        actual = Actual(self._namespaces.uuids())
        outer = {index: network for index, network in uplinks.items() if network in actual.namespaces}
        with closing(Channel(ROUTE)) as channel:
            for piece in routes.read_routes(channel, wanted=self._protocol):
                actual.routes.update([(address, outer[index]) for address, index in piece if index in outer])
                yield
            actual.overruled = routes.read_own(channel).intersection(actual.routes)
        return actual

    def _read_elsewhere(self, routed: AbstractSet[Address]) -> dict[Address, set[int]]:
        """Of addresses that are routed into our networks alone: others may be of another agent in this namespace."""
        found: dict[Address, set[int]] = {}
        external = index_of(self._external)
        with closing(Channel(ROUTE)) as channel:
            for piece in routes.read_proxies(channel, self._protocol):
                for address, link in piece:
                    if link != external and address in routed:
                        found.setdefault(address, set()).add(link)
        return found

    def read_external(self) -> External:
        """The external interface."""
        with closing(Channel(ROUTE)) as channel:
            link = links.read_link(channel, self._external)
            if link is None or not link.is_up:
                return External(f"the external interface {self._external} is {'not there' if link is None else 'down'}")
            pieces = routes.read_proxies(channel, self._protocol, link.index)
            proxies = frozenset(address for piece in pieces for address, index in piece if index == link.index)
        flaws = tuple(setting_flaws(external_settings(self._external), {}))
        return External("", flaws, proxies, link.has_carrier)

    def read_network(self, network: NetworkId, known: NetworkState | None = None) -> NetworkState:
        """What one network has."""
        return self._networks.read(network, known=known)

    def read_in_steps(self, network: NetworkId) -> Generator[None, None, NetworkState | None]:
        """The same in pieces."""
        return self._networks.read_in_steps(network)

    def read_names(self) -> set[str]:
        """Of the links of the host namespace."""
        with closing(Channel(ROUTE)) as channel:
            return HostLinks(links.read_links(channel).values()).names()

    def read_route(self, address: Address) -> NetworkId | None:
        """Where our route to an address leads."""
        with closing(Channel(ROUTE)) as channel:
            found = lookup.match(channel, address, self._external)
        return self._uplinks().get(found.link) if found.is_ours(address, self._protocol) else None

    def read_routes(self, network: NetworkId) -> set[Address]:
        """What is routed into a network."""
        index = index_of(outer_name(network))
        if not index:
            return set()
        with closing(Channel(ROUTE)) as channel:
            return {address for piece in routes.read_routes(channel, index, self._protocol) for address, _ in piece}

    def read_overruled(self, addresses: Sequence[Address]) -> Generator[None, None, set[Address]]:
        """Asks for each what a packet to it takes, which is 10 us."""
        overruled = set[Address]()
        with closing(Channel(ROUTE)) as channel:
            for start in range(0, len(addresses), _MATCHED):
                for address in addresses[start : start + _MATCHED]:
                    found = lookup.match(channel, address, self._external)
                    if foreign_routes.overrules(address, found, self._protocol):
                        overruled.add(address)
                yield
        return overruled

    def locate(self, places: Places, networks: Collection[NetworkId]) -> Located:
        """By the numbers of namespaces, and by the names of uplinks."""
        numbered = self._numbers.networks(places.tables | places.links, networks)
        named = {outer_name(network): network for network in networks} if places.uplinks else {}
        return Located(
            {numbered[number] for number in places.tables if number in numbered},
            {numbered[number] for number in places.links if number in numbered},
            {named[name] for name in places.uplinks if name in named},
        )

    def _uplinks(self) -> dict[int, NetworkId]:
        with closing(Channel(ROUTE)) as channel:
            return _uplinks(links.read_links(channel))


def _uplinks(present: Mapping[str, Link]) -> dict[int, NetworkId]:
    """The networks whose uplink is complete, by its index."""
    return {link.index: NetworkId(link.alias) for link in present.values() if is_outer(link)}
