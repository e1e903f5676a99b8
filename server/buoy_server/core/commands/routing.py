"""Addresses of pools that are routed into networks, without NAT.

A node routes such an address onto the bridge of its part of the network and answers ARP for it outside. As an address is one,
one node at a time does so: one that has instances on the network. Where it is to be on another, the first lets go before the
next is told; where the last instance of the network leaves, a node of the others takes over.

(none) -> PENDING -> ACTIVE -> RELEASING -> (none)        FAILED is retried by the node
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import cast

from buoy_server.core import addresses, errors, lookup
from buoy_server.core.command import Context
from buoy_server.core.model import Network, NetworkId, Node, Pool, RoutedAddress
from buoy_server.core.promises import why_it_waits
from buoy_server.core.state import Draft, Kind, State
from buoy_server.core.states import ROUTED_MOVES, NetworkState, NodeState, RoutedPhase, move

NO_NODE = "no instance is on the network yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteAddress:
    """Route an address of a pool into a network."""

    network_ref: str
    namespace: str
    address: IPv4Address | None = None
    pool_ref: str = ""
    node: str = ""

    def decide(self, draft: Draft, context: Context) -> RoutedAddress:
        """Return the address, PENDING until its node has it; one that is routed there already stays as it is."""
        network = lookup.network(draft, context.caller, self.network_ref, self.namespace)
        pool = lookup.pool(draft, self.pool_ref, field="pool") if self.pool_ref else None
        if network.state is not NetworkState.CREATED:
            raise errors.NotReady(f"network {network.name} is {network.state}", field="network_ref")
        if self.node:
            self._refuse_absent(draft, network)
        held = network.routed_at(self.address) if self.address else None
        if held is not None and pool is not None and held.pool != pool.uuid:
            raise errors.AddressOutsidePool(f"{held.address} is not in pool {pool.name}", field="address")
        if held is not None and held.phase is not RoutedPhase.RELEASING and self.node in ("", held.node):
            return held
        asked = held or self._taken(draft, context, network, pool)
        network = draft.put(_with(draft, network, _sent(draft, asked, self.node or _choose_node(draft, network))))
        return cast("RoutedAddress", network.routed_at(asked.address))

    def _taken(self, draft: Draft, context: Context, network: Network, pool: Pool | None) -> RoutedAddress:
        record = addresses.take_floating(draft, context, network, self.address, pool)
        if record.pool is None:
            raise errors.PoolNotFound(str(record.address), field="pool")
        phase = RoutedPhase.PENDING
        return RoutedAddress(address=record.address, pool=record.pool, phase=phase, requested_time=draft.now, generation=0)

    def _refuse_absent(self, draft: Draft, network: Network) -> None:
        node = lookup.node(draft, self.node)
        if not _is_on(draft, network, node.name):
            raise errors.NotReady(f"network {network.name} has no instance on node {node.name}", field="node")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrouteAddress:
    """Take a routed address away from a network."""

    network_ref: str
    namespace: str
    address: IPv4Address

    def decide(self, draft: Draft, context: Context) -> Network:
        """Return the network; the address is RELEASING until its node let go."""
        network = lookup.network(draft, context.caller, self.network_ref, self.namespace)
        held = network.routed_at(self.address)
        if held is None:
            raise errors.AddressNotRouted(str(self.address), field="address")
        if held.phase is RoutedPhase.RELEASING:
            return network
        return draft.put(_with(draft, network, _given_back(draft, held)))


def unroute_all(draft: Draft, network: Network) -> Network:
    """Return a network with all its routed addresses given back."""
    for routed in network.routed:
        if routed.phase is not RoutedPhase.RELEASING:
            network = _with(draft, network, _given_back(draft, routed))
    return network


def arrive(draft: Draft, uuid: NetworkId, node: str) -> None:
    """A node gets an interface of a network: addresses that no node had are to be there."""
    network = cast("Network", draft.get(Kind.NETWORK, uuid))
    _each(draft, network, lambda routed: _sent(draft, routed, node) if _is_lost(routed) else routed)


def leave(draft: Draft, network: Network, node: str) -> Network:
    """A node has none of a network's interfaces any more, or still has some: where it has none, its addresses go elsewhere."""
    if not node or _is_on(draft, network, node):
        return network

    def without(routed: RoutedAddress) -> RoutedAddress | None:
        if routed.former_node == node:
            return _let_go(draft, routed)
        if routed.node == node:
            return _sent(draft, replace(routed, node=""), _choose_node(draft, network))
        return routed

    return _each(draft, network, without)


def observe(draft: Draft, node: str, uuid: str, generation: int, faults: Mapping[IPv4Address, str]) -> None:
    """Take in what a node's kernel has of a network's routed addresses; one that says nothing of what was asked is old."""
    network = draft.get(Kind.NETWORK, uuid)
    if not isinstance(network, Network) or generation > network.routed_generation:
        return

    def observed(routed: RoutedAddress) -> RoutedAddress | None:
        words = faults.get(routed.address, "")
        if routed.generation > generation:
            return routed
        if routed.former_node == node:
            return replace(routed, reason=words) if words else _let_go(draft, routed)
        if routed.serving_node != node:
            return routed
        if words:
            return replace(routed, phase=move(ROUTED_MOVES, routed.phase, RoutedPhase.FAILED), reason=words)
        since = routed.active_time or draft.now
        return replace(routed, phase=move(ROUTED_MOVES, routed.phase, RoutedPhase.ACTIVE), reason="", active_time=since)

    _each(draft, network, observed)


