"""What the indexes read of an object, straight from its bytes: the way of a snapshot into the view.

Reading a whole object costs three times as much, and a server starts with millions of them. An outline has those attributes of
the object that the rows of `INDEXES` and `COUNTS` read.

Most rows read only what many objects have in common, such as their namespace, node and state. Objects of one likeness are in a
group: those rows are asked once for all of it, with the outline of one of them, and the other rows (`Reading.answers`) are
answered from columns of what each object has of its own. Likenesses and columns are read field by field
(`codec/columns.py`). A test holds what comes of it against the rows.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import repeat
from socket import inet_aton
from typing import Any

from buoy.v1 import instance_pb2, interface_pb2, leaving_pb2, pool_pb2

from buoy_server.codec.columns import Column, Columns
from buoy_server.codec.packing import unpack
from buoy_server.codec.records import FLOATING_PHASES, INSTANCE_STATES, INTERFACE_STATES, RESERVATION_TYPES
from buoy_server.codec.scalars import moment, moment_or_none
from buoy_server.core import model, states
from buoy_server.core.allocation import NETWORK_LEVELS, POOL_LEVELS, block_of
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


Answer = Callable[[Any, Sequence[Column]], Iterable[Hashable]]


@dataclass(frozen=True, slots=True)
class Reading:
    """How the objects of a kind are read, many at a time.

    Objects of equal likeness are alike to all rows but those of `answers`: these say it of each object, from the outline of
    one of them and the columns of what each has of its own. A row that says None of one says so of all. A likeness of None is
    that of an object that stands alone. Without `columns` all do.
    """

    outline: Callable[[bytes], Any]
    columns: Callable[[Sequence[bytes]], tuple[Iterable[Hashable], Sequence[Column]]] | None = None
    answers: Mapping[str, Answer] = field(default_factory=dict)


def _interface(body: bytes) -> _InterfaceOutline:
    message = interface_pb2.Interface.FromString(body)
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


_INTERFACE_COLUMNS = Columns(
    interface_pb2.Interface,
    *("namespace", "node", "state", "floating", "former_nodes", "instance_uuid", "network_uuid", "macaddr"),
)
_PHASE = Columns(interface_pb2.Floating, "phase")


def _interface_columns(bodies: Sequence[bytes]) -> tuple[Iterable[Hashable], Sequence[Column]]:
    namespaces, nodes, states_, floating, former_nodes, *own = _INTERFACE_COLUMNS.read(bodies)
    (phases,) = _PHASE.read(floating)
    alike = zip(namespaces, nodes, states_, phases, strict=True)
    alone = [state == _DELETED_INTERFACE or bool(former) for state, former in zip(states_, former_nodes, strict=True)]
    return _but_alone(alike, alone), own


def _but_alone(alike: Iterable[Hashable], alone: Sequence[bool]) -> Iterable[Hashable]:
    if not any(alone):
        return alike
    return [None if stands_alone else value for value, stands_alone in zip(alike, alone, strict=True)]


_INTERFACES = Reading(
    _interface,
    _interface_columns,
    {
        "instance": lambda _, own: own[0],
        "network": lambda _, own: own[1],
        "network_node": lambda outline, own: zip(own[1], repeat(outline.node)),
        "macaddr": lambda _, own: map(macaddr_number, own[2]),
    },
)


def _instance(body: bytes) -> _InstanceOutline:
    message = instance_pb2.Instance.FromString(body)
    state = INSTANCE_STATES.from_proto(message.state)
    deleted = state is states.InstanceState.DELETED
    update_time = moment_or_none(message, "update_time") if deleted else None
    return _InstanceOutline(message.namespace, message.name, message.node, state, update_time)


_INSTANCE_COLUMNS = Columns(instance_pb2.Instance, "namespace", "node", "state", "name")


def _instance_columns(bodies: Sequence[bytes]) -> tuple[Iterable[Hashable], Sequence[Column]]:
    namespaces, nodes, states_, *own = _INSTANCE_COLUMNS.read(bodies)
    return _but_alone(zip(namespaces, nodes, states_, strict=True), [state == _DELETED_INSTANCE for state in states_]), own


_INSTANCES = Reading(
    _instance,
    _instance_columns,
    {
        "name": lambda outline, own: zip(repeat(outline.namespace), own[0]),
        "any_name": lambda _, own: own[0],
    },
)


def _reservation(body: bytes) -> _ReservationOutline:
    message = pool_pb2.Reservation.FromString(body)
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


_RESERVATION_COLUMNS = Columns(
    pool_pb2.Reservation,
    *("type", "pool", "network_uuid", "namespace", "kept", "until", "promise", "owner", "address"),
)


def _reservation_columns(bodies: Sequence[bytes]) -> tuple[Iterable[Hashable], Sequence[Column]]:
    *read, owners, addresses = _RESERVATION_COLUMNS.read(bodies)
    numbers = [int.from_bytes(inet_aton(address)) for address in addresses]
    return map(_reservation_likeness, *read, owners), (owners, numbers)


def _reservation_likeness(
    held_as: int, pool: str, network: str, namespace: str, kept: int, until: bytes, promise: bytes, owner: str
) -> Hashable | None:
    if held_as not in _OF_INTERFACES or not owner or owner == pool or until or promise or bool(pool) == bool(network):
        return None
    return pool, network, kept, namespace


def _taken_in_pool(outline: _ReservationOutline, own: Sequence[Column]) -> Iterator[Hashable]:
    return ((outline.pool, block_of(number, bits)) for bits in POOL_LEVELS for number in own[1])


def _taken_in_network(outline: _ReservationOutline, own: Sequence[Column]) -> Iterator[Hashable]:
    return ((outline.network_uuid, block_of(number, *NETWORK_LEVELS)) for number in own[1])


_RESERVATIONS = Reading(
    _reservation,
    _reservation_columns,
    {"owner": lambda _, own: own[0], "taken_in_pool": _taken_in_pool, "taken_in_network": _taken_in_network},
)

_READINGS: Mapping[Kind, Reading] = {
    Kind.INTERFACE: _INTERFACES,
    Kind.INSTANCE: _INSTANCES,
    Kind.RESERVATION: _RESERVATIONS,
}


def reading_of(kind: Kind) -> Reading:
    """Return how a kind is read; where there are few objects of it, each is read as a whole."""
    return _READINGS.get(kind) or Reading(partial(unpack, kind))
