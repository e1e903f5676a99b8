"""The view: all objects in memory as of the last committed revision, the fold of the ledger.

It keeps the bytes of each object, which are what answers and streams send, and decodes one when a rule asks for it.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator

from sortedcontainers import SortedList

from buoy_server.codec import packing
from buoy_server.core.model import AnyRecord
from buoy_server.core.state import INDEXES, Entry, Kind, index_moves

_NOTHING: frozenset[str] = frozenset()

# Few, and read by nearly every command: these are kept decoded as well.
KEPT_DECODED = frozenset({Kind.NAMESPACE, Kind.POOL, Kind.NODE})

# Many, and listed in the order of their keys: these are kept in order, so that a page does not cost a sort of all.
KEPT_IN_ORDER = frozenset({Kind.INTERFACE, Kind.INSTANCE, Kind.NETWORK})


class View:
    """A `State` that is changed by committed entries only."""

    def __init__(self) -> None:
        self._revision = 0
        self._bodies: dict[Kind, dict[str, bytes]] = {kind: {} for kind in Kind}
        self._ordered: dict[Kind, SortedList] = {kind: SortedList() for kind in KEPT_IN_ORDER}
        self._decoded: dict[tuple[Kind, str], AnyRecord] = {}
        self._indexes: dict[tuple[Kind, str], dict[Hashable, set[str]]] = {
            (kind, name): defaultdict(set) for kind, names in INDEXES.items() for name in names
        }

    @property
    def revision(self) -> int:
        """The last revision that is in."""
        return self._revision

    def get(self, kind: Kind, key: str) -> AnyRecord | None:
        """The object with that key, or None."""
        if kind in KEPT_DECODED:
            return self._decoded.get((kind, key))
        body = self._bodies[kind].get(key)
        return None if body is None else packing.unpack(kind, body)

    def body(self, kind: Kind, key: str) -> bytes | None:
        """The serialized object with that key, or None."""
        return self._bodies[kind].get(key)

    def keys(self, kind: Kind) -> Collection[str]:
        """The keys of all objects of a kind."""
        return self._bodies[kind].keys()

    def keys_after(self, kind: Kind, key: str) -> Iterator[str]:
        """The keys that come after one, in order, of a kind that is kept so; not to be read on after a change."""
        keys: Iterator[str] = self._ordered[kind].irange(minimum=key, inclusive=(False, True))
        return keys

    def find(self, kind: Kind, index: str, value: Hashable) -> Collection[str]:
        """The keys of the objects that stand under a value in an index."""
        return self._indexes[kind, index].get(value, _NOTHING)

    def count(self, kind: Kind, index: str, value: Hashable) -> int:
        """How many objects stand under a value in an index."""
        return len(self.find(kind, index, value))

    def values(self, kind: Kind, index: str) -> Collection[Hashable]:
        """All values of an index under which something stands."""
        return self._indexes[kind, index].keys()

    def load(self, objects: Iterable[tuple[Kind, AnyRecord, bytes]], revision: int) -> None:
        """Take in the objects of a snapshot, as of a revision."""
        for kind, record, body in objects:
            self._set(kind, record.key, None, record, body)
        for kind, ordered in self._ordered.items():
            ordered.update(self._bodies[kind])
        self._revision = revision

    def apply(self, entry: Entry, body: bytes | None) -> None:
        """Take in the next committed entry; `body` is its object, serialized."""
        self._set(entry.kind, entry.key, entry.before, entry.after, body)
        if entry.kind in KEPT_IN_ORDER:
            if entry.before is None:
                self._ordered[entry.kind].add(entry.key)
            if entry.after is None:
                self._ordered[entry.kind].discard(entry.key)
        self._revision = entry.revision

    def _set(self, kind: Kind, key: str, before: AnyRecord | None, after: AnyRecord | None, body: bytes | None) -> None:
        for name, left, entered in index_moves(kind, before, after):
            index = self._indexes[kind, name]
            for value in left:
                index[value].discard(key)
                if not index[value]:
                    del index[value]
            for value in entered:
                index[value].add(key)
        if body is None or after is None:
            self._bodies[kind].pop(key, None)
            self._decoded.pop((kind, key), None)
        else:
            self._bodies[kind][key] = body
            if kind in KEPT_DECODED:
                self._decoded[kind, key] = after
