"""What nodes say: that they are there, that they went away, and what their kernel now has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from ipaddress import IPv4Address
from typing import TypeVar, cast

from buoy_server.core import addresses, draining, lookup, promises
from buoy_server.core.command import Context
from buoy_server.core.commands import repairing, routing
from buoy_server.core.commands.plug import confirm_unplugged, settle_instance
from buoy_server.core.model import (
    Draining,
    Floating,
    FlowPolicy,
    Instance,
    Interface,
    Node,
    Reservation,
    reservation_key,
)
from buoy_server.core.state import Draft, Kind
from buoy_server.core.states import (
    FLOATING_MOVES,
    INTERFACE_MOVES,
    NODE_MOVES,
    FloatingPhase,
    InterfaceState,
    NodeState,
    move,
)

Observed = TypeVar("Observed", Interface, Floating)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceNode:
    """A node's agent opened its stream."""

    name: str
    agent_version: str
    external_interface: str

    def decide(self, draft: Draft, context: Context) -> bool:
        """Make the node CREATED, and return whether it starts anew: it was thought to be off, or nothing is known of it."""
        del context
        node = cast("Node | None", draft.get(Kind.NODE, self.name)) or Node(name=self.name)
        announced = replace(
            node,
            state=move(NODE_MOVES, node.state, NodeState.CREATED),
            agent_version=self.agent_version,
            external_interface=self.external_interface,
        )
        if announced == node and node.revision:
            return False
        draft.put(announced)
        if node.state in (NodeState.MISSING, NodeState.STOPPED):
            say_what_waits(draft, node.name)
        return node.state is NodeState.STOPPED or not node.revision


@dataclass(frozen=True, slots=True, kw_only=True)
class MissNode:
    """A node's agent has been away for longer than its lease."""

    name: str

    def decide(self, draft: Draft, context: Context) -> Node:
        """Return the node, MISSING; floats that wait for it say so."""
        del context
        node = lookup.node(draft, self.name)
        if node.state is not NodeState.CREATED:
            return node
        missing = draft.put(replace(node, state=move(NODE_MOVES, node.state, NodeState.MISSING)))
        say_what_waits(draft, node.name)
        return missing


