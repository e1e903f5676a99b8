"""What watchers are sent: made once for all that chose the same and have come equally far."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import chain
from weakref import WeakValueDictionary

from buoy.v1 import interface_pb2

from buoy_server.codec import packing
from buoy_server.feed.entry import Committed
from buoy_server.rpc.selection import InterfaceFilter

MESSAGE_BYTES = 64 << 10  # what a stream whose reader is slow holds in memory, about; gRPC holds as much again
TRANSACTION_BYTES = 2 << 20  # a transaction that is larger is split

_EVENTS = interface_pb2.WatchInterfaceResponse.DESCRIPTOR.fields_by_name["events"].number


class Audience:
    """Watchers that mean the same interfaces with the same rights."""

    def __init__(self, wanted: InterfaceFilter) -> None:
        self.wanted = wanted
        self._span = (0, 0)
        self._messages: Sequence[bytes] = ()

    def messages(self, entries: Sequence[Committed]) -> Iterable[bytes]:
        """Yield what of some entries is meant, as messages that each say the revision they lead to.

        A single one is kept for the others. Who is so far behind that there are several gets them made one at a time.
        """
        if not entries:
            return ()
        span = (entries[0].revision, entries[-1].revision)
        if span == self._span:
            return self._messages
        made = _batches(entries, self.wanted)
        first, upto = next(made, (b"", span[1]))
        if upto < span[1]:
            return chain((first,), (message for message, _ in made))
        self._span, self._messages = span, (first,) if first else ()
        return self._messages


class Audiences:
    """All audiences that have a watcher."""

    def __init__(self) -> None:
        self._audiences: WeakValueDictionary[Hashable, Audience] = WeakValueDictionary()

    def of(self, wanted: InterfaceFilter) -> Audience:
        """Return the audience that means this."""
        audience = self._audiences.get(wanted.identity())
        if audience is None:
            audience = self._audiences[wanted.identity()] = Audience(wanted)
        return audience


def joined_events(events: Iterable[bytes]) -> Iterator[bytes]:
    """Yield serialized events as messages of a bounded size, without a revision."""
    gathered: list[bytes] = []
    size = 0
    for event in events:
        gathered.append(event)
        size += len(event)
        if size > MESSAGE_BYTES:
            yield packing.joined(_EVENTS, gathered)
            gathered, size = [], 0
    if gathered:
        yield packing.joined(_EVENTS, gathered)


def mark(revision: int, *, synced: bool = False) -> bytes:
    """Return a serialized message that says how far a stream has come."""
    return interface_pb2.WatchInterfaceResponse(revision=revision, synced=synced).SerializeToString()


def _batches(entries: Sequence[Committed], wanted: InterfaceFilter) -> Iterator[tuple[bytes, int]]:
    """Yield messages, each with the revision that it leads to."""
    events: list[bytes] = []
    size = 0
    for entry in entries:
        event = wanted.event_of(entry)
        if event is not None:
            events.append(event)
            size += len(event)
        if size > (MESSAGE_BYTES if entry.revision == entry.transaction else TRANSACTION_BYTES):
            yield packing.joined(_EVENTS, events) + mark(entry.revision), entry.revision
            events, size = [], 0
    if events:
        yield packing.joined(_EVENTS, events) + mark(entries[-1].revision), entries[-1].revision