def let_go(draft: Draft, network: Network, node: str) -> None:
    """Take it that a node has nothing any more of those of a network's addresses that it was to let go of."""
    _each(draft, network, lambda routed: _let_go(draft, routed) if routed.former_node == node else routed)


def say_what_waits(draft: Draft, node: str) -> None:
    """Say of the routed addresses that wait for a node, which went away or came back, what they wait for."""

    def said(routed: RoutedAddress) -> RoutedAddress:
        waits = routed.phase in (RoutedPhase.PENDING, RoutedPhase.RELEASING)
        return replace(routed, reason=_why_it_waits(draft, routed)) if waits else routed

    for key in list(draft.find(Kind.NETWORK, "outside_node", node)):
        _each(draft, cast("Network", draft.get(Kind.NETWORK, key)), said)


def _each(draft: Draft, network: Network, change: Callable[[RoutedAddress], RoutedAddress | None]) -> Network:
    """Change the routed addresses of a network; one that becomes None is released. What asks something of a node is counted.

    What goes to another node is an entry of its own: there another period of its address begins, and a revision has one.
    """
    changed = put = network
    for routed in network.routed:
        after = change(routed)
        if after is None:
            _release(draft, network, routed.address)
            changed = replace(changed, routed=tuple(other for other in changed.routed if other is not routed))
        elif (after.node, after.former_node) != (routed.node, routed.former_node):
            changed = put = draft.put(_with(draft, changed, after))
        elif after != routed:
            changed = replace(changed, routed=tuple(after if other is routed else other for other in changed.routed))
    return changed if changed is put else draft.put(changed)


def _with(draft: Draft, network: Network, routed: RoutedAddress) -> Network:
    """Return a network with a routed address as it is asked for with the next generation; one that is nowhere is released."""
    generation = network.routed_generation + 1
    asked = replace(routed, generation=generation)
    kept = tuple(asked if other.address == asked.address else other for other in network.routed)
    if network.routed_at(asked.address) is None:
        kept = (*kept, asked)
    if asked.phase is RoutedPhase.RELEASING and not asked.former_node:
        kept = tuple(other for other in kept if other is not asked)
        _release(draft, network, asked.address)
    return replace(network, routed=kept, routed_generation=generation)


def _release(draft: Draft, network: Network, address: IPv4Address) -> None:
    record = addresses.record_of(draft, None, address)
    if record is not None:
        addresses.release(draft, record, "unrouted" if network.live else "network deleted")


def _sent(draft: Draft, routed: RoutedAddress, node: str) -> RoutedAddress:
    """Return an address as it is to be on a node, or on none; the node that may have it has to let go first."""
    former = routed.former_node or routed.node
    phase = move(ROUTED_MOVES, routed.phase, RoutedPhase.PENDING)
    sent = replace(routed, node=node, former_node="" if former == node else former, phase=phase, active_time=None)
    return replace(sent, reason=_why_it_waits(draft, sent))


def _given_back(draft: Draft, routed: RoutedAddress) -> RoutedAddress:
    phase = move(ROUTED_MOVES, routed.phase, RoutedPhase.RELEASING)
    given = replace(routed, node="", former_node=routed.former_node or routed.node, phase=phase)
    return replace(given, reason=_why_it_waits(draft, given))


def _let_go(draft: Draft, routed: RoutedAddress) -> RoutedAddress | None:
    """Return an address as it is once its former node has nothing of it any more; None when it is released."""
    if routed.phase is RoutedPhase.RELEASING:
        return None
    return _sent(draft, replace(routed, former_node="", node=""), routed.node)


def _choose_node(state: State, network: Network) -> str:
    """Return the node with most interfaces of a network, one that is there if there is one; empty where none has any."""

    def rank(name: str) -> tuple[bool, int]:
        node = cast("Node", state.get(Kind.NODE, name))
        return node.state is not NodeState.CREATED, -state.count(Kind.INTERFACE, "network_node", (network.uuid, name))

    found = [name for name in sorted(state.keys(Kind.NODE)) if _is_on(state, network, name)]
    return min(found, key=rank, default="")


def _is_on(state: State, network: Network, node: str) -> bool:
    return state.count(Kind.INTERFACE, "network_node", (network.uuid, node)) > 0


def _is_lost(routed: RoutedAddress) -> bool:
    """Whether an address is to be somewhere, but on no node."""
    return not routed.node and routed.phase is not RoutedPhase.RELEASING


def _why_it_waits(draft: Draft, routed: RoutedAddress) -> str:
    """Return what an address that is not where it should be waits for, in words; empty when there is nothing to say."""
    if not routed.node and routed.phase is not RoutedPhase.RELEASING:
        return NO_NODE
    former = routed.former_node
    away = why_it_waits(draft, former or routed.node)
    return away or (f"node {former} has to let go first" if former and routed.node else "")