def say_what_waits(draft: Draft, node: str) -> None:
    """Say of all that waits for a node what it waits for."""
    promises.say_what_waits(draft, node)
    routing.say_what_waits(draft, node)


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingReport:
    """What a node's kernel has for one interface; an empty error is good news."""

    interface_uuid: str
    generation: int
    removed: bool = False
    nic_error: str = ""
    floating_error: str = ""
    draining: frozenset[IPv4Address] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkReport:
    """What a node's kernel has of one network's routed addresses: all as it should be, but for the faults, in words."""

    network_uuid: str
    generation: int
    faults: Mapping[IPv4Address, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportNode:
    """A node says what its kernel now has."""

    node: str
    reports: tuple[BindingReport, ...]
    networks: tuple[NetworkReport, ...] = ()
    repairs: tuple[repairing.Repair, ...] = ()

    def decide(self, draft: Draft, context: Context) -> None:
        """Take in each report that is about an interface or network of this node and about a generation that was asked."""
        del context
        node = lookup.node(draft, self.node)
        for report in self.reports:
            interface = cast("Interface | None", draft.get(Kind.INTERFACE, report.interface_uuid))
            if interface is None:
                continue
            if interface.node == self.node and report.generation <= interface.generation:
                _take_in(draft, interface, report)
            elif (former := interface.former_node(self.node)) and report.removed and report.generation == former.generation:
                confirm_unplugged(draft, interface, self.node)
                settle_addresses(draft, interface.uuid)
        for about in self.networks:
            routing.observe(draft, self.node, about.network_uuid, about.generation, about.faults)
        repairing.tell(draft, node, self.repairs)


def _take_in(draft: Draft, interface: Interface, report: BindingReport) -> None:
    if not interface.live:
        if report.removed and report.generation == interface.generation > interface.observed_generation:
            confirm_unplugged(draft, interface, interface.node)
        return
    if report.removed or report.generation < interface.observed_generation:
        return  # about something older than what is known
    observed = _observe(interface, report, draft.now)
    if observed is not interface:
        draft.put(replace(observed, observed_time=draft.now))
    if report.generation == interface.generation and not report.floating_error:
        release_others(draft, observed, [entry for entry in interface.draining if entry not in observed.draining])
    else:
        promises.say_why_held(draft, observed, report.floating_error)
    if observed.state is not interface.state:
        settle_instance(draft, cast("Instance", draft.get(Kind.INSTANCE, interface.instance_uuid)))


def _observe(interface: Interface, report: BindingReport, now: datetime) -> Interface:
    """Return the interface as the report shows it."""
    state = interface.state
    if state is InterfaceState.INITIAL and not report.nic_error:
        state = move(INTERFACE_MOVES, state, InterfaceState.CREATED)
    going_on = draining.left(interface, report.generation, report.draining)
    floating = interface.floating
    if floating is not None:
        floating = _with(floating, observed_generation=report.generation)
        if report.generation >= floating.generation and not floating.held_by:
            floating = _observe_floating(floating, report, now, draining.held_up(interface, going_on))
    here = floating is not None and not floating.held_by
    return _with(
        interface,
        state=state,
        state_reason=report.nic_error,
        floating=floating,
        # A node that cannot let go of a former address has not come to what was asked.
        observed_generation=interface.observed_generation if report.floating_error and not here else report.generation,
        draining=going_on,
    )


def _observe_floating(floating: Floating, report: BindingReport, now: datetime, holds: Draining | None) -> Floating | None:
    error = report.floating_error or report.nic_error
    if floating.phase is FloatingPhase.RELEASING:
        reason = report.floating_error or (draining.words(holds) if holds else "")
        return replace(floating, reason=reason) if reason else None
    if error:
        return _with(floating, phase=move(FLOATING_MOVES, floating.phase, FloatingPhase.FAILED), reason=error)
    phase = move(FLOATING_MOVES, floating.phase, FloatingPhase.ACTIVE)
    return _with(floating, phase=phase, reason="", active_time=floating.active_time or now)


def _with(record: Observed, **values: object) -> Observed:
    """Return a record with some values; itself where it has them: most reports of a node that starts say what is known."""
    same = all(getattr(record, name) == value for name, value in values.items())
    return record if same else replace(record, **values)  # type: ignore[arg-type]  # each a field of the record


def settle_addresses(draft: Draft, uuid: str) -> None:
    """Release what an interface had before, where only a former node held that up."""
    interface = cast("Interface", draft.get(Kind.INTERFACE, uuid))
    floating = interface.floating
    settled = floating is None or floating.held_by or floating.phase is FloatingPhase.ACTIVE  # held elsewhere: not here yet
    if interface.live and settled and interface.observed_generation == interface.generation:
        release_others(draft, interface)


def release_others(draft: Draft, interface: Interface, drained: Sequence[Draining] = ()) -> None:
    """Release the floating addresses that the interface had before, when no node has them any more."""
    if interface.former_nodes:
        return
    reason = "floats at another address" if interface.floating else "defloated"
    current = {reservation_key(interface.network_uuid, interface.ipv4)}
    current |= {reservation_key(None, interface.floating.address)} if interface.floating else set()
    current |= {reservation_key(None, entry.address) for entry in interface.draining}
    since = {entry.address: entry.since for entry in drained if entry.flows is FlowPolicy.KEEP}
    for key in [key for key in draft.find(Kind.RESERVATION, "owner", interface.uuid) if key not in current]:
        record = cast("Reservation", draft.get(Kind.RESERVATION, key))
        addresses.release(draft, record, reason, since.get(record.address))
