"""What watchers are sent: made once for all that chose the same and have come equally far."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from weakref import WeakValueDictionary

from buoy.v1 import interface_pb2

from buoy_server.codec import packing
from buoy_server.feed.entry import Committed
from buoy_server.rpc.selection import InterfaceFilter

MESSAGE_BYTES = 128 << 10  # what gRPC holds for a stream whose reader is slow, about, beside its buffers
SHARED_BYTES = 1 << 20  # objects of so many bytes are made into messages for all at once
TRANSACTION_BYTES = 2 << 20  # a transaction that is larger is split

_EVENTS = interface_pb2.WatchInterfaceResponse.DESCRIPTOR.fields_by_name["events"].number


class Audience:
    """Watchers that mean the same interfaces with the same rights."""

    def __init__(self, wanted: InterfaceFilter) -> None:
        self.wanted = wanted
        self._span = (0, 0)
        self._messages: Sequence[bytes] = ()

    def messages(self, entries: Sequence[Committed]) -> Iterable[bytes]:
        """Return what of some entries is meant, as messages that each say the revision they lead to.

        They are made once for all that are equally far. Who lags behind the others, or has very much to read, gets them made
        one at a time.
        """
        if not entries:
            return ()
        span = (entries[0].revision, entries[-1].revision)
        if span == self._span:
            return self._messages
        if span[1] <= self._span[1] or sum(len(entry.body or b"") for entry in entries) > SHARED_BYTES:
            return _batches(entries, self.wanted)
        self._span, self._messages = span, tuple(_batches(entries, self.wanted))
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


def _batches(entries: Sequence[Committed], wanted: InterfaceFilter) -> Iterator[bytes]:
    events: list[bytes] = []
    size = 0
    for entry in entries:
        event = wanted.event_of(entry)
        if event is not None:
            events.append(event)
            size += len(event)
        if size > (MESSAGE_BYTES if entry.revision == entry.transaction else TRANSACTION_BYTES):
            yield packing.joined(_EVENTS, events) + mark(entry.revision)
            events, size = [], 0
    if events:
        yield packing.joined(_EVENTS, events) + mark(entries[-1].revision)
