"""What the indexes read of an object, straight from its bytes: the way of a snapshot into the view.

Reading a whole object costs three times as much, and a server starts with millions of them. An outline has those attributes of
the object that the rows of `INDEXES` and `COUNTS` read.

Most rows read only what many objects have in common, such as their namespace, node and state. Objects of one likeness are in a
group: those rows are asked once for all of it, and what an object has of its own is read into columns, from which the other
rows (`Reading.answers`) are answered. A test holds what comes of it against the rows.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from socket import inet_aton
from typing import Any

from buoy.v1 import instance_pb2, interface_pb2, leaving_pb2, pool_pb2

from buoy_server.codec.packing import unpack
from buoy_server.codec.records import FLOATING_PHASES, INSTANCE_STATES, INTERFACE_STATES, RESERVATION_TYPES
from buoy_server.codec.scalars import moment, moment_or_none
from buoy_server.core import model, states
from buoy_server.core.allocation import NETWORK_LEVELS, POOL_LEVELS
from buoy_server.core.state import Kind, macaddr_number


@dataclass(slots=True)
class _FloatingOutline:
    phase: states.FloatingPhase


@dataclass(slots=True)
class _InterfaceOutline:
    namespace: str
    instance_uuid: str
    network_uuid: str
    node: str
    macaddr: str
    state: states.InterfaceState
    floating: _FloatingOutline | None
    live: bool
    bound: bool
    update_time: datetime | None
    former_nodes: Sequence[leaving_pb2.FormerNode]

    nodes = model.Interface.nodes


@dataclass(slots=True)
class _InstanceOutline:
    namespace: str
    name: str
    node: str
    state: states.InstanceState
    update_time: datetime | None

    live = model.Instance.live


@dataclass(slots=True)
class _ReservationOutline:
    address: int
    type: model.ReservationType
    owner: str
    namespace: str
    pool: str | None
    network_uuid: str | None
    since: datetime | None
    until: datetime | None
    kept: bool
    extended: bool
    promise: bool


_FLOATING = {FLOATING_PHASES.to_proto(phase): _FloatingOutline(phase) for phase in states.FloatingPhase}
_DELETED_INTERFACE = INTERFACE_STATES.to_proto(states.InterfaceState.DELETED)
_DELETED_INSTANCE = INSTANCE_STATES.to_proto(states.InstanceState.DELETED)
_OF_INTERFACES = {RESERVATION_TYPES.to_proto(held) for held in (model.ReservationType.INSTANCE, model.ReservationType.FLOATING)}


Columns = Sequence[Sequence[str]]
Answer = Callable[[Any, Columns], Iterable[Hashable]]


@dataclass(frozen=True, slots=True)
class Reading:
    """How the objects of a kind are read, many at a time.

    Objects of equal `likeness` are alike to all rows but those of `answers`: these say it of each object, from the outline of
    one of them and the columns of what `own` reads of each. A row that says None of one says so of all. A likeness of None is
    that of an object that stands alone.
    """

    parse: Callable[[bytes], Any]
    outline: Callable[[Any], Any]
    likeness: Callable[[Any], Hashable | None] = lambda _: None
    own: Callable[[Any], tuple[str, ...]] = lambda _: ()
    answers: Mapping[str, Answer] = field(default_factory=dict)


def _interface(message: interface_pb2.Interface) -> _InterfaceOutline:
    state = INTERFACE_STATES.from_proto(message.state)
    live = state is not states.InterfaceState.DELETED
    return _InterfaceOutline(
        message.namespace,
        message.instance_uuid,
        message.network_uuid,
        message.node,
        message.macaddr,
        state,
        _FLOATING[message.floating.phase] if message.HasField("floating") else None,
        live,
        live or message.observed_generation < message.generation or bool(message.former_nodes),
        None if live else moment_or_none(message, "update_time"),
        message.former_nodes,
    )


def _interface_likeness(message: interface_pb2.Interface) -> Hashable | None:
    if message.state == _DELETED_INTERFACE or message.former_nodes:
        return None
    return message.namespace, message.node, message.state, message.floating.phase


_INTERFACES = Reading(
    interface_pb2.Interface.FromString,
    _interface,
    _interface_likeness,
    lambda message: (message.instance_uuid, message.network_uuid, message.macaddr),
    {
        "instance": lambda _, columns: columns[0],
        "network": lambda _, columns: columns[1],
        "network_node": lambda outline, columns: zip(columns[1], repeat(outline.node)),
        "macaddr": lambda _, columns: map(macaddr_number, columns[2]),
    },
)


def _instance(message: instance_pb2.Instance) -> _InstanceOutline:
    state = INSTANCE_STATES.from_proto(message.state)
    deleted = state is states.InstanceState.DELETED
    update_time = moment_or_none(message, "update_time") if deleted else None
    return _InstanceOutline(message.namespace, message.name, message.node, state, update_time)


def _instance_likeness(message: instance_pb2.Instance) -> Hashable | None:
    return None if message.state == _DELETED_INSTANCE else (message.namespace, message.node, message.state)


_INSTANCES = Reading(
    instance_pb2.Instance.FromString,
    _instance,
    _instance_likeness,
    lambda message: (message.name,),
    {
        "name": lambda outline, columns: zip(repeat(outline.namespace), columns[0]),
        "any_name": lambda _, columns: columns[0],
    },
)


def _reservation(message: pool_pb2.Reservation) -> _ReservationOutline:
    until = moment_or_none(message, "until")
    return _ReservationOutline(
        int.from_bytes(inet_aton(message.address)),
        RESERVATION_TYPES.from_proto(message.type),
        message.owner,
        message.namespace,
        message.pool or None,
        message.network_uuid or None,
        moment(message.since) if until else None,
        until,
        message.kept,
        message.extended,
        message.HasField("promise"),
    )


def _reservation_likeness(message: pool_pb2.Reservation) -> Hashable | None:
    owner, pool, network, held_as = message.owner, message.pool, message.network_uuid, message.type
    if held_as not in _OF_INTERFACES or not owner or message.HasField("until") or message.HasField("promise"):
        return None
    number = int.from_bytes(inet_aton(message.address))
    if not pool:
        return network, number >> NETWORK_LEVELS[-1], message.kept and message.namespace
    if network or owner == pool:
        return None
    return pool, number >> POOL_LEVELS[-1], message.kept, message.namespace


_RESERVATIONS = Reading(
    pool_pb2.Reservation.FromString,
    _reservation,
    _reservation_likeness,
    lambda message: (message.owner,),
    {"owner": lambda _, columns: columns[0]},
)

_READINGS: Mapping[Kind, Reading] = {
    Kind.INTERFACE: _INTERFACES,
    Kind.INSTANCE: _INSTANCES,
    Kind.RESERVATION: _RESERVATIONS,
}


def reading_of(kind: Kind) -> Reading:
    """Return how a kind is read; where there are few objects of it, each is read as a whole."""
    return _READINGS.get(kind) or Reading(lambda body: unpack(kind, body), lambda record: record)
