"""What a run recorded: what was asked and answered, what each watcher was sent, and what the ledger says happened.

The validators judge nothing else than these values, so that a history that was written down can be judged again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from buoy.v1 import interface_pb2 as i
from buoy_server.core.model import Interface
from buoy_server.feed.entry import Committed

SNAPSHOT, CREATED, UPDATED, DELETED = (
    i.INTERFACE_EVENT_TYPE_SNAPSHOT,
    i.INTERFACE_EVENT_TYPE_CREATED,
    i.INTERFACE_EVENT_TYPE_UPDATED,
    i.INTERFACE_EVENT_TYPE_DELETED,
)


class Outcome(StrEnum):
    """What a caller knows of a call that it made."""

    OK = "ok"
    FAIL = "fail"  # refused: nothing was changed
    UNKNOWN = "unknown"  # the server died before it answered


@dataclass(frozen=True, slots=True)
class Operation:
    """A call: `revision` is that of the object in the answer, `request_id` names the attempt; times are monotonic."""

    request_id: str
    method: str
    uuid: str
    start: float
    end: float
    outcome: Outcome
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of the ledger that is about an interface; `transaction` is the last revision of those written together."""

    revision: int
    transaction: int
    uuid: str
    type: int
    body: bytes
    request_id: str = ""
    instance: str = ""
    network: str = ""
    node: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as it reached a watcher; `body` is the interface."""

    revision: int
    uuid: str
    type: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a stream; `revision` is how far it says that it has come."""

    revision: int
    events: tuple[Seen, ...] = ()
    synced: bool = False


@dataclass(slots=True)
class Stream:
    """One call of WatchInterface and what it sent; `ended` is the status that it ended with, empty while it goes on."""

    start: int
    messages: list[Message] = field(default_factory=list)
    ended: str = ""

    @property
    def position(self) -> int:
        """How far it has come, 0 before it said so."""
        return max((message.revision for message in self.messages), default=0) or max(self.start - 1, 0)

    @property
    def origin(self) -> int:
        """The revision after which it streams changes: of the snapshot, or before the one that it started at."""
        return self.start - 1 if self.start else next((one.revision for one in self.messages if one.synced), 0)

    @property
    def events(self) -> list[Seen]:
        """Its changes, without the snapshot."""
        return [event for message in self.messages for event in message.events if event.type != SNAPSHOT]

    @property
    def snapshot(self) -> list[Seen]:
        """What it said was there when it started."""
        return [event for message in self.messages for event in message.events if event.type == SNAPSHOT]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The filter of a watch: all that is set must hold."""

    uuid: str = ""
    instance: str = ""
    network: str = ""
    node: str = ""
    namespace: str = ""

    def takes(self, change: Change) -> bool:
        """Whether a change is meant."""
        return all(wanted in ("", getattr(change, name)) for name, wanted in self.items())

    def items(self) -> list[tuple[str, str]]:
        """What may be set, and to what it is."""
        return [(name, getattr(self, name)) for name in ("uuid", "instance", "network", "node", "namespace")]


@dataclass(slots=True)
class Watch:
    """A watcher: its streams, each of which went on where the one before had broken off, or began anew with a snapshot."""

    name: str
    chosen: Chosen = field(default_factory=Chosen)
    streams: list[Stream] = field(default_factory=list)

    @property
    def position(self) -> int:
        """How far it has come."""
        return self.streams[-1].position if self.streams else 0


@dataclass(frozen=True, slots=True)
class History:
    """A whole run."""

    changes: Sequence[Change]
    watches: Sequence[Watch]
    operations: Sequence[Operation] = ()


def message(sent: bytes) -> Message:
    """Read what a stream sent."""
    response = i.WatchInterfaceResponse.FromString(sent)
    events = tuple(
        Seen(event.revision, event.interface.uuid, event.type, event.interface.SerializeToString(deterministic=True))
        for event in response.events
    )
    return Message(response.revision, events, response.synced)


def changes(entries: Iterable[Committed]) -> list[Change]:
    """Read entries of the ledger."""
    return [_change(entry, entry.after) for entry in entries if isinstance(entry.after, Interface) and entry.body is not None]


def _change(entry: Committed, interface: Interface) -> Change:
    event = i.InterfaceEvent.FromString(entry.event)
    return Change(
        revision=entry.revision,
        transaction=entry.transaction,
        uuid=interface.uuid,
        type=event.type,
        body=event.interface.SerializeToString(deterministic=True),
        request_id=entry.cause.request_id,
        instance=interface.instance_uuid,
        network=interface.network_uuid,
        node=interface.node,
        namespace=interface.namespace,
    )
