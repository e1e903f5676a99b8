"""Lists of events, the same for every kind of object."""

import asyncio
from typing import Any

from buoy.v1 import event_pb2

from buoy_server.codec.scalars import EnumTable, timestamp
from buoy_server.core.errors import Malformed
from buoy_server.core.events import EventType
from buoy_server.rpc import page_token, paging
from buoy_server.rpc.backend import Backend
from buoy_server.storage.store import StoredEvent

DEFAULT_PAGE = 100

_DIGITS = 18

EVENT_TYPES = EnumTable(event_pb2.EventType, "EVENT_TYPE", EventType)


async def list_events(backend: Backend, key: str, request: Any, response: Any) -> Any:
    """Write a page of an object's events into a response, newest first, and return it."""
    page = paging.page_of(backend, request, DEFAULT_PAGE)
    found = await asyncio.to_thread(backend.store.events, key, _type(request.type), revision_after(page), page.size + 1)
    total = 0
    for event in found:
        message = _to_proto(event)
        total += message.ByteSize()
        if page.is_full(len(response.events), total):
            response.next_page_token = page.token(str(response.events[-1].revision))
            break
        response.events.append(message)
    return response


def revision_after(page: paging.Page) -> int:
    """Return the revision that a page which is newest first goes on before, 0 for the first page."""
    text = page.after or "0"
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise page_token.malformed()
    return int(text)


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
        request_id=stored.cause.request_id,
        changes=[
            event_pb2.Change(property=change.property, before=change.before, after=change.after)
            for change in stored.event.changes
        ],
    )
