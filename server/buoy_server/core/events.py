"""What happened, in words: entries of the ledger, as the owner of an object reads them. Never a secret in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from buoy_server.core.changes import Change, changed_keys, changes_of, short
from buoy_server.core.model import Floating, Instance, Interface, Metadata, Network, Node, Pool, Reservation, RoutedAddress
from buoy_server.core.state import Entry, Kind
from buoy_server.core.states import FloatingPhase, InterfaceState, NodeState, RoutedPhase

CHANGED_BY_OTHERS = "changed by others"
MAX_MESSAGE = 1000  # characters; a node's reason may be long


class EventType(StrEnum):
    """Kinds of happenings."""

    AUDIT = "audit"
    MUTATE = "mutate"
    STATUS = "status"
    RESOURCES = "resources"


@dataclass(frozen=True, slots=True)
class Event:
    """One happening; `about` is the key of the object that it is told of, where that is not the one that changed."""

    type: EventType
    message: str
    changes: tuple[Change, ...] = ()
    about: str = ""


def node_key(name: str) -> str:
    """Return what a node's events stand under: a node may bear the uuid of something else as its name."""
    return f"node/{name}"


def event_of(entry: Entry) -> Event | None:
    """Return what an entry says of an interface, instance, network or pool; None where it says nothing to its owner."""
    if isinstance(entry.before, Reservation):
        return _resting(entry, entry.before)
    match entry.after:
        case Interface() as after:
            found = list(_interface(entry.before if isinstance(entry.before, Interface) else None, after, entry.note))
        case Instance() as after:
            found = list(_instance(entry.before if isinstance(entry.before, Instance) else None, after))
        case Network() as after:
            found = list(_network(entry.before if isinstance(entry.before, Network) else None, after))
        case Pool() as after:
            found = list(_pool(entry.before if isinstance(entry.before, Pool) else None, after))
        case Node() as after:
            found = list(_node(entry.before if isinstance(entry.before, Node) else None, after, entry.note))
        case _:
            return None
    if not found:
        return None
    message = short("; ".join(event.message for event in found), MAX_MESSAGE)
    about = node_key(entry.key) if entry.kind is Kind.NODE else ""
    return Event(found[0].type, message, changes_of(entry.before, entry.after), about)


def _interface(before: Interface | None, after: Interface, note: str) -> Iterator[Event]:
    if before is None:
        yield Event(
            EventType.AUDIT, f"interface asked for on node {after.node}, with address {after.ipv4} and MAC {after.macaddr}"
        )
        if after.floating:
            yield Event(EventType.AUDIT, f"floating address {after.floating.address} asked for")
        return
    if after.state is not before.state:
        yield _interface_state(after)
    elif after.state_reason != before.state_reason and after.node == before.node:
        says = f"is not there: {after.state_reason}" if after.state_reason else "is there again"
        yield Event(EventType.STATUS, f"the NIC {says}")
    if not after.live and not after.bound and before.bound:
        yield Event(EventType.STATUS, f"nothing of it is left on node {after.node}")
    if after.node != before.node:
        yield Event(EventType.AUDIT, f"moved from node {before.node} to node {after.node}")
    for former in before.former_nodes:
        if former not in after.former_nodes and former.node != after.node:
            yield Event(EventType.STATUS, f"nothing of it is left on node {former.node}")
    if note:
        yield _noted(note)
    else:
        yield from _floating(before.floating, after.floating)
    yield from _draining(before, after)
    yield from _metadata(before.metadata, after.metadata)


def _draining(before: Interface, after: Interface) -> Iterator[Event]:
    if before.draining == after.draining:
        return
    old, new = {entry.address: entry for entry in before.draining}, {entry.address: entry for entry in after.draining}
    for address, entry in new.items():
        if entry != old.get(address):
            yield Event(EventType.AUDIT, f"live connections of {address} go on until {entry.until:%H:%M:%S} UTC at most")
    taken_back = after.floating.address if after.floating and after.floating.phase is FloatingPhase.PENDING else None
    for address in old.keys() - new.keys():
        if address != taken_back:
            yield Event(EventType.STATUS, f"live connections of {address} have ended or are cut")


def _noted(note: str) -> Event:
    return Event(EventType.STATUS if CHANGED_BY_OTHERS in note else EventType.AUDIT, note)


