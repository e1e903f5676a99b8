"""Floating an interface and taking the address away again.

(none) -> PENDING -> ACTIVE -> RELEASING -> (none)        FAILED is retried by the node
             ^___________________|  floated again before the node let go: the same address, unless another is asked

What becomes of the live connections is in `core/draining.py`.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import IPv4Address

from buoy_server.core import addresses, draining, errors, lookup, promises, quotas
from buoy_server.core.command import Context
from buoy_server.core.model import Floating, FlowPolicy, Interface, Network, Pool
from buoy_server.core.state import Draft, Kind
from buoy_server.core.states import FLOATING_MOVES, FloatingPhase, InterfaceState, NetworkState, move


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatInterface:
    """Give an interface a floating address, PENDING until its node has it."""

    interface_uuid: str
    address: IPv4Address | None = None
    pool_ref: str = ""

    def decide(self, draft: Draft, context: Context) -> Interface:
        """Return the interface with its floating address."""
        interface = lookup.interface(draft, context.caller, self.interface_uuid)
        pool = lookup.pool(draft, self.pool_ref, field="pool") if self.pool_ref else None
        refuse_unready(draft, interface)
        current = interface.floating
        if current is not None and current.phase is not FloatingPhase.RELEASING:
            if self._is_met_by(current, pool):
                return interface
            raise errors.AlreadyFloating(f"the interface floats at {current.address}: defloat it first", field="address")
        return draft.put(start_floating(draft, context, interface, self.address, pool))

    def _is_met_by(self, current: Floating, pool: Pool | None) -> bool:
        return self.address in (None, current.address) and (pool is None or pool.uuid == current.pool)


@dataclass(frozen=True, slots=True, kw_only=True)
class DefloatInterface:
    """Take an interface's floating address away; RELEASING until its node let go."""

    interface_uuid: str
    keep_address: bool = False
    flows: FlowPolicy = FlowPolicy.CUT
    drain_time: timedelta = draining.DRAIN_TIME

    def decide(self, draft: Draft, context: Context) -> Interface:
        """Return the interface; one that does not float is returned as it is."""
        interface = lookup.interface(draft, context.caller, self.interface_uuid)
        if interface.floating is not None and self.keep_address:
            addresses.keep(draft, interface.floating.address)
        generation = interface.generation + 1
        if interface.floating is None or interface.floating.phase is FloatingPhase.RELEASING:
            going_on = draining.go_on(interface, self.flows, self.drain_time, draft.now, generation)
            if going_on == interface.draining:
                return interface
            reason = promises.why_it_waits(draft, interface.node)
            floating = interface.floating and replace(interface.floating, reason=reason, generation=generation)
        else:
            going_on = draining.begin(draft, interface, self.flows, self.drain_time, generation)
            floating = start_release(draft, interface, generation)
        holds = draining.held_up(interface, going_on)
        if floating is not None and holds is not None:
            floating = replace(floating, reason=floating.reason or draining.words(holds))
        return draft.put(replace(interface, floating=floating, generation=generation, draining=going_on))


def start_floating(
    draft: Draft, context: Context, interface: Interface, address: IPv4Address | None, pool: Pool | None
) -> Interface:
    """Return the interface with a floating address asked for, which is then reserved; the caller puts it."""
    releasing = interface.floating
    if releasing is None:
        quotas.check_floats(draft, interface.namespace)
    else:
        move(FLOATING_MOVES, releasing.phase, FloatingPhase.PENDING)
        if address is None and (pool is None or pool.uuid == releasing.pool):
            address = releasing.address
    record = addresses.take_floating(draft, context, interface, address, pool)
    asked_before = draft.get(Kind.INTERFACE, interface.uuid) is not None
    generation = interface.generation + 1 if asked_before else interface.generation
    if record.pool is None:
        raise errors.PoolNotFound(str(record.address), field="pool")
    floating = Floating(
        address=record.address,
        pool=record.pool,
        phase=FloatingPhase.PENDING,
        reason=promises.why_it_waits(draft, interface.node) or _of_the_former(interface, record.address),
        requested_time=draft.now,
        generation=generation,
        observed_generation=interface.observed_generation,
    )
    going_on = draining.without(interface.draining, record.address)
    return replace(interface, floating=floating, generation=generation, draining=going_on)


def start_release(draft: Draft, interface: Interface, generation: int) -> Floating | None:
    """Return the floating address as it is once asked back, with that generation; None if it has none in the kernel."""
    if interface.floating is None:
        return None
    if interface.floating.held_by:
        promises.withdraw(draft, interface.floating.address)
        return None
    phase = move(FLOATING_MOVES, interface.floating.phase, FloatingPhase.RELEASING)
    reason = promises.why_it_waits(draft, interface.node)
    return replace(interface.floating, phase=phase, reason=reason, generation=generation)


def _of_the_former(interface: Interface, address: IPv4Address) -> str:
    """Return what becomes of the address that the interface gives up, where it floats again before that is through."""
    former = interface.floating
    if former is None:
        return ""
    if former.address == address:
        return f"its release is called off: {address} stays with the interface"
    if holds := draining.held_up(interface, interface.draining):
        return f"{former.address} is given up beside it: {draining.words(holds)}"
    return f"{former.address} is released first"


def refuse_unready(draft: Draft, interface: Interface, field: str = "interface_uuid") -> None:
    """Raise NotReady when an interface cannot float."""
    if interface.state in (InterfaceState.DELETED, InterfaceState.ERROR):
        raise errors.NotReady(f"the interface is {interface.state}", field=field)
    network = draft.get(Kind.NETWORK, interface.network_uuid)
    if not isinstance(network, Network) or network.state is not NetworkState.CREATED:
        raise errors.NotReady("the interface's network is not there any more", field=field)
