"""The view: all objects in memory as of the last committed revision, the fold of the ledger.

It keeps the bytes of each object, which are what answers and streams send, and decodes one when a rule asks for it.
"""

from collections import OrderedDict
from collections.abc import Collection, Hashable, Iterable, Iterator
from typing import Any, Protocol

from sortedcontainers import SortedList

from buoy_server.codec import packing
from buoy_server.core.model import AnyRecord
from buoy_server.core.state import COUNTS, INDEXES, Entry, Kind
from buoy_server.feed.filling import Filling
from buoy_server.feed.index import Counts, Index, keys_after

# Few, and read by nearly every command: these are kept decoded as well.
KEPT_DECODED = frozenset({Kind.NAMESPACE, Kind.POOL, Kind.NODE})

# Of all others but reservations, so many that came in last, read or changed: one change goes through several hands.
KEPT_RECENT = 1024

# Many, and listed in the order of their keys: these are kept in order, so that a page does not cost a sort of all.
KEPT_IN_ORDER = frozenset({Kind.INTERFACE, Kind.INSTANCE, Kind.NETWORK})

# Those come first that others name: the same string serves them all.
_LOADING_ORDER = (Kind.NAMESPACE, Kind.POOL, Kind.NODE, Kind.NETWORK, Kind.INSTANCE, Kind.INTERFACE, Kind.RESERVATION)


class Snapshot(Protocol):
    """Where the view is filled from when the server starts."""

    def load(self, kind: Kind) -> Iterable[tuple[str, bytes]]:
        """Yield the key and the bytes of every object of a kind."""

    def head(self) -> int:
        """Return the revision that the objects are as of."""


class View:
    """A `State` that is changed by committed entries only."""

    def __init__(self) -> None:
        self._revision = 0
        self._bodies: dict[Kind, dict[str, bytes]] = {kind: {} for kind in Kind}
        self._ordered: dict[Kind, Any] = {kind: SortedList() for kind in KEPT_IN_ORDER}
        self._decoded: dict[tuple[Kind, str], AnyRecord] = {}
        self._recent: OrderedDict[tuple[Kind, str], AnyRecord] = OrderedDict()
        self._indexes = {(kind, name): Index() for kind, names in INDEXES.items() for name in names}
        self._counts = {(kind, name): Counts() for kind, names in COUNTS.items() for name in names}
        self._rows: dict[tuple[Kind, str], Index | Counts] = {**self._indexes, **self._counts}

    @property
    def revision(self) -> int:
        """The last revision that is in."""
        return self._revision

    def get(self, kind: Kind, key: str) -> AnyRecord | None:
        """The object with that key, or None."""
        if kind in KEPT_DECODED:
            return self._decoded.get((kind, key))
        recent = self._recent.get((kind, key))
        if recent is None and (body := self._bodies[kind].get(key)) is not None:
            recent = packing.unpack(kind, body)
            self._remember(kind, key, recent)
        return recent

    def has(self, kind: Kind, key: str) -> bool:
        """Whether there is an object with that key."""
        return key in self._bodies[kind]

    def body(self, kind: Kind, key: str) -> bytes | None:
        """The serialized object with that key, or None."""
        return self._bodies[kind].get(key)

    def keys(self, kind: Kind) -> Collection[str]:
        """The keys of all objects of a kind."""
        keys: Collection[str] = self._ordered.get(kind, self._bodies[kind].keys())
        return keys

    def keys_after(self, kind: Kind, key: str) -> Iterator[str]:
        """The keys that come after one, in order, of a kind that is kept so; not to be read on after a change."""
        return keys_after(self._ordered[kind], key)

    def find(self, kind: Kind, index: str, value: Hashable) -> Collection[str]:
        """The keys of the objects that stand under a value in an index."""
        return self._indexes[kind, index].find(value)

    def count(self, kind: Kind, index: str, value: Hashable) -> int:
        """How many objects stand under a value in an index."""
        counts = self._counts.get((kind, index))
        return len(self.find(kind, index, value)) if counts is None else counts.count(value)

    def values(self, kind: Kind, index: str) -> Collection[Hashable]:
        """All values of an index under which something stands."""
        return self._indexes[kind, index].values()

    def load(self, snapshot: Snapshot) -> None:
        """Take in all objects of a snapshot; the view is empty before."""
        same: dict[str, str] = {}
        for kind in _LOADING_ORDER:
            bodies = self._bodies[kind]
            places = {name: place for (of, name), place in self._rows.items() if of is kind}
            Filling(kind, places, same).take(snapshot.load(kind), bodies)
            if kind in KEPT_DECODED:
                self._decoded.update(((kind, key), packing.unpack(kind, body)) for key, body in bodies.items())
            if kind in KEPT_IN_ORDER:
                self._ordered[kind] = SortedList(bodies)
            if kind is not Kind.RESERVATION:
                same.update(zip(bodies, bodies, strict=True))
        self._revision = snapshot.head()

    def apply(self, entry: Entry, body: bytes | None) -> None:
        """Take in the next committed entry; `body` is its object, serialized."""
        kind, key = entry.kind, entry.key
        for name, left, entered in entry.moves:
            index = self._rows[kind, name]
            for value in left:
                index.remove(value, key)
            for value in entered:
                index.add(value, key)
        if kind in KEPT_IN_ORDER and (key in self._bodies[kind]) != (body is not None):
            (self._ordered[kind].remove if body is None else self._ordered[kind].add)(key)
        if body is None or entry.after is None:
            self._bodies[kind].pop(key, None)
            self._decoded.pop((kind, key), None)
            self._recent.pop((kind, key), None)
        else:
            self._bodies[kind][key] = body
            if kind in KEPT_DECODED:
                self._decoded[kind, key] = entry.after
            else:
                self._remember(kind, key, entry.after)
        self._revision = entry.revision

    def _remember(self, kind: Kind, key: str, record: AnyRecord) -> None:
        if kind is Kind.RESERVATION:
            return  # read but once, and without the times that it was put with
        self._recent[kind, key] = record
        if len(self._recent) > KEPT_RECENT:
            self._recent.popitem(last=False)
