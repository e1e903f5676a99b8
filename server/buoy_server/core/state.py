"""What the rules read (`State`) and where they write (`Draft`).

A draft lies over a state: it reads through, keeps what is put, and hands it out as ledger entries. Drafts stack: the writer
lays one over the committed view for a batch of commands, and one over that for each command, so that a refused command leaves
nothing behind and a failed commit is undone by dropping the batch.

Objects are found by key or through an index. The indexes are a table: each gives, for an object, the value that it stands
under, None when it is not in the index, or a frozenset when it stands under several. Where only the number is asked for, the
row is in `COUNTS`: a number costs nothing an object. What a row reads of an interface, instance or reservation is also in its
outline (`codec/outlines.py`), from which the view is filled when the server starts.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Protocol, TypeVar

from buoy_server.core.allocation import NETWORK_LEVELS, POOL_LEVELS, block_of
from buoy_server.core.model import (
    AnyRecord,
    Instance,
    Interface,
    Namespace,
    Network,
    Node,
    Pool,
    Reservation,
    ReservationType,
)
from buoy_server.core.states import FloatingPhase


class Kind(StrEnum):
    """The kinds of objects that the ledger keeps."""

    INTERFACE = "interface"
    INSTANCE = "instance"
    NETWORK = "network"
    POOL = "pool"
    NODE = "node"
    RESERVATION = "reservation"
    NAMESPACE = "namespace"


KIND_OF: Mapping[type, Kind] = {
    Interface: Kind.INTERFACE,
    Instance: Kind.INSTANCE,
    Network: Kind.NETWORK,
    Pool: Kind.POOL,
    Node: Kind.NODE,
    Reservation: Kind.RESERVATION,
    Namespace: Kind.NAMESPACE,
}

BUCKET = 10  # seconds: how finely moments are indexed
WAITING = (FloatingPhase.PENDING, FloatingPhase.RELEASING)  # for a node
LAST_BUCKET = 1 << 40  # of what comes after all else


def bucket_of(moment: datetime) -> int:
    """Return the number of the time bucket that begins at or after the moment."""
    return -int(-moment.timestamp() // BUCKET)


def macaddr_number(macaddr: str) -> int:
    """Return a MAC address as the number that it is indexed by: half the size of its text."""
    return int(macaddr.replace(":", ""), 16)


def _deleted(record: Interface | Instance | Network) -> int | None:
    return bucket_of(record.update_time) if record.state == "deleted" and record.update_time else None


Index = Callable[[AnyRecord], Hashable | None]


def _indexes(**indexes: Callable[..., Hashable | None]) -> Mapping[str, Index]:
    return indexes


INDEXES: Mapping[Kind, Mapping[str, Index]] = {
    Kind.INTERFACE: _indexes(
        instance=lambda i: i.instance_uuid if i.bound else None,
        network=lambda i: i.network_uuid if i.bound else None,
        node=lambda i: i.nodes if i.bound else None,
        waiting=lambda i: i.node if i.floating and i.floating.phase in WAITING else None,
        namespace=lambda i: i.namespace,
        deleted=lambda i: _deleted(i) if not i.bound else None,
    ),
    Kind.INSTANCE: _indexes(
        name=lambda i: (i.namespace, i.name) if i.live else None,
        any_name=lambda i: i.name if i.live else None,
        namespace=lambda i: i.namespace,
        deleted=_deleted,
    ),
    Kind.NETWORK: _indexes(
        name=lambda n: (n.namespace, n.name) if n.live else None,
        any_name=lambda n: n.name if n.live else None,
        namespace=lambda n: n.namespace,
        vxid=lambda n: n.vxid if n.state != "deleted" else None,
        deleted=_deleted,
        outside_node=lambda n: n.outside_nodes,
    ),
    Kind.POOL: _indexes(name=lambda p: p.name),
    Kind.NODE: _indexes(),
    Kind.RESERVATION: _indexes(
        owner=lambda r: r.owner or None if r.until is None else None,  # what rests is had by nobody
        pool=lambda r: r.pool,
        network=lambda r: r.network_uuid,
        resting=lambda r: (r.pool, LAST_BUCKET if r.extended else bucket_of(r.since)) if r.pool and r.until else None,
        until=lambda r: bucket_of(r.until) if r.until else None,
        kept=lambda r: r.namespace if r.kept else None,
        promised=lambda r: r.owner if r.promise else None,
    ),
    Kind.NAMESPACE: _indexes(trusts=lambda n: frozenset(n.trusts), default_pool=lambda n: n.default_pool),
}

COUNTS: Mapping[Kind, Mapping[str, Index]] = {
    Kind.INTERFACE: _indexes(
        macaddr=lambda i: macaddr_number(i.macaddr) if i.bound else None,
        live_node=lambda i: i.node if i.live else None,
        network_node=lambda i: frozenset((i.network_uuid, node) for node in i.nodes) if i.bound else None,
        floating_node=lambda i: i.node if i.live and i.floating else None,
        bound_namespace=lambda i: i.namespace if i.bound else None,
        floating_namespace=lambda i: i.namespace if i.bound and i.floating else None,
    ),
    Kind.INSTANCE: _indexes(live_node=lambda i: i.node if i.live else None),
    Kind.NETWORK: _indexes(),
    Kind.POOL: _indexes(),
    Kind.NODE: _indexes(),
    Kind.RESERVATION: _indexes(
        pool_type=lambda r: (r.pool, _usage_class(r)) if r.pool else None,
        held=lambda r: r.namespace if r.pool else None,
        taken_in_pool=lambda r: frozenset([(r.pool, block_of(r.address, bits)) for bits in POOL_LEVELS]) if r.pool else None,
        taken_in_network=lambda r: (r.network_uuid, block_of(r.address, *NETWORK_LEVELS)) if r.network_uuid else None,
    ),
    Kind.NAMESPACE: _indexes(),
}


def _usage_class(reservation: Reservation) -> str:
    if reservation.type is ReservationType.DELETION_HALO:
        return "quarantined"
    if reservation.type is ReservationType.RESERVED:
        return "kept"
    return "reserved" if reservation.owner == reservation.pool else "in_use"


class State(Protocol):
    """Objects by key and by index, as of one revision."""

    @property
    def revision(self) -> int:
        """The last revision that is in."""

    def get(self, kind: Kind, key: str) -> AnyRecord | None:
        """The object with that key, or None."""

    def has(self, kind: Kind, key: str) -> bool:
        """Whether there is an object with that key; costs less than to get it."""

    def keys(self, kind: Kind) -> Collection[str]:
        """The keys of all objects of a kind."""

    def find(self, kind: Kind, index: str, value: Hashable) -> Collection[str]:
        """The keys of the objects that stand under a value in an index."""

    def count(self, kind: Kind, index: str, value: Hashable) -> int:
        """How many objects stand under a value in an index; costs nothing where there are many."""

    def values(self, kind: Kind, index: str) -> Collection[Hashable]:
        """All values of an index under which something stands."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The call, report or housekeeping that caused a change, who made it, and the request id that it bore."""

    method: str
    actor: str
    request_id: str = ""


