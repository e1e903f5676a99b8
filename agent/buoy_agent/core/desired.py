"""What the node should have: the fold of the feed.

A stream begins with `reset` messages up to `synced` (a full snapshot, in one message or many), or goes on where the last one
ended. A snapshot is built beside what was there and takes its place at `synced`, so that a broken snapshot changes nothing;
what is not in it is not wanted. Every change names what it may have touched (`Scope`), so that a float among 100,000 costs
what it costs among none.
"""

from collections.abc import Iterable, KeysView, Sequence
from dataclasses import dataclass, field

from buoy_agent.core.spec import (
    Address,
    Binding,
    Float,
    InstanceId,
    InterfaceId,
    Network,
    NetworkId,
    Nic,
    Settled,
    Update,
    mark_words,
)


@dataclass(slots=True)
class Scope:
    """What to look at: everything, or these things."""

    everything: bool = False
    interfaces: set[InterfaceId] = field(default_factory=set)
    networks: set[NetworkId] = field(default_factory=set)
    instances: set[InstanceId] = field(default_factory=set)
    addresses: set[Address] = field(default_factory=set)
    strays: set[NetworkId] = field(default_factory=set)  # networks that may have elements which no address leads to

    def merge(self, other: "Scope") -> None:
        """Adds another scope to this one."""
        self.everything = self.everything or other.everything
        self.interfaces |= other.interfaces
        self.networks |= other.networks
        self.instances |= other.instances
        self.addresses |= other.addresses
        self.strays |= other.strays

    def __bool__(self) -> bool:
        return self.everything or any((self.interfaces, self.networks, self.instances, self.addresses, self.strays))


