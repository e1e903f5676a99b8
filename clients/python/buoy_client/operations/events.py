"""Calls of events: what happened to an object, in words, newest first. Programs watch instead."""

from typing import Any

from buoy.v1 import event_pb2

from buoy_client.models import Event
from buoy_client.operations.base import BaseOperations
from buoy_client.operations.kinds import INSTANCE, INTERFACE, NETWORK, NODE, POOL, Kind
from buoy_client.states import EventKind

LIMIT = 100
LONGEST_PAGE = 1000
TYPES: dict[EventKind | None, event_pb2.EventType] = {
    None: event_pb2.EVENT_TYPE_UNSPECIFIED,
    EventKind.AUDIT: event_pb2.EVENT_TYPE_AUDIT,
    EventKind.MUTATE: event_pb2.EVENT_TYPE_MUTATE,
    EventKind.STATUS: event_pb2.EVENT_TYPE_STATUS,
    EventKind.RESOURCES: event_pb2.EVENT_TYPE_RESOURCES,
}


class EventOperations(BaseOperations):
    """Calls of events; `event_type` narrows to one kind, `limit` None gives all that the server keeps."""

    async def get_interface_events(
        self, interface_uuid: str, event_type: EventKind | str | None = None, limit: int | None = LIMIT
    ) -> list[Event]:
        """List what happened to an interface, newest first."""
        return await self._events(INTERFACE, event_type, limit, interface_uuid=interface_uuid)

    async def get_instance_events(
        self,
        instance: str,
        event_type: EventKind | str | None = None,
        limit: int | None = LIMIT,
        namespace: str | None = None,
    ) -> list[Event]:
        """List what happened to an instance, newest first."""
        return await self._events(INSTANCE, event_type, limit, instance_ref=instance, namespace=self._in(namespace))

    async def get_network_events(
        self,
        network: str,
        event_type: EventKind | str | None = None,
        limit: int | None = LIMIT,
        namespace: str | None = None,
    ) -> list[Event]:
        """List what happened to a network, newest first."""
        return await self._events(NETWORK, event_type, limit, network_ref=network, namespace=self._in(namespace))

    async def get_pool_events(
        self, pool: str, event_type: EventKind | str | None = None, limit: int | None = LIMIT
    ) -> list[Event]:
        """List what happened to a pool, newest first: changes, that it ran low, addresses that did not rest; for `system`."""
        return await self._events(POOL, event_type, limit, pool_ref=pool)

    async def get_node_events(
        self, node: str, event_type: EventKind | str | None = None, limit: int | None = LIMIT
    ) -> list[Event]:
        """List what happened to a node, newest first: also what others changed in its kernel and its agent put right."""
        return await self._events(NODE, event_type, limit, node=node)

    async def _events(self, kind: Kind[Any], type_: EventKind | str | None, limit: int | None, **which: str) -> list[Event]:
        wanted = TYPES[EventKind(type_) if type_ else None]
        events: list[Event] = []
        token = ""
        while limit is None or len(events) < limit:
            size = LONGEST_PAGE if limit is None else min(limit - len(events), LONGEST_PAGE)
            asked = kind.events(type=wanted, page_size=size, page_token=token, **which)
            more, token = await self._transport.unary(asked)
            events.extend(more)
            if not token:
                break
        return events