Values = frozenset[Hashable]
Moves = tuple[tuple[str, Values, Values], ...]


@dataclass(frozen=True)
class Entry:
    """One line of the ledger: an object before and after one change; `after` is None when it was forgotten."""

    revision: int
    kind: Kind
    key: str
    before: AnyRecord | None
    after: AnyRecord | None
    cause: Cause
    time: datetime
    note: str = ""  # what its command says of it to the object's owner

    @cached_property
    def moves(self) -> Moves:
        """The index or count, the values left and those entered, for each in which the change moves the object."""
        return _moves(self.kind, self.before, self.after)


R = TypeVar("R", Interface, Instance, Network, Pool, Node, Reservation, Namespace)


class Draft:
    """Changes over a state, in order, not committed; itself a `State`."""

    def __init__(self, base: State, cause: Cause, now: datetime) -> None:
        self.base = base
        self.cause = cause
        self.now = now
        self.entries: list[Entry] = []
        self._changed: dict[tuple[Kind, str], AnyRecord | None] = {}
        self._read: dict[tuple[Kind, str], AnyRecord | None] = {}  # the base does not change while a draft is written
        self._added: dict[tuple[Kind, str, Hashable], set[str]] = defaultdict(set)
        self._removed: dict[tuple[Kind, str, Hashable], set[str]] = defaultdict(set)
        self._more: dict[tuple[Kind, str, Hashable], int] = defaultdict(int)

    @property
    def revision(self) -> int:
        """The last revision that is in, with those of this draft."""
        return self.base.revision + len(self.entries)

    def get(self, kind: Kind, key: str) -> AnyRecord | None:
        """The object with that key as of this draft."""
        place = kind, key
        if place in self._changed:
            return self._changed[place]
        if place not in self._read:
            self._read[place] = self.base.get(kind, key)
        return self._read[place]

    def has(self, kind: Kind, key: str) -> bool:
        """Whether there is an object with that key as of this draft."""
        if self._changed and (place := (kind, key)) in self._changed:
            return self._changed[place] is not None
        return self.base.has(kind, key)

    def keys(self, kind: Kind) -> Collection[str]:
        """The keys of all objects of a kind as of this draft."""
        keys = set(self.base.keys(kind))
        for (changed_kind, key), record in self._changed.items():
            if changed_kind is kind:
                (keys.discard if record is None else keys.add)(key)
        return keys

    def find(self, kind: Kind, index: str, value: Hashable) -> Collection[str]:
        """The keys under a value of an index as of this draft."""
        added, removed = self._added.get((kind, index, value)), self._removed.get((kind, index, value))
        found = self.base.find(kind, index, value)
        if not added and not removed:
            return found
        return (set(found) - (removed or set())) | (added or set())

    def count(self, kind: Kind, index: str, value: Hashable) -> int:
        """How many objects stand under a value as of this draft."""
        found = self.base.count(kind, index, value)
        return found + self._more.get((kind, index, value), 0) if self._more else found

    def values(self, kind: Kind, index: str) -> Collection[Hashable]:
        """The values of an index as of this draft; one that this draft emptied may be among them."""
        values = set(self.base.values(kind, index))
        values.update(value for (k, i, value), keys in self._added.items() if k is kind and i == index and keys)
        return values

    def put(self, record: R, note: str = "") -> R:
        """Write an object: it gets the next revision, and is returned with it. The note is for its owner, see `events`."""
        revision, create_time = self.revision + 1, record.create_time or self.now
        stamped = replace(record, revision=revision, create_time=create_time, update_time=self.now)
        self._write(self._entry(KIND_OF[type(record)], record.key, stamped, note))
        return stamped

    def forget(self, record: AnyRecord) -> None:
        """Remove an object for good."""
        self._write(self._entry(KIND_OF[type(record)], record.key, None))

    def absorb(self, other: "Draft") -> None:
        """Take over the entries of a draft that lies over this one."""
        for entry in other.entries:
            self._write(entry)

    def _entry(self, kind: Kind, key: str, after: AnyRecord | None, note: str = "") -> Entry:
        return Entry(self.revision + 1, kind, key, self.get(kind, key), after, self.cause, self.now, note)

    def _write(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._changed[entry.kind, entry.key] = entry.after
        for name, left, entered in entry.moves:
            for value in left:
                self._more[entry.kind, name, value] -= 1
            for value in entered:
                self._more[entry.kind, name, value] += 1
            if name in INDEXES[entry.kind]:
                self._move(entry, name, left, entered)

    def _move(self, entry: Entry, name: str, left: Values, entered: Values) -> None:
        for value in left:
            self._added[entry.kind, name, value].discard(entry.key)
            self._removed[entry.kind, name, value].add(entry.key)
        for value in entered:
            self._removed[entry.kind, name, value].discard(entry.key)
            self._added[entry.kind, name, value].add(entry.key)


_ROWS: Mapping[Kind, Mapping[str, Index]] = {kind: {**INDEXES[kind], **COUNTS[kind]} for kind in Kind}


def _values(value: Hashable | None) -> Values:
    if isinstance(value, frozenset):
        return value
    return frozenset() if value is None else frozenset((value,))


def _moves(kind: Kind, before: AnyRecord | None, after: AnyRecord | None) -> Moves:
    moves = []
    for name, row in _ROWS[kind].items():
        old, new = row(before) if before else None, row(after) if after else None
        if old != new:
            left, entered = _values(old), _values(new)
            moves.append((name, left - entered, entered - left))
    return tuple(moves)
