"""The states of every kind of object, and the only moves between them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar


class InterfaceState(StrEnum):
    INITIAL = "initial"
    CREATED = "created"
    DELETED = "deleted"
    ERROR = "error"


class FloatingPhase(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    RELEASING = "releasing"
    FAILED = "failed"


class RoutedPhase(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    RELEASING = "releasing"
    FAILED = "failed"


class InstanceState(StrEnum):
    INITIAL = "initial"
    PREFLIGHT = "preflight"
    CREATING = "creating"
    CREATED = "created"
    DELETE_WAIT = "delete-wait"
    DELETED = "deleted"
    ERROR = "error"


class NetworkState(StrEnum):
    INITIAL = "initial"
    CREATED = "created"
    DELETE_WAIT = "delete-wait"
    DELETED = "deleted"
    ERROR = "error"


class NodeState(StrEnum):
    CREATED = "created"
    MISSING = "missing"
    ERROR = "error"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DELETED = "deleted"


S = TypeVar("S", bound=StrEnum)
Moves = Mapping[S, frozenset[S]]

_I, _P, _V, _N, _H, _R = InterfaceState, FloatingPhase, InstanceState, NetworkState, NodeState, RoutedPhase

INTERFACE_MOVES: Moves[InterfaceState] = {
    _I.INITIAL: frozenset({_I.CREATED, _I.DELETED, _I.ERROR}),
    _I.CREATED: frozenset({_I.DELETED, _I.ERROR}),
    _I.ERROR: frozenset({_I.DELETED}),
    _I.DELETED: frozenset(),  # nothing leaves it
}

FLOATING_MOVES: Moves[FloatingPhase] = {
    _P.PENDING: frozenset({_P.ACTIVE, _P.FAILED, _P.RELEASING}),
    _P.ACTIVE: frozenset({_P.FAILED, _P.RELEASING, _P.PENDING}),  # PENDING again: moved to another node
    _P.FAILED: frozenset({_P.ACTIVE, _P.RELEASING, _P.PENDING}),  # the agent retries by itself
    _P.RELEASING: frozenset({_P.PENDING}),  # floated again before the node let go
}

ROUTED_MOVES: Moves[RoutedPhase] = {
    _R.PENDING: frozenset({_R.ACTIVE, _R.FAILED, _R.RELEASING}),
    _R.ACTIVE: frozenset({_R.FAILED, _R.RELEASING, _R.PENDING}),  # PENDING again: it goes to another node
    _R.FAILED: frozenset({_R.ACTIVE, _R.RELEASING, _R.PENDING}),  # the agent retries by itself
    _R.RELEASING: frozenset({_R.PENDING}),  # routed again before the node let go
}

INSTANCE_MOVES: Moves[InstanceState] = {
    _V.INITIAL: frozenset({_V.PREFLIGHT, _V.CREATING, _V.CREATED, _V.DELETE_WAIT, _V.DELETED, _V.ERROR}),
    _V.PREFLIGHT: frozenset({_V.CREATING, _V.DELETE_WAIT, _V.DELETED, _V.ERROR}),
    _V.CREATING: frozenset({_V.CREATED, _V.DELETE_WAIT, _V.DELETED, _V.ERROR}),
    _V.CREATED: frozenset({_V.DELETE_WAIT, _V.DELETED, _V.ERROR}),
    _V.ERROR: frozenset({_V.DELETE_WAIT, _V.DELETED}),
    _V.DELETE_WAIT: frozenset({_V.DELETED, _V.ERROR}),
    _V.DELETED: frozenset(),
}

NETWORK_MOVES: Moves[NetworkState] = {
    _N.INITIAL: frozenset({_N.CREATED, _N.DELETE_WAIT, _N.DELETED, _N.ERROR}),
    _N.CREATED: frozenset({_N.DELETE_WAIT, _N.DELETED, _N.ERROR}),
    _N.ERROR: frozenset({_N.DELETE_WAIT, _N.DELETED}),
    _N.DELETE_WAIT: frozenset({_N.DELETED, _N.ERROR}),
    _N.DELETED: frozenset(),
}

NODE_MOVES: Moves[NodeState] = {
    _H.CREATED: frozenset({_H.MISSING, _H.ERROR, _H.STOPPING, _H.DELETED}),
    _H.MISSING: frozenset({_H.CREATED, _H.STOPPED, _H.ERROR, _H.DELETED}),  # STOPPED: fenced
    _H.ERROR: frozenset({_H.CREATED, _H.DELETED}),  # only the node itself comes back from it
    _H.STOPPING: frozenset({_H.STOPPED, _H.CREATED, _H.DELETED}),
    _H.STOPPED: frozenset({_H.CREATED, _H.DELETED}),
    _H.DELETED: frozenset(),
}


def move(moves: Moves[S], old: S, new: S) -> S:
    """Return `new`; the same state again is fine, any other move that is not in the table is a ValueError."""
    if new is not old and new not in moves[old]:
        raise ValueError(f"no way from {old} to {new}")
    return new