@dataclass(slots=True)
class Targets:
    """The bindings of a node, and what follows from them."""

    bindings: dict[InterfaceId, Binding] = field(default_factory=dict)
    networks: dict[NetworkId, Network] = field(default_factory=dict)
    members: dict[NetworkId, set[InterfaceId]] = field(default_factory=dict)
    instances: dict[InstanceId, tuple[InterfaceId, ...]] = field(default_factory=dict)  # few have more than one
    working: set[InterfaceId] = field(default_factory=set)  # the server knows that all of them works
    _answering: dict[Address, Binding | Network] = field(default_factory=dict)  # in whose name the node does, for each float
    _bodies: dict[InterfaceId, str] = field(default_factory=dict)  # of NICs, as far as they were asked for: a hash each

    @property
    def addresses(self) -> KeysView[Address]:
        """Those of all floats."""
        return self._answering.keys()

    def float_of(self, address: Address) -> Float | None:
        """The float of an address, made as it is asked for; None where the node should not answer for it."""
        answering = self._answering.get(address)
        return answering.float_of(address) if answering is not None else None

    def put(self, binding: Binding, scope: Scope) -> None:
        """A binding is new or changed."""
        before, floats = self.bindings.get(binding.interface), binding.floats
        if before is not None and _place(before) != _place(binding):
            self.drop(binding.interface, scope)
        elif before is not None and before.floats != floats:
            self._unfloat(before, scope)
        self.bindings[binding.interface] = binding
        self._bodies.pop(binding.interface, None)
        self.working.discard(binding.interface)
        self.members.setdefault(binding.network.id, set()).add(binding.interface)
        siblings = self.instances.get(binding.instance, ())
        if binding.interface not in siblings:
            siblings = self.instances[binding.instance] = (*siblings, binding.interface)
        self._put_network(binding.network, scope)
        self._answering.update(dict.fromkeys(floats, binding))
        _touch(scope, binding, siblings, floats)

    def put_all(self, settled: Settled) -> None:
        """Many bindings of one network, of which nobody asks what they touch."""
        network, bindings = settled.network, settled.bindings
        interfaces, instances = [entry.interface for entry in bindings], {entry.instance for entry in bindings}
        once = len(instances) == len(set(interfaces)) == len(bindings)
        if once and self.bindings.keys().isdisjoint(interfaces) and self.instances.keys().isdisjoint(instances):
            self._put_new(network, bindings)
        else:
            for binding in bindings:
                self.put(binding, Scope())
        self.working |= settled.working

    def _put_new(self, network: Network, bindings: Sequence[Binding]) -> None:
        """Bindings of instances of their own, of which nothing is here."""
        self._put_network(network, Scope())
        self.bindings.update((entry.interface, entry) for entry in bindings)
        self.members.setdefault(network.id, set()).update(entry.interface for entry in bindings)
        self.instances.update((entry.instance, (entry.interface,)) for entry in bindings)
        self._answering.update((entry.floating, entry) for entry in bindings if entry.floating is not None)

    def give_back_room(self) -> None:
        """A set that grew bit by bit has room for four times what is in it: 8 MB for 1,000 networks of 100 interfaces."""
        self.members = {network: set(members) for network, members in self.members.items()}

    def change_network(self, network: Network, scope: Scope) -> None:
        """A network changed by itself; one without interfaces is not on this node."""
        if network.id in self.members:
            self._put_network(network, scope)

    def drop(self, interface: InterfaceId, scope: Scope) -> None:
        """A binding must go; one that is not there is no error."""
        binding = self.bindings.pop(interface, None)
        self._bodies.pop(interface, None)
        self.working.discard(interface)
        scope.interfaces.add(interface)
        if binding is None:
            return
        self._unfloat(binding, scope)
        siblings = tuple(other for other in self.instances.pop(binding.instance, ()) if other != interface)
        if siblings:
            self.instances[binding.instance] = siblings
        self.members[binding.network.id].discard(interface)
        if not self.members[binding.network.id]:
            del self.members[binding.network.id]
            self._drop_network(binding.network.id, scope)
        _touch(scope, binding, siblings, binding.floats)

    def own_if_last(self, interface: InterfaceId) -> frozenset[Address]:
        """The addresses of a network that go when this interface goes; none while the network has others."""
        binding = self.bindings.get(interface)
        if binding is None or len(self.members[binding.network.id]) > 1:
            return frozenset()
        return self.networks[binding.network.id].own_addresses

    def nic(self, interface: InterfaceId) -> Nic | None:
        """The NIC that an interface should have."""
        binding = self.bindings.get(interface)
        if binding is None:
            return None
        network = self.networks[binding.network.id]
        return Nic(
            interface=interface,
            instance=binding.instance,
            driver=binding.driver,
            order=binding.order,
            macaddr=binding.macaddr,
            address=binding.address,
            network=network.id,
            prefixlen=network.netblock.prefixlen,
            gateway=network.gateway,
            is_default=self._is_default(binding),
        )

    def mark(self, interface: InterfaceId) -> str:
        """The mark of the NIC that an interface should have; empty where it should have none."""
        binding = self.bindings.get(interface)
        if binding is None:
            return ""
        body = self._bodies.get(interface)
        if body is None:
            nic = self.nic(interface)
            body = self._bodies[interface] = nic.body if nic is not None else ""
        return mark_words(interface, body, is_default=self._is_default(binding))

    def _is_default(self, binding: Binding) -> bool:
        siblings = self.instances[binding.instance]
        return len(siblings) == 1 or all(self.bindings[other].order >= binding.order for other in siblings)

    def _put_network(self, network: Network, scope: Scope) -> None:
        before = self.networks.get(network.id)
        if before == network:
            return
        for address in before.own_addresses if before is not None else ():
            self._unannounce(address, network.id, scope)
        self.networks[network.id] = network
        for address in network.own_addresses:
            self._answering[address] = network
            scope.addresses.add(address)
        scope.networks.add(network.id)
        if before is None or (before.netblock, before.egress) != (network.netblock, network.egress):
            for member in self.members.get(network.id, ()):
                self._bodies.pop(member, None)
                scope.interfaces.add(member)

    def _drop_network(self, network: NetworkId, scope: Scope) -> None:
        gone = self.networks.pop(network)
        for address in gone.own_addresses:
            self._unannounce(address, network, scope)
        scope.networks.add(network)

    def _unfloat(self, binding: Binding, scope: Scope) -> None:
        scope.addresses.update(binding.floats)
        for address in binding.floats:
            answering = self._answering.get(address)
            if isinstance(answering, Binding) and answering.interface == binding.interface:
                del self._answering[address]

    def _unannounce(self, address: Address, network: NetworkId, scope: Scope) -> None:
        scope.addresses.add(address)
        answering = self._answering.get(address)
        if isinstance(answering, Network) and answering.id == network:
            del self._answering[address]


@dataclass(slots=True)
class Unconfirmed:
    """Floating addresses that came or went, and whose flows an earlier agent may have been about to cut when it died."""

    network: NetworkId
    addresses: set[Address]


