"""What the indexes read of an object, straight from its bytes: the way of a snapshot into the view.

Reading a whole object costs three times as much, and a server starts with millions of them. An outline has those attributes of
the object that the rows of `INDEXES` and `COUNTS` read; a test holds the two against each other.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from socket import inet_aton
from typing import Any

from buoy.v1 import instance_pb2, interface_pb2, leaving_pb2, pool_pb2

from buoy_server.codec.packing import unpack
from buoy_server.codec.records import FLOATING_PHASES, INSTANCE_STATES, INTERFACE_STATES, RESERVATION_TYPES
from buoy_server.codec.scalars import moment, moment_or_none
from buoy_server.core import model, states
from buoy_server.core.state import Kind


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


def _instance(body: bytes) -> _InstanceOutline:
    message = instance_pb2.Instance.FromString(body)
    state = INSTANCE_STATES.from_proto(message.state)
    deleted = state is states.InstanceState.DELETED
    update_time = moment_or_none(message, "update_time") if deleted else None
    return _InstanceOutline(message.namespace, message.name, message.node, state, update_time)


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


_OUTLINES: Mapping[Kind, Callable[[bytes], Any]] = {
    Kind.INTERFACE: _interface,
    Kind.INSTANCE: _instance,
    Kind.RESERVATION: _reservation,
}


def outline_of(kind: Kind) -> Callable[[bytes], Any]:
    """Return what reads an outline of a kind; where there are few objects of it, that is the whole object."""
    return _OUTLINES.get(kind) or (lambda body: unpack(kind, body))
