"""A kernel in memory that keeps the port's promises, and can be told to refuse."""

from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace

from buoy_agent.core.actual import Actual, NetworkState, Parts
from buoy_agent.core.drift import Places
from buoy_agent.core.examining import Counter, Examination, Link, Observation
from buoy_agent.core.ruleset import digest
from buoy_agent.core.spec import Address, Binding, Driver, InterfaceId, Network, NetworkId, Nic
from buoy_agent.errors import KernelError, NicMissingError
from buoy_agent.kernel.port import External, Located, at_once


@dataclass(slots=True)
class FakeKernel:
    """Holds what a real one would; `refuse` maps a method's name, or name and uuid, to the words of its refusal."""

    writes: int = 0
    adoptable: set[str] = field(default_factory=set)  # MACs of NICs that somebody else made
    refuse: dict[str, str] = field(default_factory=dict)
    announced: list[Address] = field(default_factory=list)
    cuts: list[Address] = field(default_factory=list)
    flows: set[Address] = field(default_factory=set)  # addresses that have live flows
    has_carrier: bool = True  # the external interface
    _has: Actual = field(default_factory=Actual)
    _inside: dict[InterfaceId, str] = field(default_factory=dict)  # the instance's namespace of each NIC

    def prepare(self) -> None:
        """There is no external interface to set up."""
        self._check("prepare")

    def read(self) -> Actual:
        """A copy: what the caller does with it changes nothing here."""
        copy = at_once(self.read_node())
        copy.proxies, copy.external = set(self._has.proxies), self._has.external
        for network in self._has.networks:
            copy.put_network(network, self.read_network(network))
        return copy

    def read_node(self) -> Generator[None, None, Actual]:
        """A copy of namespaces and routes, after one step."""
        yield
        return Actual(set(self._has.namespaces), routes=dict(self._has.routes))

    def read_external(self) -> External:
        """Usable, until `break_external` says otherwise."""
        return External(self._has.external, (), frozenset(self._has.proxies), self.has_carrier)

    def read_network(self, network: NetworkId, known: NetworkState | None = None) -> NetworkState:  # noqa: ARG002 - reads all
        """A copy of one network."""
        state = self._has.networks.get(network)
        return NetworkState(flaws=("the namespace is gone",)) if state is None else _copy(state)

    def read_in_steps(self, network: NetworkId) -> Generator[None, None, NetworkState | None]:
        """One step, and then all."""
        yield
        return self.read_network(network)

    def read_missing(self, nics: Collection[Nic]) -> set[InterfaceId]:
        """Those that are not in `adoptable`."""
        self._check("read_missing")
        return {nic.interface for nic in nics if nic.macaddr not in self.adoptable}

    def read_names(self) -> set[str]:
        """The MACs in `adoptable`."""
        self._check("read_names")
        return set(self.adoptable)

    def read_route(self, address: Address) -> NetworkId | None:
        """The route's network."""
        return self._has.routes.get(address)

    def read_overruled(self, addresses: Sequence[Address]) -> Generator[None, None, set[Address]]:  # noqa: ARG002 - none are
        """Nobody else has routes here."""
        yield
        return set()

    def read_routes(self, network: NetworkId) -> set[Address]:
        """The routes into a network."""
        return {address for address, other in self._has.routes.items() if other == network}

    def flowing(self, network: NetworkId, addresses: Collection[Address]) -> set[Address]:
        """Those in `flows`."""
        self._check("flowing", network)
        return self.flows & set(addresses)

    def locate(self, places: Places, networks: Collection[NetworkId]) -> Located:
        """Namespaces have no numbers here: whatever was heard may be any network."""
        found = set(networks) if places.tables or places.links or places.uplinks else set()
        return Located(found, found, found)

    def break_external(self, words: str) -> None:
        """The external interface cannot be used any more, and has lost its neighbours; or can, if `words` is empty."""
        self._has.external = words
        self._has.proxies.clear()

    def ensure_network(self, network: Network) -> NetworkState:
        """Keeps what is in it."""
        self._check("ensure_network", network.id)
        state = self.read_network(network.id)
        if state.digest != digest(network):
            self.writes += 1
            self._has.put_network(network.id, replace(state, digest=digest(network)))
        return self.read_network(network.id)

    def remove_namespaces(self, uuids: Collection[str]) -> None:
        """Of networks and instances."""
        for uuid in uuids:
            self._check("remove_namespaces", uuid)
        for uuid in uuids:
            self.writes += 1
            self._has.drop_namespace(uuid)
            for state in self._has.networks.values():
                state.nics = {interface: mark for interface, mark in state.nics.items() if self._inside.get(interface) != uuid}

    def ensure_nic(self, nic: Nic) -> None:
        """Adopts only what is in `adoptable`."""
        self._check("ensure_nic", nic.interface)
        if nic.network not in self._has.networks:
            raise KernelError(f"opening the namespace {nic.network}: No such file or directory", 2)
        if nic.driver is Driver.ADOPT and nic.macaddr not in self.adoptable:
            raise NicMissingError(nic.macaddr)
        if nic.driver is Driver.NETNS:
            self._has.namespaces.add(nic.instance)
            self._inside[nic.interface] = nic.instance
        self.writes += 1
        self._has.networks[nic.network].nics[nic.interface] = nic.mark

    def remove_nic(self, network: NetworkId, interface: InterfaceId) -> None:
        """One that is not there is no error."""
        self._check("remove_nic", interface)
        state = self._has.networks.get(network)
        if state is not None and state.nics.pop(interface, None) is not None:
            self.writes += 1

    def publish(self, parts: Parts) -> None:
        """Refuses, as a map does, another value for a key that is there."""
        self._check("publish", parts.network)
        state = self._has.networks.get(parts.network, NetworkState())
        for table, pairs in ((state.forward, parts.forward), (state.backward, parts.backward)):
            for key, value in pairs:
                if table.get(key, value) != value:
                    raise KernelError("the kernel refused: File exists (EEXIST)", 17)
        self.writes += 1
        self.flows -= {floating for floating, _ in parts.forward} - parts.flowing
        self._has.add(parts)

    def withdraw(self, parts: Parts) -> None:
        """Elements must be there, routes and proxy neighbours need not."""
        self._check("withdraw", parts.network)
        state = self._has.networks.get(parts.network, NetworkState())
        missing = [floating for floating, _ in parts.forward if floating not in state.forward]
        missing += [fixed for fixed, _ in parts.backward if fixed not in state.backward]
        if missing and parts.network in self._has.networks:
            raise KernelError("the kernel refused: No such file or directory (ENOENT)", 2)
        self.writes += 1
        self.flows -= parts.but_proxies.addresses - parts.flowing
        self._has.remove(parts)

    def cut(self, network: NetworkId, addresses: Collection[Address]) -> None:
        """Remembers what was asked."""
        self._check("cut", network)
        self.writes += 1
        self.cuts += addresses
        self.flows.difference_update(addresses)

    def announce(self, addresses: Iterable[Address]) -> None:
        """Remembers what was announced."""
        self.announced += addresses

    def examine(self, binding: Binding) -> Examination:
        """Network, NIC and elements; there is nothing else here."""
        self._check("examine", binding.interface)
        state = self._has.networks.get(binding.network.id, NetworkState())
        found = {Link.NETWORK: binding.network.id in self._has.networks, Link.NIC: binding.interface in state.nics}
        if binding.floating is not None:
            found[Link.FLOATING_TO_FIXED] = state.forward.get(binding.floating) == binding.address
            found[Link.FIXED_TO_FLOATING] = state.backward.get(binding.address) == binding.floating
        return Examination(tuple(Observation(link, "", () if there else ("it is not there",)) for link, there in found.items()))

    def traffic(self, network: NetworkId) -> tuple[dict[Address, Counter], dict[Address, Counter]]:  # noqa: ARG002 - none at all
        """No packet ever comes."""
        return {}, {}

    def _check(self, name: str, uuid: str = "") -> None:
        words = self.refuse.get(name) or self.refuse.get(f"{name} {uuid}")
        if words:
            raise KernelError(words)


def _copy(state: NetworkState) -> NetworkState:
    nics, direct = dict(state.nics), set(state.direct)
    return NetworkState(state.digest, dict(state.forward), dict(state.backward), nics, direct, state.flaws)
