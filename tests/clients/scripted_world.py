"""What the scripted server knows: a ledger of interfaces in memory, and faults on demand."""

import threading
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from typing import Any

import grpc
from buoy.v1 import event_pb2
from buoy.v1 import interface_pb2 as pb
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from tests.support.waiting import PATIENCE


def rich_error(code: int, reason: str, words: str, field: str = "", wrong: str = "") -> status_pb2.Status:
    """A status as the server sends it: ErrorInfo, and BadRequest where a field is named."""
    info = AnyMessage()
    info.Pack(error_details_pb2.ErrorInfo(reason=reason, domain="buoy", metadata={"compact_revision": "7"}))
    details = [info]
    if field:
        violation = error_details_pb2.BadRequest.FieldViolation(field=field, description=wrong or words)
        packed = AnyMessage()
        packed.Pack(error_details_pb2.BadRequest(field_violations=[violation]))
        details.append(packed)
    return status_pb2.Status(code=code, message=words, details=details)


NOT_FOUND = rich_error(code_pb2.NOT_FOUND, "INTERFACE_NOT_FOUND", "interface not found")
COMPACTED = rich_error(code_pb2.OUT_OF_RANGE, "COMPACTED", "history before revision 7 is gone")
CLUSTER_CHANGED = rich_error(code_pb2.FAILED_PRECONDITION, "CLUSTER_CHANGED", "the revision is of another database")
UNAVAILABLE = rich_error(code_pb2.UNAVAILABLE, "SHUTTING_DOWN", "the server stops")


def to_status(status: status_pb2.Status) -> grpc.Status:
    """The status as a call is ended with it."""
    made: grpc.Status = rpc_status.to_status(status)  # type: ignore[no-untyped-call]
    return made


def plain(code: int) -> status_pb2.Status:
    """A status without details."""
    return status_pb2.Status(code=code, message="plain words")


class World:
    """Interfaces and their history; every method may be called from any thread."""

    def __init__(self) -> None:
        """Start empty, at revision 0."""
        self.changed = threading.Condition(threading.RLock())
        self.interfaces: dict[str, pb.Interface] = {}
        self.events: list[pb.InterfaceEvent] = []
        self.oldest = 1
        self.epoch = 0
        self.cluster_id = "first"
        self.silent = False
        self.calls: Counter[str] = Counter()
        self.asked: dict[str, list[Any]] = defaultdict(list)
        self.requests: list[pb.WatchInterfaceRequest] = []
        self.before: dict[str, Callable[[], None]] = {}
        self.faults: dict[str, deque[status_pb2.Status]] = defaultdict(deque)
        self.on_float: Callable[[pb.Interface], None] = self.activate

    @property
    def revision(self) -> int:
        """The newest revision."""
        return self.events[-1].revision if self.events else 0

    def enter(self, method: str, context: grpc.ServicerContext) -> None:
        """Count a call, and fail it where a fault was asked for, or do first what was asked for."""
        with self.changed:
            self.calls[method] += 1
            self.changed.notify_all()
            fault = self.faults[method].popleft() if self.faults[method] else None
        if fault is not None:
            context.abort_with_status(to_status(fault))
        if method in self.before:
            self.before[method]()

    def find(self, interface_uuid: str, context: grpc.ServicerContext) -> pb.Interface:
        """Give an interface, or end the call with NOT_FOUND."""
        if interface_uuid not in self.interfaces:
            context.abort_with_status(to_status(NOT_FOUND))
        return self.interfaces[interface_uuid]

    def plug(self, instance_uuid: str = "", floating: bool = False) -> pb.Interface:
        """Add an interface that is CREATED."""
        number = len(self.interfaces) + 10
        interface = pb.Interface(
            uuid=str(uuid.uuid4()),
            namespace="system",
            instance_uuid=instance_uuid or str(uuid.uuid4()),
            network_uuid=str(uuid.uuid4()),
            node="n1",
            macaddr=f"02:00:00:00:00:{number:02x}",
            ipv4=f"10.0.0.{number}",
            model="virtio",
            version=3,
            state=pb.INTERFACE_STATE_CREATED,
        )
        if floating:
            interface.floating.address = f"192.168.20.{number}"
            interface.floating.phase = pb.FLOATING_PHASE_ACTIVE
        return self.commit(interface, pb.INTERFACE_EVENT_TYPE_CREATED, "CreateInterface")

    def commit(self, interface: pb.Interface, kind: pb.InterfaceEventType, method: str) -> pb.Interface:
        """Append one entry, and wake the watchers."""
        with self.changed:
            stored = pb.Interface()
            stored.CopyFrom(interface)
            stored.revision = self.revision + 1
            stored.update_time.GetCurrentTime()
            event = pb.InterfaceEvent(
                type=kind, interface=stored, revision=stored.revision, cause=event_pb2.Cause(method=method, actor="system")
            )
            event.time.GetCurrentTime()
            self.events.append(event)
            self.interfaces[stored.uuid] = stored
            self.changed.notify_all()
            return stored

    def update(self, interface: pb.Interface, method: str = "ReportNode") -> pb.Interface:
        """Append a change."""
        return self.commit(interface, pb.INTERFACE_EVENT_TYPE_UPDATED, method)

    def activate(self, interface: pb.Interface) -> None:
        """Answer a float as the node would."""
        active = pb.Interface()
        active.CopyFrom(interface)
        active.floating.phase = pb.FLOATING_PHASE_ACTIVE
        active.floating.active_time.FromMicroseconds(active.floating.requested_time.ToMicroseconds() + 4000)
        self.update(active)

    def fail(self, interface: pb.Interface) -> None:
        """Answer a float as a node that cannot."""
        failed = pb.Interface()
        failed.CopyFrom(interface)
        failed.floating.phase = pb.FLOATING_PHASE_FAILED
        failed.floating.reason = "eth0 is down"
        self.update(failed)

    def delete(self, interface_uuid: str) -> pb.Interface:
        """Delete an interface for good."""
        gone = pb.Interface()
        gone.CopyFrom(self.interfaces[interface_uuid])
        gone.state = pb.INTERFACE_STATE_DELETED
        gone.ClearField("floating")
        return self.commit(gone, pb.INTERFACE_EVENT_TYPE_DELETED, "DeleteInterface")

    def compact(self) -> None:
        """Forget all history."""
        with self.changed:
            self.oldest = self.revision + 1

    def restore(self, revision: int) -> None:
        """Become another cluster, as of an earlier revision, and end all streams."""
        with self.changed:
            del self.events[revision:]
            self.interfaces = {event.interface.uuid: event.interface for event in self.events}
            self.cluster_id, self.oldest = f"{self.cluster_id} restored", 1
            self.break_streams()

    def break_streams(self) -> None:
        """End all open streams as a server that stops does."""
        with self.changed:
            self.epoch += 1
            self.changed.notify_all()

    def wait_for_news(self, position: int, epoch: int, limit: float) -> bool:
        """Wait until there is an entry at a position, or the streams are to end."""
        with self.changed:
            return self.changed.wait_for(lambda: self.revision >= position or self.epoch != epoch, limit)

    def plug_at_call(self, method: str, count: int) -> None:
        """Add an interface once a method was called so often."""
        self.wait_for_calls(method, count)
        self.plug()

    def wait_for_calls(self, method: str, count: int, limit: float = PATIENCE) -> None:
        """Wait until a method was called so often."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.calls[method] >= count, limit), f"{method} was not called {count} times"
