"""A kernel in memory that keeps the port's promises, and can be told to refuse."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from buoy_agent.core.actual import Actual, NetworkState, Parts
from buoy_agent.core.ruleset import digest
from buoy_agent.core.spec import Address, Driver, InterfaceId, Network, NetworkId, Nic
from buoy_agent.errors import KernelError, NicMissingError


@dataclass(slots=True)
class FakeKernel:
    """Holds what a real one would; `refuse` maps a method's name, or name and uuid, to the words of its refusal."""

    writes: int = 0
    adoptable: set[str] = field(default_factory=set)  # MACs of NICs that somebody else made
    refuse: dict[str, str] = field(default_factory=dict)
    announced: list[Address] = field(default_factory=list)
    cuts: list[Address] = field(default_factory=list)
    _has: Actual = field(default_factory=Actual)
    _inside: dict[InterfaceId, str] = field(default_factory=dict)  # the instance's namespace of each NIC

    def prepare(self) -> None:
        """There is no external interface to set up."""
        self._check("prepare")

    def read(self) -> Actual:
        """A copy: what the caller does with it changes nothing here."""
        copy = Actual(set(self._has.namespaces), {}, dict(self._has.routes), set(self._has.proxies))
        for network in self._has.networks:
            copy.put_network(network, self.read_network(network))
        return copy

    def read_network(self, network: NetworkId) -> NetworkState:
        """A copy of one network."""
        state = self._has.networks.get(network)
        return NetworkState() if state is None else _copy(state)

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
            raise NicMissingError(f"no NIC with MAC {nic.macaddr} on this node")
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
        self._has.remove(parts)

    def cut(self, network: NetworkId, addresses: Collection[Address]) -> None:
        """There are no flows; remembers what was asked."""
        self._check("cut", network)
        self.writes += 1
        self.cuts += addresses

    def announce(self, addresses: Iterable[Address]) -> None:
        """Remembers what was announced."""
        self.announced += addresses

    def _check(self, name: str, uuid: str = "") -> None:
        words = self.refuse.get(name) or self.refuse.get(f"{name} {uuid}")
        if words:
            raise KernelError(words)


def _copy(state: NetworkState) -> NetworkState:
    return NetworkState(state.digest, dict(state.forward), dict(state.backward), dict(state.nics))