@dataclass(slots=True)
class Desired:
    """The state of the feed: what is wanted, what must be confirmed, and how far we are."""

    targets: Targets = field(default_factory=Targets)
    removals: dict[InterfaceId, int] = field(default_factory=dict)  # generation to confirm
    leaving: dict[InterfaceId, set[Address]] = field(default_factory=dict)  # addresses that an interface gave up
    unconfirmed: dict[InterfaceId, "Unconfirmed"] = field(default_factory=dict)
    resumed: set[Address] = field(default_factory=set)  # they drained, and are taken back with the flows that they have
    revision: int = 0
    in_sync: bool = False
    _staged: Targets | None = None
    _staged_removals: dict[InterfaceId, int] = field(default_factory=dict)

    def begin_stream(self) -> None:
        """A new stream has begun: half a snapshot of the last one is worth nothing."""
        self._staged, self._staged_removals = None, {}

    @property
    def staging(self) -> bool:
        """Whether a snapshot is on its way."""
        return self._staged is not None

    def apply(self, update: Update) -> Scope:
        """Works one message in, and returns what it may have touched (nothing before the snapshot is complete)."""
        for binding in update.upserts:
            self._note_unconfirmed(binding.interface, binding.network.id, binding.unconfirmed)
        for removal in update.removals:
            self._note_unconfirmed(removal.interface, removal.network, removal.unconfirmed)
        if update.reset and self._staged is None:
            self._staged, self._staged_removals = Targets(), {}
        if self._staged is None:
            scope = self._change(update)
            self.revision = max(self.revision, update.revision)
        else:
            scope = self._stage(self._staged, update)
        self.in_sync = self.in_sync or update.synced
        return scope

    def end_drain(self, interface: InterfaceId, address: Address, scope: Scope) -> int:
        """An address has no flows any more, or no time: it must go altogether. Returns the generation that asked for it."""
        binding = self.targets.bindings[interface]
        self.leaving.setdefault(interface, set()).add(address)
        self.targets.put(binding.without_draining({address}), scope)
        return binding.generation

    def forget_removal(self, interface: InterfaceId) -> None:
        """A removal has been confirmed."""
        self.removals.pop(interface, None)
        self.leaving.pop(interface, None)

    def _note_unconfirmed(self, interface: InterfaceId, network: NetworkId, addresses: Iterable[Address]) -> None:
        if addresses:
            self.unconfirmed[interface] = Unconfirmed(network, set(addresses))

    def _stage(self, staged: Targets, update: Update) -> Scope:
        unused = Scope()  # everything is looked at in the end
        for binding in update.upserts:
            staged.put(binding, unused)
            self._staged_removals.pop(binding.interface, None)
        for settled in update.settled:
            staged.put_all(settled)
        for network in update.networks:
            staged.change_network(network, unused)
        for removal in update.removals:
            staged.drop(removal.interface, unused)
            self._staged_removals[removal.interface] = removal.generation
        return self._take_over(staged, update.revision) if update.synced else Scope()

    def _take_over(self, staged: Targets, revision: int) -> Scope:
        for interface, before in self.targets.bindings.items():
            after = staged.bindings.get(interface)
            self._note_leaving(before, after)
            if after is None and before.network.id not in staged.networks:
                self.leaving.setdefault(interface, set()).update(self.targets.networks[before.network.id].own_addresses)
        staged.give_back_room()
        self.targets, self.removals = staged, self._staged_removals
        self._staged, self._staged_removals = None, {}
        self.revision = revision
        return Scope(everything=True)

    def _change(self, update: Update) -> Scope:
        scope = Scope()
        for binding in update.bindings:
            self._note_leaving(self.targets.bindings.get(binding.interface), binding)
            self.removals.pop(binding.interface, None)
            self.targets.put(binding, scope)
        for network in update.networks:
            self.targets.change_network(network, scope)
        for removal in update.removals:
            self._note_leaving(self.targets.bindings.get(removal.interface), None)
            if own := self.targets.own_if_last(removal.interface):
                self.leaving.setdefault(removal.interface, set()).update(own)
            self.targets.drop(removal.interface, scope)
            self.removals[removal.interface] = removal.generation
        return scope

    def _note_leaving(self, before: Binding | None, after: Binding | None) -> None:
        """Notes which addresses an interface gives up, and which it takes back with their flows."""
        if before is None:
            return
        floats = after.floats if after is not None else {}
        if left := before.floats.keys() - floats.keys():
            self.leaving.setdefault(before.interface, set()).update(left)
        taken_back = {
            address
            for address, entry in before.floats.items()
            if entry.draining and floats.get(address) == entry._replace(draining=False)
        }
        self.resumed |= taken_back
        if before.interface in self.unconfirmed:
            self.unconfirmed[before.interface].addresses -= taken_back


def _place(binding: Binding) -> tuple[NetworkId, InstanceId, Address]:
    return binding.network.id, binding.instance, binding.address


def _touch(scope: Scope, binding: Binding, siblings: Iterable[InterfaceId], addresses: Iterable[Address]) -> None:
    scope.interfaces.add(binding.interface)
    scope.interfaces.update(siblings)
    scope.instances.add(binding.instance)
    scope.networks.add(binding.network.id)
    scope.addresses.update(addresses)
