"""WatchInterface: a snapshot, or a position in the feed, then every change of what was chosen.

A stream reads all that is new at its position, keeps what it wants, sends it as one message, and moves on; a mark says how far
it has come when there was nothing to send. Marks and events leave through the same loop, so that a mark never runs ahead.
"""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace

from buoy.v1 import interface_pb2

from buoy_server.codec import packing
from buoy_server.codec.scalars import duration_seconds
from buoy_server.core.errors import Malformed, RevisionInFuture
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Interface
from buoy_server.core.state import Kind
from buoy_server.feed.entry import Committed
from buoy_server.feed.feed import Feed
from buoy_server.feed.view import View
from buoy_server.rpc.backend import Backend
from buoy_server.rpc.selection import InterfaceFilter, filter_of

MAX_PROGRESS = 15.0  # seconds
MIN_PROGRESS = 0.1
FUTURE_WAIT = 5.0  # seconds that a start revision may be ahead of this server
MESSAGE_BYTES = 1 << 20

_EVENTS = interface_pb2.WatchInterfaceResponse.DESCRIPTOR.fields_by_name["events"].number
_INTERFACE = interface_pb2.InterfaceEvent.DESCRIPTOR.fields_by_name["interface"].number
_SNAPSHOT = interface_pb2.InterfaceEvent(type=interface_pb2.INTERFACE_EVENT_TYPE_SNAPSHOT).SerializeToString()


async def watch(backend: Backend, request: interface_pb2.WatchInterfaceRequest, caller: Caller) -> AsyncIterator[bytes]:
    """Yield serialized WatchInterfaceResponses, for as long as the caller stays."""
    interval = _progress_interval(request)
    wanted = filter_of(backend.view, caller, request)
    if request.start_revision < 0:
        raise Malformed("a revision is not negative", field="start_revision")
    if request.start_revision == 0:
        position = backend.view.revision
        for message in _snapshot(backend.view, wanted):
            yield message
        yield _mark(position, synced=True)
    else:
        position = request.start_revision - 1
        await _await_revision(backend.feed, position)
    sent = time.monotonic()
    while True:
        entries = await backend.feed.read(position)
        if entries:
            wanted = replace(wanted, caller=backend.renewed(wanted.caller, entries))
            position = entries[-1].revision
            for message in _batches(entries, wanted):
                yield message
                sent = time.monotonic()
        due = sent + interval - time.monotonic()
        if due <= 0 or not await backend.feed.wait(position, due):
            yield _mark(position)
            sent = time.monotonic()


def _progress_interval(request: interface_pb2.WatchInterfaceRequest) -> float:
    if not request.HasField("progress_interval"):
        return MAX_PROGRESS
    seconds = duration_seconds(request.progress_interval)
    if not MIN_PROGRESS <= seconds <= MAX_PROGRESS:
        raise Malformed(f"progress marks come every {MIN_PROGRESS:g} s to {MAX_PROGRESS:g} s", field="progress_interval")
    return seconds


async def _await_revision(feed: Feed, revision: int) -> None:
    """Wait a moment for a revision that another server of the cluster may have told the caller of."""
    deadline = time.monotonic() + FUTURE_WAIT
    while feed.head < revision:
        left = deadline - time.monotonic()
        if left <= 0 or not await feed.wait(feed.head, left):
            raise RevisionInFuture(f"the last revision is {feed.head}", field="start_revision")


def _snapshot(view: View, wanted: InterfaceFilter) -> Sequence[bytes]:
    """Return all interfaces that are meant as of now: the live ones, and the one that is named also when it is deleted."""
    events = []
    for key in wanted.candidates(view):
        interface, body = view.get(Kind.INTERFACE, key), view.body(Kind.INTERFACE, key)
        if not isinstance(interface, Interface) or body is None or not wanted.takes(interface):
            continue
        if interface.live or wanted.interface_uuid:
            events.append(packing.concatenated(_SNAPSHOT, packing.field(_INTERFACE, body)))
    return [packing.joined(_EVENTS, chunk) for chunk in _chunks(events)]


def _batches(entries: Sequence[Committed], wanted: InterfaceFilter) -> Iterator[bytes]:
    """Yield the entries that are meant as messages, each with the revision it leads to; only a huge transaction is split."""
    events: list[bytes] = []
    size = 0
    for entry in entries:
        if isinstance(entry.after, Interface) and wanted.takes(entry.after) and wanted.since(entry):
            events.append(entry.event)
            size += len(events[-1])
        if size > MESSAGE_BYTES and (entry.revision == entry.transaction or size > 2 * MESSAGE_BYTES):
            yield packing.concatenated(packing.joined(_EVENTS, events), _mark(entry.revision))
            events, size = [], 0
    if events:
        yield packing.concatenated(packing.joined(_EVENTS, events), _mark(entries[-1].revision))


def _chunks(events: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    start = size = 0
    for index, event in enumerate(events):
        size += len(event)
        if size > MESSAGE_BYTES:
            yield events[start : index + 1]
            start, size = index + 1, 0
    if start < len(events):
        yield events[start:]


def _mark(revision: int, *, synced: bool = False) -> bytes:
    return interface_pb2.WatchInterfaceResponse(revision=revision, synced=synced).SerializeToString()
