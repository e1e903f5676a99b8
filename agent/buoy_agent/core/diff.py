"""The difference between what should be and what is, as a plan: a value that can be printed.

The order of a plan, and why: what is wrong goes first (an address that moves must leave its old place before it appears at
the new one), then NICs and namespaces that nobody wants, then networks, then NICs and floats in the networks that are whole.
A network that is made or repaired is read again and its content planned anew, so a plan may need a second round.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from buoy_agent.core.actual import Actual, Pair, Parts
from buoy_agent.core.desired import Scope, Targets
from buoy_agent.core.ruleset import digest
from buoy_agent.core.spec import Address, Float, InstanceId, InterfaceId, Network, NetworkId, Nic

NOWHERE = NetworkId("")  # of a proxy neighbour without route or element


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in the order of the fields."""

    withdraw: tuple[Parts, ...] = ()
    drop_nics: tuple[tuple[NetworkId, InterfaceId], ...] = ()
    drop_namespaces: tuple[str, ...] = ()
    networks: tuple[Network, ...] = ()
    nics: tuple[Nic, ...] = ()
    publish: tuple[Parts, ...] = ()

    @property
    def elements(self) -> int:
        """How many elements of maps it changes."""
        return sum(len(parts.forward) + len(parts.backward) for parts in (*self.withdraw, *self.publish))

    def __bool__(self) -> bool:
        return any((self.withdraw, self.drop_nics, self.drop_namespaces, self.networks, self.nics, self.publish))


def diff(
    desired: Targets, actual: Actual, scope: Scope, missing: AbstractSet[InterfaceId] = frozenset(), *, by_arp: bool = True
) -> Plan:
    """The plan that turns `actual` into `desired`, as far as `scope` reaches.

    What somebody else makes and is `missing` is not planned; `by_arp` says whether floats are announced so.
    """
    floats = _Floats(desired, actual, by_arp=by_arp)
    if scope.everything:
        present = {*actual.routes, *actual.proxies, *actual.elsewhere, *actual.holders, *actual.direct}
        floats.look_at(present)
        floats.put_in_new(desired.addresses - present)
        floats.look_for_strays(actual.networks)
    else:
        floats.look_at(scope.addresses)
        floats.look_for_strays(scope.strays & actual.networks.keys())
    return Plan(
        withdraw=floats.withdraw(),
        drop_nics=tuple(_nics_to_drop(desired, actual, scope)),
        drop_namespaces=tuple(_namespaces_to_drop(desired, actual, scope)),
        networks=tuple(_networks_to_make(desired, actual, scope)),
        nics=tuple(_nics_to_make(desired, actual, scope, missing)),
        publish=floats.publish(),
    )


def _whole(desired: Targets, actual: Actual, network: NetworkId) -> bool:
    """Whether a network is there as it should be."""
    spec, state = desired.networks.get(network), actual.networks.get(network)
    return spec is not None and state is not None and state.digest == digest(spec)


def _networks_to_make(desired: Targets, actual: Actual, scope: Scope) -> Iterator[Network]:
    for network in desired.networks if scope.everything else scope.networks:
        if network in desired.networks and not _whole(desired, actual, network):
            yield desired.networks[network]


def _namespaces_to_drop(desired: Targets, actual: Actual, scope: Scope) -> Iterator[str]:
    candidates = actual.namespaces if scope.everything else (scope.networks | scope.instances) & actual.namespaces
    for uuid in sorted(candidates):
        if NetworkId(uuid) not in desired.networks and InstanceId(uuid) not in desired.instances:
            yield uuid


def _nics_to_drop(desired: Targets, actual: Actual, scope: Scope) -> Iterator[tuple[NetworkId, InterfaceId]]:
    """Looks in the networks of the scope alone: the one that an interface leaves is among them, also after a failed attempt."""
    for network in actual.networks if scope.everything else scope.networks & actual.networks.keys():
        if network not in desired.networks:
            continue  # they go with their namespace
        state = actual.networks[network]
        for interface in list(state.nics) if scope.everything else scope.interfaces & state.nics.keys():
            binding = desired.bindings.get(interface)
            wanted = binding is not None and binding.network.id == network
            if not wanted or _body(state.nics[interface]) != _body(desired.mark(interface)):
                yield network, interface


