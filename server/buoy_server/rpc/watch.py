"""WatchInterface: a snapshot, or a position in the feed, then every change of what was chosen.

A stream takes what is new at its position, sends what it wants of it as one message, and moves on; a mark says how far it has
come when there was nothing to send. Marks and events leave through the same loop, so that a mark never runs ahead.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

from buoy.v1 import interface_pb2

from buoy_server.codec import packing
from buoy_server.codec.scalars import duration_seconds
from buoy_server.core.errors import ClusterChanged, Compacted, Malformed
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Interface
from buoy_server.core.state import Kind
from buoy_server.feed.view import View
from buoy_server.rpc.audience import Audiences, joined_events, mark
from buoy_server.rpc.backend import Backend
from buoy_server.rpc.rights import refuse_resumption, turned
from buoy_server.rpc.selection import InterfaceFilter, filter_of

MAX_PROGRESS = 15.0  # seconds
MIN_PROGRESS = 0.1
SNAPSHOT_CHUNK = 250  # objects that are read in one turn of the event loop

_INTERFACE = interface_pb2.InterfaceEvent.DESCRIPTOR.fields_by_name["interface"].number
_SNAPSHOT = interface_pb2.InterfaceEvent(type=interface_pb2.INTERFACE_EVENT_TYPE_SNAPSHOT).SerializeToString()


async def watch(
    backend: Backend, audiences: Audiences, request: interface_pb2.WatchInterfaceRequest, caller: Caller
) -> AsyncIterator[bytes]:
    """Yield serialized WatchInterfaceResponses, for as long as the caller stays."""
    interval = _progress_interval(request)
    audience = audiences.of(filter_of(backend.view, caller, request))
    position = await _position(backend, request, caller)
    opening = interface_pb2.WatchInterfaceResponse(cluster_id=backend.cluster_id).SerializeToString()
    with backend.feed.subscribe(audience.wanted.topics(), position) as subscription:
        if not request.start_revision:
            async for chunk in _snapshot(backend.view, audience.wanted):
                yield opening + chunk
                opening = b""
        yield opening + mark(position, synced=not request.start_revision)
        sent = time.monotonic()
        while True:
            entries = await backend.feed.follow(subscription, sent + interval - time.monotonic())
            if any(entry.kind is Kind.NAMESPACE for entry in entries):
                turn = turned(backend, audience.wanted, entries)
                for message in (*audience.messages(turn.before), *turn.lost):
                    yield message
                audience, entries = audiences.of(turn.wanted), turn.after
            for message in audience.messages(entries):
                yield message
                sent = time.monotonic()
            if time.monotonic() >= sent + interval:
                yield mark(subscription.position)
                sent = time.monotonic()


async def _position(backend: Backend, request: interface_pb2.WatchInterfaceRequest, caller: Caller) -> int:
    """Return the revision after which the stream goes on."""
    if request.start_revision < 0:
        raise Malformed("a revision is not negative", field="start_revision")
    if not request.start_revision:
        return backend.view.revision
    if request.cluster_id not in ("", backend.cluster_id):
        raise ClusterChanged("the revision is of another database than this one: start with a snapshot", field="start_revision")
    if request.start_revision < backend.feed.floor:
        raise Compacted(backend.feed.floor)
    await backend.feed.reach(request.start_revision - 1, "start_revision")
    refuse_resumption(backend.view, caller, request.start_revision)
    return request.start_revision - 1


def _progress_interval(request: interface_pb2.WatchInterfaceRequest) -> float:
    if not request.HasField("progress_interval"):
        return MAX_PROGRESS
    seconds = duration_seconds(request.progress_interval)
    if not MIN_PROGRESS <= seconds <= MAX_PROGRESS:
        raise Malformed(f"progress marks come every {MIN_PROGRESS:g} s to {MAX_PROGRESS:g} s", field="progress_interval")
    return seconds


async def _snapshot(view: View, wanted: InterfaceFilter) -> AsyncIterator[bytes]:
    """Yield all interfaces that are meant as of now: the live ones, and the one that is named also when it is deleted.

    What is there is noted at once, and read bit by bit: the server does other things between.
    """
    bodies = [body for key in wanted.candidates(view) if (body := view.body(Kind.INTERFACE, key))]
    for start in range(0, len(bodies), SNAPSHOT_CHUNK):
        chosen = [body for body in bodies[start : start + SNAPSHOT_CHUNK] if _is_meant(body, wanted)]
        for message in _messages(chosen):
            yield message
        await asyncio.sleep(0)


def _is_meant(body: bytes, wanted: InterfaceFilter) -> bool:
    interface = packing.unpack(Kind.INTERFACE, body)
    return isinstance(interface, Interface) and wanted.takes(interface) and (interface.live or bool(wanted.interface_uuid))


def _messages(bodies: Sequence[bytes]) -> list[bytes]:
    events = [packing.concatenated(_SNAPSHOT, packing.field(_INTERFACE, body)) for body in bodies]
    return list(joined_events(events))