def _node(before: Node | None, after: Node, note: str) -> Iterator[Event]:
    if before is None:
        yield Event(EventType.STATUS, f"its agent announced itself, version {after.agent_version or 'unknown'}")
        return
    if after.state is not before.state:
        words = {NodeState.MISSING: "its agent is away", NodeState.CREATED: "its agent is back"}
        yield Event(EventType.STATUS, words.get(after.state, f"state {after.state}"))
    if after.agent_version != before.agent_version:
        yield Event(EventType.STATUS, f"its agent is version {after.agent_version} now, before {before.agent_version}")
    if after.external_interface != before.external_interface:
        yield Event(
            EventType.STATUS, f"it faces the outside with {after.external_interface}, before {before.external_interface}"
        )
    if after.drain is not before.drain:
        yield Event(EventType.AUDIT, "nothing new is placed on it" if after.drain else "instances are placed on it again")
    if note:
        yield _noted(note)


def _interface_state(after: Interface) -> Event:
    match after.state:
        case InterfaceState.CREATED:
            return Event(EventType.STATUS, f"the NIC is there, on node {after.node}")
        case InterfaceState.DELETED:
            return Event(EventType.AUDIT, "interface deleted")
        case _:
            return Event(EventType.STATUS, f"state {after.state}: {after.state_reason}")


def _floating(before: Floating | None, after: Floating | None) -> Iterator[Event]:
    if after is None:
        if before is not None and before.held_by:
            yield Event(EventType.AUDIT, f"floating address {before.address} given up before it came")
        elif before is not None:
            yield Event(EventType.STATUS, f"floating address {before.address} released")
        return
    if before is not None and (before.phase, before.address, before.reason) == (after.phase, after.address, after.reason):
        return
    match after.phase:
        case FloatingPhase.PENDING:
            yield _pending(before, after)
        case FloatingPhase.ACTIVE:
            yield Event(EventType.STATUS, f"floating at {after.address}")
        case FloatingPhase.FAILED:
            yield Event(EventType.STATUS, f"floating at {after.address} failed, and is tried again: {after.reason}")
        case FloatingPhase.RELEASING if before is not None and before.phase is FloatingPhase.RELEASING:
            waits = f": {after.reason}" if after.reason else ""
            yield Event(EventType.STATUS, f"floating address {after.address} waits to be released{waits}")
        case FloatingPhase.RELEASING:
            yield Event(EventType.AUDIT, f"floating address {after.address} asked back")


def _pending(before: Floating | None, after: Floating) -> Event:
    if before is not None and before.held_by and not after.held_by:
        return Event(EventType.STATUS, f"floating address {after.address} is let go of where it was, and comes")
    if before is not None and before.phase in (FloatingPhase.ACTIVE, FloatingPhase.FAILED):
        return Event(EventType.STATUS, f"floating address {after.address} waits for its new node")
    if before is not None and before.phase is FloatingPhase.PENDING and before.address == after.address:
        waits = f"waits: {after.reason}" if after.reason else "waits no more for its node"
        waits = after.reason if after.held_by else waits
        return Event(EventType.STATUS, f"floating address {after.address} {waits}")
    waits = f": {after.reason}" if after.reason else ""
    return Event(EventType.AUDIT, f"floating address {after.address} asked for{waits}")


def _instance(before: Instance | None, after: Instance) -> Iterator[Event]:
    if before is None:
        yield Event(EventType.AUDIT, f"instance asked for on node {after.node}, which makes its NICs")
        return
    if after.state is not before.state:
        words = {"created": "all its NICs are there", "delete-wait": "deletion asked for", "deleted": "instance deleted"}
        kind = EventType.AUDIT if after.state == "delete-wait" else EventType.STATUS
        yield Event(kind, words.get(after.state, f"state {after.state}: {after.state_reason}"))
    if after.node != before.node:
        yield Event(EventType.AUDIT, f"moved from node {before.node} to node {after.node}")
    yield from _metadata(before.metadata, after.metadata)


def _network(before: Network | None, after: Network) -> Iterator[Event]:
    if before is None:
        yield Event(EventType.AUDIT, f"network {after.netblock} created")
        return
    if after.state is not before.state:
        words = {"delete-wait": "deletion asked for", "deleted": "network deleted"}
        kind = EventType.AUDIT if after.state == "delete-wait" else EventType.STATUS
        yield Event(kind, words.get(after.state, f"state {after.state}: {after.state_reason}"))
    for gateway in after.floating_gateways:
        if gateway not in before.floating_gateways:
            yield Event(EventType.STATUS, f"what leaves node {gateway.node} without a floating address bears {gateway.address}")
    for gateway in before.floating_gateways:
        if gateway not in after.floating_gateways:
            yield Event(EventType.STATUS, f"gateway address {gateway.address} of node {gateway.node} released")
    for routed in after.routed:
        yield from _routed(before.routed_at(routed.address), routed)
    for routed in before.routed:
        if after.routed_at(routed.address) is None:
            yield Event(EventType.STATUS, f"routed address {routed.address} released")
    yield from _metadata(before.metadata, after.metadata)