def _nics_to_make(desired: Targets, actual: Actual, scope: Scope, missing: AbstractSet[InterfaceId]) -> Iterator[Nic]:
    whole: dict[NetworkId, bool] = {}
    about = desired.bindings.keys() if scope.everything else scope.interfaces & desired.bindings.keys()
    for interface in about - missing:
        network = desired.bindings[interface].network.id
        if network not in whole:
            whole[network] = _whole(desired, actual, network)
        if whole[network]:
            mark = actual.networks[network].nics.get(interface)
            nic = None if mark is not None and mark == desired.mark(interface) else desired.nic(interface)
            if nic is not None:
                yield nic


def _body(mark: str) -> str:
    return mark.rpartition(":")[0]


@dataclass(slots=True)
class _Entries:
    """Parts in the making."""

    forward: list[Pair] = field(default_factory=list)
    backward: list[Pair] = field(default_factory=list)
    routes: list[Address] = field(default_factory=list)
    proxies: list[Address] = field(default_factory=list)
    direct: list[Address] = field(default_factory=list)
    flowing: set[Address] = field(default_factory=set)

    def __bool__(self) -> bool:
        return any((self.forward, self.backward, self.routes, self.proxies, self.direct))

    def parts(self, network: NetworkId) -> Parts:
        elements = tuple(self.forward), tuple(self.backward)
        places = tuple(self.routes), tuple(self.proxies), tuple(self.direct)
        return Parts(network, *elements, *places, frozenset(self.flowing))


