"""The state of a watch, without IO: what to ask for next, what to deliver, when to try again.

A stream may break anywhere. What was delivered stays delivered: the next stream starts one revision after the last one seen.
Where that is not possible (the stream broke within a snapshot, history was compacted, the database was restored, others trust
the caller than before) a fresh snapshot is taken, held back until it is complete, and compared with what was delivered, so that
the consumer sees only real differences: CREATED or UPDATED where an object is new or another, DELETED where one has vanished.
The objects themselves are compared: in a restored database a revision may mean something else, and they may go back.

For that, and to tell what has vanished with all that was known of it, a watch keeps what it has delivered, as the server's own
bytes: 100,000 interfaces are 44 MB, a third of what the SDK's objects take. A digest would not tell what has vanished.

A stream also ends when the token's key is gone, and is tried once again from where it was, with another token. What ends it
then is final.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from buoy.v1 import event_pb2
from buoy.v1 import interface_pb2 as pb

from buoy_client.convert import interface_event_from_proto
from buoy_client.errors import (
    Aborted,
    BuoyError,
    Cancelled,
    DeadlineExceeded,
    InternalError,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
)
from buoy_client.models import InterfaceEvent
from buoy_client.values import duration_to_proto

FIRST_DELAY, LONGEST_DELAY = 0.2, 5.0
QUIET_INTERVALS = 3
NEEDS_SNAPSHOT = frozenset({"COMPACTED", "REVISION_IN_FUTURE", "CLUSTER_CHANGED", "RIGHTS_CHANGED"})
WORTH_RETRYING = (Unavailable, Cancelled, DeadlineExceeded, Aborted, InternalError, ResourceExhausted)
SNAPSHOT, CREATED = pb.INTERFACE_EVENT_TYPE_SNAPSHOT, pb.INTERFACE_EVENT_TYPE_CREATED
UPDATED, DELETED = pb.INTERFACE_EVENT_TYPE_UPDATED, pb.INTERFACE_EVENT_TYPE_DELETED
VANISHED = event_pb2.Cause(method="WatchInterface", actor="client")


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
    """What one message brought: all events of a transaction, or none (a progress mark, or that the stream is open)."""

    events: tuple[InterfaceEvent, ...]
    synced: bool
    revision: int
    opens: bool


def reconnect_delay(attempt: int, fraction: float) -> float:
    """Give the seconds before retry 0, 1, ...: 0.2 s doubling to 5 s, of which a random half is taken off."""
    full: float = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(attempt, 10))
    return full * (0.5 + fraction / 2)


class WatchState:
    """The state of one watch across all its streams."""

    def __init__(
        self, selection: Selection, start_revision: int = 0, progress_interval: float = 5.0, cluster_id: str = ""
    ) -> None:
        """Start with a snapshot (0), or with the changes from a revision (of a cluster) on."""
        self.synced = start_revision > 0
        self.revision = max(start_revision - 1, 0)
        self.cluster_id = cluster_id
        self.attempt = 0
        self._refused = False
        self._opening = True
        self._selection = selection
        self._interval = progress_interval
        self._snapshot_first = start_revision == 0
        self._known: dict[str, bytes] = {}
        self._held: dict[str, pb.InterfaceEvent] | None = None

    @property
    def quiet_limit(self) -> float:
        """Give the seconds of silence after which a stream counts as dead."""
        return self._interval * QUIET_INTERVALS

    @property
    def starts_over(self) -> bool:
        """Whether the next stream is a fresh snapshot in place of history that the server does not have."""
        return self._snapshot_first and self.synced

    def next_request(self) -> pb.WatchInterfaceRequest:
        """Begin another stream: give what to ask for."""
        self._opening = True
        self._held = {} if self._snapshot_first and self._known else None
        return pb.WatchInterfaceRequest(
            interface_uuid=self._selection.interface_uuid,
            instance_ref=self._selection.instance,
            network_ref=self._selection.network,
            node=self._selection.node,
            namespace=self._selection.namespace,
            start_revision=0 if self._snapshot_first else self.revision + 1,
            cluster_id="" if self._snapshot_first else self.cluster_id,
            progress_interval=duration_to_proto(self._interval),
        )

    def receive(self, response: pb.WatchInterfaceResponse) -> Batch:
        """Take one message of the current stream and give what of it is to be delivered."""
        self.cluster_id = response.cluster_id or self.cluster_id
        opens, self._opening = self._opening and not response.events and not response.synced, False
        self.attempt = self.attempt if opens else 0  # a stream that opens and ends again was an attempt
        self._refused = False
        if self._snapshot_first:
            fresh = self._snapshot_events(response)
        else:
            fresh = [event for event in response.events if event.revision > self.revision]
            self.revision = max([self.revision, response.revision, *(event.revision for event in fresh)])
        self._remember(fresh)
        return Batch(tuple(interface_event_from_proto(event) for event in fresh), self.synced, self.revision, opens)

    def ended(self, error: BuoyError | None, fraction: float) -> float:
        """Take the end of a stream (None: the server closed it) and give the delay before the next; raises what is final.

        What a server ends in good order, because it stops or the stream is old, is resumed at once, the first time.
        """
        attempt, self.attempt = self.attempt, self.attempt + 1
        if error is not None and error.reason in NEEDS_SNAPSHOT:
            self._snapshot_first = True
            return reconnect_delay(attempt - 1, fraction) if attempt else 0.0
        if isinstance(error, Unauthenticated) and not self._refused:
            self._refused = True
            return 0.0
        if error is None or isinstance(error, Unavailable):
            return reconnect_delay(attempt - 1, fraction) if attempt else 0.0
        if not isinstance(error, WORTH_RETRYING) and type(error) is not BuoyError:
            raise error
        return reconnect_delay(attempt, fraction)

    def _snapshot_events(self, response: pb.WatchInterfaceResponse) -> list[pb.InterfaceEvent]:
        if self._held is None:
            fresh = list(response.events)
        else:
            self._held.update({event.interface.uuid: event for event in response.events})
            fresh = self._differences(self._held, response.revision) if response.synced else []
        if response.synced:
            self._snapshot_first, self._held, self.synced, self.revision = False, None, True, response.revision
        return fresh

    def _differences(self, held: dict[str, pb.InterfaceEvent], revision: int) -> list[pb.InterfaceEvent]:
        changed = [event for uuid, event in held.items() if self._known.get(uuid) != packed(event.interface)]
        for event in changed:
            event.type = UPDATED if event.interface.uuid in self._known else CREATED if self.synced else SNAPSHOT
        vanished = [
            pb.InterfaceEvent(type=DELETED, interface=pb.Interface.FromString(body), cause=VANISHED, revision=revision)
            for uuid, body in self._known.items()
            if uuid not in held
        ]
        return sorted(changed, key=lambda event: event.revision) + vanished

    def _remember(self, events: Iterable[pb.InterfaceEvent]) -> None:
        for event in events:
            if event.type == DELETED or event.interface.state == pb.INTERFACE_STATE_DELETED:
                self._known.pop(event.interface.uuid, None)
            else:
                self._known[event.interface.uuid] = packed(event.interface)


def packed(interface: pb.Interface) -> bytes:
    """Give an interface as bytes that are the same for the same interface."""
    return interface.SerializeToString(deterministic=True)
