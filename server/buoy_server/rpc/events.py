"""Lists of events, the same for every kind of object."""

import asyncio
from typing import Any

from buoy.v1 import event_pb2

from buoy_server.codec.scalars import EnumTable, timestamp
from buoy_server.core.errors import Malformed
from buoy_server.core.events import EventType
from buoy_server.rpc import paging
from buoy_server.rpc.backend import Backend
from buoy_server.storage.store import StoredEvent

DEFAULT_PAGE = 100

EVENT_TYPES = EnumTable(event_pb2.EventType, "EVENT_TYPE", EventType)


async def list_events(backend: Backend, key: str, request: Any, response: Any) -> Any:
    """Write a page of an object's events into a response, newest first, and return it."""
    size = paging.page_size(request.page_size) if request.page_size else DEFAULT_PAGE
    before = paging.read_number(request.page_token)
    found = await asyncio.to_thread(backend.store.events, key, _type(request.type), before, size + 1)
    response.events.extend(_to_proto(event) for event in found[:size])
    if len(found) > size:
        response.next_page_token = paging.token(str(found[size - 1].revision))
    return response


def _type(number: int) -> EventType | None:
    if number == event_pb2.EVENT_TYPE_UNSPECIFIED:
        return None
    try:
        kind: EventType = EVENT_TYPES.from_proto(number)
    except KeyError as error:
        raise Malformed(f"there is no event type {number}", field="type") from error
    return kind


def _to_proto(stored: StoredEvent) -> event_pb2.Event:
    return event_pb2.Event(
        revision=stored.revision,
        time=timestamp(stored.time),
        type=EVENT_TYPES.to_proto(stored.event.type),
        method=stored.cause.method,
        actor=stored.cause.actor,
        message=stored.event.message,
    )
