"""The state of a watch, without IO: what to ask for next, what to deliver, when to try again.

A stream may break anywhere. What was delivered stays delivered: the next stream starts one revision after the last one seen.
Where that is not possible (the stream broke within a snapshot, history was compacted, the database was restored) a fresh
snapshot is taken, held back until it is complete, and compared with what was delivered, so that the consumer sees only
real differences: CREATED or UPDATED where an object is new or newer, DELETED where one has vanished.

A stream also ends when the token's key is gone, or when a namespace trusts the caller no more. Each is tried once again: with
another token from where the stream was, or with a fresh snapshot of what the caller still sees. What ends it then is final.
"""

from dataclasses import dataclass, replace

from buoy.v1.interface_pb2 import WatchInterfaceRequest, WatchInterfaceResponse

from buoy_client.convert import interface_event_from_proto
from buoy_client.errors import (
    Aborted,
    BuoyError,
    Cancelled,
    DeadlineExceeded,
    InternalError,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
)
from buoy_client.models import Cause, Interface, InterfaceEvent
from buoy_client.states import EventType, InterfaceState
from buoy_client.values import duration_to_proto

FIRST_DELAY, LONGEST_DELAY = 0.2, 5.0
QUIET_INTERVALS = 3
NEEDS_SNAPSHOT = frozenset({"COMPACTED", "REVISION_IN_FUTURE", "CLUSTER_CHANGED"})
WORTH_RETRYING = (Unavailable, Cancelled, DeadlineExceeded, Aborted, InternalError, ResourceExhausted)
REFUSALS = (Unauthenticated, PermissionDenied)
VANISHED = Cause(method="WatchInterface", actor="client")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which interfaces to watch; all that is set must hold."""

    interface_uuid: str = ""
    instance: str = ""
    network: str = ""
    node: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one message brought: all events of a transaction, or none (a progress mark)."""

    events: tuple[InterfaceEvent, ...]
    synced: bool
    revision: int


def reconnect_delay(attempt: int, fraction: float) -> float:
    """Give the seconds before attempt 0, 1, ...: 0.2 s doubling to 5 s, of which a random half is taken off."""
    full: float = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(attempt, 10))
    return full * (0.5 + fraction / 2)


class WatchState:
    """The state of one watch across all its streams."""

    def __init__(self, selection: Selection, start_revision: int = 0, progress_interval: float = 5.0) -> None:
        """Start with a snapshot (0), or with the changes from a revision on."""
        self.synced = start_revision > 0
        self.revision = max(start_revision - 1, 0)
        self.attempt = 0
        self._refused = False
        self._selection = selection
        self._interval = progress_interval
        self._snapshot_first = start_revision == 0
        self._known: dict[str, Interface] = {}
        self._held: dict[str, InterfaceEvent] | None = None

    @property
    def quiet_limit(self) -> float:
        """Give the seconds of silence after which a stream counts as dead."""
        return self._interval * QUIET_INTERVALS

    def next_request(self) -> WatchInterfaceRequest:
        """Begin another stream: give what to ask for."""
        self._held = {} if self._snapshot_first and self._known else None
        return WatchInterfaceRequest(
            interface_uuid=self._selection.interface_uuid,
            instance_ref=self._selection.instance,
            network_ref=self._selection.network,
            node=self._selection.node,
            namespace=self._selection.namespace,
            start_revision=0 if self._snapshot_first else self.revision + 1,
            progress_interval=duration_to_proto(self._interval),
        )

    def receive(self, response: WatchInterfaceResponse) -> Batch:
        """Take one message of the current stream and give what of it is to be delivered."""
        self.attempt, self._refused = 0, False
        events = [interface_event_from_proto(event) for event in response.events]
        fresh = self._snapshot_events(events, response) if self._snapshot_first else self._live_events(events)
        if not self._snapshot_first:
            self.revision = max([self.revision, response.revision, *(event.revision for event in fresh)])
        for event in fresh:
            self._remember(event)
        return Batch(tuple(fresh), self.synced, self.revision)

    def ended(self, error: BuoyError | None, fraction: float) -> float:
        """Take the end of a stream (None: the server closed it) and give the delay before the next; raises what is final."""
        attempt, self.attempt = self.attempt, self.attempt + 1
        if error is not None and error.reason in NEEDS_SNAPSHOT:
            self._snapshot_first = True
            return 0.0 if attempt == 0 else reconnect_delay(attempt, fraction)
        if isinstance(error, REFUSALS) and not self._refused:
            self._refused = True
            self._snapshot_first |= isinstance(error, PermissionDenied)
            return 0.0
        if error is not None and not isinstance(error, WORTH_RETRYING) and type(error) is not BuoyError:
            raise error
        return reconnect_delay(attempt, fraction)

    def _live_events(self, events: list[InterfaceEvent]) -> list[InterfaceEvent]:
        return [event for event in events if event.revision > self.revision]

    def _snapshot_events(self, events: list[InterfaceEvent], response: WatchInterfaceResponse) -> list[InterfaceEvent]:
        if self._held is None:
            fresh = events
        else:
            self._held.update({event.interface.uuid: event for event in events})
            fresh = self._differences(self._held, response.revision) if response.synced else []
        if response.synced:
            self._snapshot_first, self._held, self.synced, self.revision = False, None, True, response.revision
        return fresh

    def _differences(self, held: dict[str, InterfaceEvent], revision: int) -> list[InterfaceEvent]:
        changed = [self._difference(event) for uuid, event in held.items() if self._is_news(uuid, event.interface)]
        vanished = [
            InterfaceEvent(EventType.DELETED, interface, VANISHED, revision, None)
            for uuid, interface in self._known.items()
            if uuid not in held
        ]
        return sorted(changed, key=lambda event: event.revision) + vanished

    def _is_news(self, uuid: str, interface: Interface) -> bool:
        return uuid not in self._known or self._known[uuid].revision != interface.revision

    def _difference(self, event: InterfaceEvent) -> InterfaceEvent:
        if event.interface.uuid in self._known:
            return replace(event, type=EventType.UPDATED)
        return replace(event, type=EventType.CREATED if self.synced else EventType.SNAPSHOT)

    def _remember(self, event: InterfaceEvent) -> None:
        if event.type is EventType.DELETED or event.interface.state is InterfaceState.DELETED:
            self._known.pop(event.interface.uuid, None)
        else:
            self._known[event.interface.uuid] = event.interface
