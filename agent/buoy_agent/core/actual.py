"""What the kernel has of ours: read at the start, kept by what was applied, read again after errors."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from buoy_agent.core.spec import Address, InterfaceId, NetworkId

Pair = tuple[Address, Address]


@dataclass(slots=True)
class NetworkState:
    """What one network's namespace holds."""

    digest: str = ""  # of the rules and links as they are; empty when something of them is missing
    forward: dict[Address, Address] = field(default_factory=dict)  # floating -> fixed
    backward: dict[Address, Address] = field(default_factory=dict)  # fixed -> floating
    nics: dict[InterfaceId, str] = field(default_factory=dict)  # the marks of the ports
    direct: set[Address] = field(default_factory=set)  # routed addresses that are reached on the bridge
    flaws: tuple[str, ...] = ()  # why the digest is empty, in words


@dataclass(frozen=True)
class Parts:
    """What the floats of one network lose or gain, down to the single entry."""

    network: NetworkId
    forward: tuple[Pair, ...] = ()  # floating, fixed
    backward: tuple[Pair, ...] = ()  # fixed, floating
    routes: tuple[Address, ...] = ()
    proxies: tuple[Address, ...] = ()
    direct: tuple[Address, ...] = ()
    flowing: frozenset[Address] = frozenset()  # addresses whose live flows go on through the change

    @cached_property
    def addresses(self) -> frozenset[Address]:
        """Every floating address that is concerned."""
        elements = dict(self.forward).keys() | dict(self.backward).values()
        return frozenset(elements.union(self.routes, self.proxies, self.direct))

    @property
    def but_proxies(self) -> "Parts":
        """The same without proxy neighbours."""
        return replace(self, proxies=())

    def only(self, addresses: AbstractSet[Address]) -> "Parts":
        """The same for some of the addresses."""
        return Parts(
            self.network,
            tuple(pair for pair in self.forward if pair[0] in addresses),
            tuple(pair for pair in self.backward if pair[1] in addresses),
            tuple(address for address in self.routes if address in addresses),
            tuple(address for address in self.proxies if address in addresses),
            tuple(address for address in self.direct if address in addresses),
            self.flowing & addresses,
        )


@dataclass(slots=True)
class Actual:
    """All that is ours on the node."""

    namespaces: set[str] = field(default_factory=set)  # uuids of networks and instances
    networks: dict[NetworkId, NetworkState] = field(default_factory=dict)
    routes: dict[Address, NetworkId] = field(default_factory=dict)
    overruled: set[Address] = field(default_factory=set)  # of those, the ones that packets do not take, for all we know
    proxies: set[Address] = field(default_factory=set)
    elsewhere: set[Address] = field(default_factory=set)  # answered for on another link, which was the external interface once
    holders: dict[Address, NetworkId] = field(default_factory=dict)  # which network has the address as a map element
    direct: dict[Address, NetworkId] = field(default_factory=dict)  # which network has the address on its bridge
    external: str = ""  # why the external interface cannot be used, in words; empty when it can

    def put_network(self, network: NetworkId, state: NetworkState) -> None:
        """Replaces what is known of one network."""
        self._forget_holders(network)
        self.namespaces.add(network)
        self.networks[network] = state
        self.holders.update(dict.fromkeys(state.forward, network))
        self.direct.update(dict.fromkeys(state.direct, network))

    def drop_namespace(self, uuid: str) -> None:
        """A namespace is gone, with all that it held and the routes into it."""
        network = NetworkId(uuid)
        self.namespaces.discard(uuid)
        self._forget_holders(network)
        if self.networks.pop(network, None) is not None:
            self.forget_routes(network)

    def add(self, parts: Parts) -> None:
        """These entries are in the kernel now."""
        if state := self.networks.get(parts.network):
            state.forward.update(parts.forward)
            state.backward.update(parts.backward)
            state.direct.update(parts.direct)
            self.holders.update((floating, parts.network) for floating, _ in parts.forward)
            self.direct.update((address, parts.network) for address in parts.direct)
        self.routes.update((address, parts.network) for address in parts.routes)
        self.overruled.difference_update(parts.routes)
        self.proxies.update(parts.proxies)

    def remove(self, parts: Parts) -> None:
        """These entries are not in the kernel any more."""
        if state := self.networks.get(parts.network):
            _forget(state.forward, (floating for floating, _ in parts.forward))
            _forget(state.backward, (fixed for fixed, _ in parts.backward))
            state.direct.difference_update(parts.direct)
        _forget(self.holders, (floating for floating, _ in parts.forward if self.holders.get(floating) == parts.network))
        _forget(self.direct, (address for address in parts.direct if self.direct.get(address) == parts.network))
        _forget(self.routes, parts.routes)
        self.overruled.difference_update(parts.routes)
        self.proxies.difference_update(parts.proxies)
        self.elsewhere.difference_update(parts.proxies)

    def has_address(self, address: Address) -> bool:
        """Whether anything at all of a floating address is there."""
        return address in self.holders or address in self.routes or address in self.proxies or address in self.direct

    def has_strays(self, network: NetworkId) -> bool:
        """Whether a network has elements that no address leads to: half a pair, or those of one that is elsewhere too."""
        state = self.networks[network]
        halves = list(map(state.forward.get, state.backward.values())) != list(state.backward)
        holders = {*map(self.holders.get, state.forward), *map(self.direct.get, state.direct)}
        return halves or not holders <= {network}

    def forget_routes(self, network: NetworkId) -> None:
        """The routes into a network went with its link."""
        self.routes = {address: other for address, other in self.routes.items() if other != network}

    def put_routes(self, network: NetworkId, addresses: Iterable[Address]) -> None:
        """Replaces what is known of the routes into one network."""
        self.forget_routes(network)
        self.routes.update(dict.fromkeys(addresses, network))

    def _forget_holders(self, network: NetworkId) -> None:
        if state := self.networks.get(network):
            _forget(self.holders, [floating for floating in state.forward if self.holders.get(floating) == network])
            _forget(self.direct, [address for address in state.direct if self.direct.get(address) == network])


def _forget(table: dict[Address, Any], keys: Iterable[Address]) -> None:
    for key in keys:
        table.pop(key, None)
