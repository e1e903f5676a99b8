"""Who had which address of a pool, and when: what entries of the ledger say of it.

A period begins when an owner gets an address and ends when it is free of that owner, which for a float is when its node has
confirmed that nothing of it is left in the kernel. So every packet that leaves with an address does so within a period. An
owner that goes to another node begins another one. Who asked for the end is noted when they ask, since a node ends it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import IPv4Address
from typing import Protocol, cast

from buoy_server.core.model import (
    AnyRecord,
    Instance,
    Interface,
    Network,
    Reservation,
    ReservationType,
    RoutedAddress,
    reservation_key,
)
from buoy_server.core.state import Cause, Entry, Kind
from buoy_server.core.states import FloatingPhase, RoutedPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who has an address, what for, and where: an interface that floats, a network, or a namespace that reserved it."""

    type: ReservationType
    pool: str
    namespace: str
    node: str = ""
    interface_uuid: str = ""
    instance_uuid: str = ""
    instance_name: str = ""
    network_uuid: str = ""
    network_name: str = ""


@dataclass(frozen=True, slots=True)
class Began:
    """A holder got an address."""

    address: IPv4Address
    holder: Holder
    cause: Cause


@dataclass(frozen=True, slots=True)
class AskedBack:
    """Somebody asked for the end of a period; None: that is not so any more."""

    address: IPv4Address
    cause: Cause | None


@dataclass(frozen=True, slots=True)
class Ended:
    """An address is free of its holder."""

    address: IPv4Address
    cause: Cause


Step = Began | AskedBack | Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A time during which a holder had an address, from the ledger's revision on; `until` is None while it still has it."""

    revision: int
    address: IPv4Address
    holder: Holder
    since: datetime
    until: datetime | None
    asked: Cause
    ended: Cause | None


class Objects(Protocol):
    """Where a holder is looked up."""

    def get(self, kind: Kind, key: str) -> AnyRecord | None:
        """The object with that key, or None."""


def steps_of(entry: Entry, objects: Objects) -> tuple[Step, ...]:
    """Return what an entry says of who has addresses, with the objects as they are after its command; most say nothing."""
    before, after = entry.before, entry.after
    if isinstance(before, Reservation) or isinstance(after, Reservation):
        return tuple(_record(cast("Reservation | None", before), cast("Reservation | None", after), entry.cause, objects))
    if isinstance(before, Interface) and isinstance(after, Interface):
        return tuple(_interface(before, after, entry.cause, objects))
    if isinstance(before, Network) and isinstance(after, Network) and before.routed is not after.routed:
        return tuple(_network(before, after, entry.cause, objects))
    return ()


def _record(before: Reservation | None, after: Reservation | None, cause: Cause, objects: Objects) -> Iterator[Step]:
    had, has = owner_of(before), owner_of(after)
    if had != has:
        if before is not None and had is not None:
            yield Ended(before.address, cause)
        if after is not None and has is not None:
            yield Began(after.address, _holder(after, objects), _asked(before, after, cause))
    elif before is not None and after is not None and before.promise != after.promise:
        yield AskedBack(after.address, None if _floats(after, objects) else cause)


def owner_of(record: Reservation | None) -> tuple[ReservationType, str, str] | None:
    """Return whose an address of a pool is; None where it is nobody's: at rest, or part of its block."""
    if record is None or record.pool is None or record.until is not None or record.owner == record.pool:
        return None
    return record.type, record.owner, record.namespace


def _floats(record: Reservation, objects: Objects) -> bool:
    """Whether the interface that has an address still floats at it, or again."""
    owner = objects.get(Kind.INTERFACE, record.owner)
    return isinstance(owner, Interface) and owner.floating is not None and owner.floating.address == record.address


def _asked(before: Reservation | None, after: Reservation, cause: Cause) -> Cause:
    """Return the call that gave an address: for one that was moved, that is not the report that its old node let go."""
    promise = before.promise if before else None
    if promise is None or promise.interface != after.owner:
        return cause
    return Cause("MoveFloating", promise.actor, promise.request_id)


def _interface(before: Interface, after: Interface, cause: Cause, objects: Objects) -> Iterator[Step]:
    old, new = before.floating, after.floating
    if old is None or new is None or old.address != new.address or new.held_by:
        return
    if before.node != after.node:
        yield from _moved(new.address, cause, objects)
    if (old.phase is FloatingPhase.RELEASING) != (new.phase is FloatingPhase.RELEASING):
        yield AskedBack(new.address, cause if new.phase is FloatingPhase.RELEASING else None)


def _network(before: Network, after: Network, cause: Cause, objects: Objects) -> Iterator[Step]:
    for new in after.routed:
        old = before.routed_at(new.address)
        if old is None:
            continue
        if _node_of(old) != _node_of(new):
            yield from _moved(new.address, cause, objects)
        if (old.phase is RoutedPhase.RELEASING) != (new.phase is RoutedPhase.RELEASING):
            yield AskedBack(new.address, cause if new.phase is RoutedPhase.RELEASING else None)


def _moved(address: IPv4Address, cause: Cause, objects: Objects) -> Iterator[Step]:
    """Yield the change to another node of who has an address."""
    record = objects.get(Kind.RESERVATION, reservation_key(None, address))
    if isinstance(record, Reservation) and owner_of(record) is not None:
        yield Ended(address, cause)
        yield Began(address, _holder(record, objects), cause)


def began_with(record: Reservation, objects: Objects) -> Began | None:
    """Return the beginning of the period that a record stands for, of which no call is known; None where nobody has it."""
    if owner_of(record) is None:
        return None
    return Began(record.address, _holder(record, objects), Cause("", "", record.request_id))


def _holder(record: Reservation, objects: Objects) -> Holder:
    holder = Holder(type=record.type, pool=record.pool or "", namespace=record.namespace)
    owner = objects.get(Kind.INTERFACE, record.owner) or objects.get(Kind.NETWORK, record.owner)
    if isinstance(owner, Network):
        return replace(holder, node=_node_on(owner, record), network_uuid=owner.uuid, network_name=owner.name)
    if not isinstance(owner, Interface):
        return holder
    instance = cast("Instance", objects.get(Kind.INSTANCE, owner.instance_uuid))
    network = cast("Network", objects.get(Kind.NETWORK, owner.network_uuid))
    return replace(
        holder,
        node=owner.node,
        interface_uuid=owner.uuid,
        instance_uuid=instance.uuid,
        instance_name=instance.name,
        network_uuid=network.uuid,
        network_name=network.name,
    )


def _node_on(network: Network, record: Reservation) -> str:
    """Return the node that has an address of a network: its gateway there, or routed by it."""
    if record.type is ReservationType.GATEWAY:
        return next((gateway.node for gateway in network.floating_gateways if gateway.address == record.address), "")
    routed = network.routed_at(record.address)
    return _node_of(routed) if routed else ""


def _node_of(routed: RoutedAddress) -> str:
    """Return the node that may have a routed address: the former one, until it has let go."""
    return routed.former_node or routed.node
