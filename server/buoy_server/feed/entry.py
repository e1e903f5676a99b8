"""A committed entry of the ledger, as it is kept in memory and sent to watchers."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from buoy.v1 import event_pb2, interface_pb2

from buoy_server.codec import packing
from buoy_server.codec.scalars import timestamp
from buoy_server.core.events import Event
from buoy_server.core.history import Step
from buoy_server.core.model import AnyRecord, Interface
from buoy_server.core.state import Cause, Kind

_INTERFACE_FIELD = interface_pb2.InterfaceEvent.DESCRIPTOR.fields_by_name["interface"].number


@dataclass(frozen=True)
class Committed:
    """One entry: the object after the change, also as bytes; both are None when it was forgotten.

    `before_revision` is that of the object's entry before, 0 for a new object. `transaction` is the last revision of the
    entries that were written by the same command: they are shown together or not at all.
    """

    revision: int
    transaction: int
    kind: Kind
    key: str
    before_revision: int
    after: AnyRecord | None
    body: bytes | None
    cause: Cause
    time: datetime
    said: Event | None = None  # what it says to the object's owner; not read back from the ledger
    held: tuple[Step, ...] = ()  # what it says of who has addresses; as above

    @cached_property
    def event(self) -> bytes:
        """The serialized InterfaceEvent; made once, for all watchers. Only for an interface that was not forgotten."""
        return self.event_as(self._event_type())

    def event_as(self, kind: interface_pb2.InterfaceEventType) -> bytes:
        """The serialized InterfaceEvent of another type: what is an update for some is a coming or going for others."""
        if self.body is None:
            raise TypeError(f"revision {self.revision} has no object")
        return self.event_about(self.body, kind)

    def event_about(self, body: bytes, kind: interface_pb2.InterfaceEventType) -> bytes:
        """The serialized InterfaceEvent of what this change means for a serialized interface."""
        head = interface_pb2.InterfaceEvent(
            type=kind,
            cause=event_pb2.Cause(method=self.cause.method, actor=self.cause.actor, request_id=self.cause.request_id),
            revision=self.revision,
            time=timestamp(self.time),
        )
        return packing.concatenated(head, packing.field(_INTERFACE_FIELD, body))

    def _event_type(self) -> interface_pb2.InterfaceEventType:
        if not isinstance(self.after, Interface):
            raise TypeError(f"revision {self.revision} is no change of an interface")
        if not self.after.live:
            return interface_pb2.INTERFACE_EVENT_TYPE_DELETED
        if not self.before_revision:
            return interface_pb2.INTERFACE_EVENT_TYPE_CREATED
        return interface_pb2.INTERFACE_EVENT_TYPE_UPDATED