def _routed(before: RoutedAddress | None, after: RoutedAddress) -> Iterator[Event]:
    named = f"routed address {after.address}"
    if before is None:
        yield Event(EventType.AUDIT, f"{named} asked for, {_where(after)}")
        return
    if (before.phase, before.node, before.former_node, before.reason) == (
        after.phase,
        after.node,
        after.former_node,
        after.reason,
    ):
        return
    waits = f", which waits: {after.reason}" if after.reason else ""
    match after.phase:
        case RoutedPhase.ACTIVE:
            yield Event(EventType.STATUS, f"{named} is there, on node {after.node}")
        case RoutedPhase.FAILED:
            yield Event(EventType.STATUS, f"{named} failed on node {after.node}, and is tried again: {after.reason}")
        case RoutedPhase.RELEASING if before.phase is not RoutedPhase.RELEASING:
            yield Event(EventType.AUDIT, f"{named} asked back{waits}")
        case RoutedPhase.RELEASING:
            yield Event(EventType.STATUS, f"{named} waits to be released: {after.reason or 'no more for its node'}")
        case RoutedPhase.PENDING if before.phase is RoutedPhase.RELEASING:
            yield Event(EventType.AUDIT, f"{named} asked for again, {_where(after)}")
        case RoutedPhase.PENDING:
            yield Event(EventType.STATUS, f"{named} is to be {_where(after)}")


def _where(routed: RoutedAddress) -> str:
    place = f"on node {routed.node}" if routed.node else "on no node yet"
    return f"{place}: {routed.reason}" if routed.reason else place


def _pool(before: Pool | None, after: Pool) -> Iterator[Event]:
    if before is None:
        yield Event(EventType.AUDIT, f"pool of {', '.join(map(str, after.ranges))} created")
        return
    for asked, now in (("ranges", after.ranges), ("exclusions", after.exclusions)):
        if now != getattr(before, asked):
            yield Event(EventType.AUDIT, f"{asked} set to {', '.join(map(str, now)) or 'none'}")
    if after.quarantine != before.quarantine:
        yield Event(EventType.AUDIT, f"quarantine set to {after.quarantine.total_seconds():g} s")
    if after.low_percent != before.low_percent:
        yield Event(EventType.AUDIT, f"runs low below {after.low_percent} %" if after.low_percent else "never runs low")
    if after.drain != before.drain:
        yield Event(EventType.AUDIT, "drains: nothing is handed out any more" if after.drain else "drains no more")
    if bool(after.warning) != bool(before.warning):
        yield Event(EventType.RESOURCES, f"runs low: {after.warning}" if after.warning else "has room again")


def _resting(entry: Entry, before: Reservation) -> Event | None:
    """Return what a pool's operators are told of an address whose rest became shorter or longer than the pool's."""
    if not before.until or not before.pool:
        return None
    was = f"{before.address}, last of {before.owner} ({before.namespace}, {before.reason}),"
    if isinstance(entry.after, Reservation) and entry.after.until and entry.after.extended:
        return Event(EventType.AUDIT, f"{was} rests until {entry.after.until:%Y-%m-%d %H:%M:%S} UTC", (), before.pool)
    if entry.after is not None or entry.time >= before.until:
        return None
    rested = f"{(entry.time - before.since).total_seconds():.0f} s"
    match entry.cause.method:
        case "LiftQuarantine":
            return Event(EventType.AUDIT, f"{was} is free after {rested}", (), before.pool)
        case "UpdatePool" | "DeletePool":
            return None  # it leaves the pool
        case _:
            said = f"{was} is handed out again after {rested}: nothing else was free"
            return Event(EventType.RESOURCES, said, (), before.pool)


def _metadata(before: Metadata, after: Metadata) -> Iterator[Event]:
    if before is not after:
        for key in changed_keys(before, after):
            yield Event(EventType.MUTATE, f"metadata {key!r} {'set' if key in after else 'deleted'}")