class _Floats:
    """Compares floats address by address, and gathers by network what must go and what must come."""

    def __init__(self, desired: Targets, actual: Actual, *, by_arp: bool) -> None:
        self.desired, self.actual, self.by_arp = desired, actual, by_arp
        self.out: dict[NetworkId, _Entries] = {}
        self.into: dict[NetworkId, _Entries] = {}
        self.whole: dict[NetworkId, bool] = {}

    def withdraw(self) -> tuple[Parts, ...]:
        return tuple(entries.parts(network) for network, entries in self.out.items())

    def publish(self) -> tuple[Parts, ...]:
        return tuple(entries.parts(network) for network, entries in self.into.items() if entries)

    def look_at(self, addresses: Iterable[Address]) -> None:
        for address in addresses:
            want = self.desired.float_of(address)
            gone = self._is_wrong(address, want)
            if gone:
                self._take_out(address)
            elif want is not None and want.draining and address in self.actual.holders:
                self._take_out_elements(address)
            elif self._is_answered_for_wrongly(address):
                _entries(self.out, NOWHERE).proxies.append(address)
            if want is not None and self._is_whole(want.network):
                self._put_in(want, afresh=gone)

    def put_in_new(self, addresses: Iterable[Address]) -> None:
        """What `look_at` would plan for addresses of which nothing is there, in a quarter of its time."""
        by_arp = self.by_arp and not self.actual.external
        ready = {network: _entries(self.into, network) for network in self.desired.networks if self._is_whole(network)}
        for address in addresses if ready else ():
            want = self.desired.float_of(address)
            entries = ready.get(want.network) if want is not None else None
            if want is None or entries is None:
                continue
            if (fixed := want.element) is not None:
                entries.forward.append((address, fixed))
                entries.backward.append((fixed, address))
            entries.routes.append(address)
            if by_arp:
                entries.proxies.append(address)
            if want.routed:
                entries.direct.append(address)

    def look_for_strays(self, networks: Iterable[NetworkId]) -> None:
        """Finds elements that no address leads to: half pairs, and the same address in a second network."""
        for network in networks:
            state = self.actual.networks[network]
            for floating, fixed in state.forward.items():
                if self.actual.holders.get(floating) != network:
                    _entries(self.out, network).forward.append((floating, fixed))
            for fixed, floating in state.backward.items():
                if self.actual.holders.get(floating) == network and state.forward[floating] == fixed:
                    continue  # a whole pair, which is looked at by its address
                want = self.desired.float_of(floating)
                if want is None or (want.network, want.element) != (network, fixed):
                    _entries(self.out, network).backward.append((fixed, floating))
            for address in state.direct:
                if self.actual.direct.get(address) != network:
                    _entries(self.out, network).direct.append(address)

    def _is_wrong(self, address: Address, want: Float | None) -> bool:
        """Whether something of the address is there that must not be, but for the elements of one that drains."""
        if want is None:
            return self.actual.has_address(address)
        holder, route = self.actual.holders.get(address), self.actual.routes.get(address)
        if holder is not None and (holder, self.actual.networks[holder].forward[address]) != (want.network, want.fixed):
            return True
        direct = self.actual.direct.get(address)
        if direct is not None and (not want.routed or direct != want.network):
            return True
        return route is not None and route != want.network

    def _is_answered_for_wrongly(self, address: Address) -> bool:
        """Whether it is answered for where nobody should: another link does until the external interface can take over."""
        actual = self.actual
        if self.by_arp:
            return address in actual.elsewhere and not actual.external
        return address in actual.elsewhere or address in actual.proxies

    def _take_out_elements(self, address: Address) -> None:
        """New flows find no translation from then on; those that have one keep it, in conntrack."""
        network = self.actual.holders[address]
        state, entries = self.actual.networks[network], _entries(self.out, network)
        fixed = state.forward[address]
        entries.forward.append((address, fixed))
        if state.backward.get(fixed) == address:
            entries.backward.append((fixed, address))
        entries.flowing.add(address)

    def _take_out(self, address: Address) -> None:
        holder, route = self.actual.holders.get(address), self.actual.routes.get(address)
        place = holder if holder is not None else route if route is not None else NOWHERE
        entries = _entries(self.out, place)
        if holder is not None:
            state = self.actual.networks[holder]
            fixed = state.forward[address]
            entries.forward.append((address, fixed))
            if state.backward.get(fixed) == address:
                entries.backward.append((fixed, address))
        if route is not None:
            _entries(self.out, route).routes.append(address)
        if (direct := self.actual.direct.get(address)) is not None:
            _entries(self.out, direct).direct.append(address)
        if address in self.actual.proxies or address in self.actual.elsewhere:
            entries.proxies.append(address)

    def _put_in(self, want: Float, *, afresh: bool) -> None:
        """Plans what is missing of a float whose network is whole."""
        address, state, fixed = want.floating, self.actual.networks[want.network], want.element
        if fixed is not None and (afresh or address not in state.forward):
            _entries(self.into, want.network).forward.append((address, fixed))
        if fixed is not None and (afresh or state.backward.get(fixed) != address):
            _entries(self.into, want.network).backward.append((fixed, address))
        if afresh or address not in self.actual.routes or address in self.actual.overruled:
            _entries(self.into, want.network).routes.append(address)
        answered = address in self.actual.proxies and address not in self.actual.elsewhere
        if self.by_arp and not self.actual.external and (afresh or not answered):
            _entries(self.into, want.network).proxies.append(address)
        if want.routed and (afresh or address not in state.direct):
            _entries(self.into, want.network).direct.append(address)

    def _is_whole(self, network: NetworkId) -> bool:
        if network not in self.whole:
            self.whole[network] = _whole(self.desired, self.actual, network)
        return self.whole[network]


def _entries(table: dict[NetworkId, _Entries], network: NetworkId) -> _Entries:
    entries = table.get(network)
    if entries is None:
        entries = table[network] = _Entries()
    return entries
