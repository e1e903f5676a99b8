"""The state of a watch, against a small model of the server with disconnects and compaction anywhere."""

import pytest
from buoy.v1 import interface_pb2 as pb
from buoy_client import (
    EventType,
    FailedPrecondition,
    InternalError,
    InvalidArgument,
    NotFound,
    OutOfRange,
    Unauthenticated,
    Unavailable,
)
from buoy_client.models import InterfaceEvent
from buoy_client.watching import Selection, WatchState, reconnect_delay
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.support.soak import ROUNDS
from tests.unit.client.objects import message

COMPACTED = OutOfRange("history is gone", reason="COMPACTED")
CREATED, UPDATED, DELETED = (
    pb.INTERFACE_EVENT_TYPE_CREATED,
    pb.INTERFACE_EVENT_TYPE_UPDATED,
    pb.INTERFACE_EVENT_TYPE_DELETED,
)


class Server:
    """A ledger that can be compacted, and the one stream that a client has open."""

    def __init__(self) -> None:
        """Start empty."""
        self.ledger: list[pb.InterfaceEvent] = []
        self.live: dict[str, pb.Interface] = {}
        self.oldest = 1
        self.queue: list[pb.WatchInterfaceResponse] = []
        self.position: int | None = None

    def commit(self, uuid: str, kind: pb.InterfaceEventType) -> None:
        """Append an entry."""
        revision = len(self.ledger) + 1
        interface = message(uuid, revision, pb.INTERFACE_STATE_DELETED if kind == DELETED else pb.INTERFACE_STATE_CREATED)
        self.ledger.append(pb.InterfaceEvent(type=kind, interface=interface, revision=revision))
        if kind == DELETED:
            del self.live[uuid]
        else:
            self.live[uuid] = interface

    def open(self, request: pb.WatchInterfaceRequest) -> bool:
        """Open a stream; False when history is gone."""
        self.queue, start = [], request.start_revision
        if start and start < self.oldest:
            return False
        self.position = start or len(self.ledger) + 1
        if not start:
            snapshot = [
                pb.InterfaceEvent(type=pb.INTERFACE_EVENT_TYPE_SNAPSHOT, interface=item, revision=item.revision)
                for item in self.live.values()
            ]
            self.queue = [pb.WatchInterfaceResponse(events=[event]) for event in snapshot]
            self.queue.append(pb.WatchInterfaceResponse(synced=True, revision=len(self.ledger)))
        return True

    def next_message(self, count: int) -> pb.WatchInterfaceResponse:
        """Give the next message: what waits, else up to `count` entries, else a mark."""
        if self.queue:
            return self.queue.pop(0)
        assert self.position is not None
        events = self.ledger[self.position - 1 :][:count]
        self.position += len(events)
        return pb.WatchInterfaceResponse(events=events, revision=self.position - 1)


class WatchMachine(RuleBasedStateMachine):
    """Whatever happens, what was delivered adds up to what the server has."""

    def __init__(self) -> None:
        """Start with an empty server and no stream."""
        super().__init__()
        self.server = Server()
        self.state = WatchState(Selection())
        self.delivered: list[InterfaceEvent] = []
        self.folded: dict[str, int] = {}
        self.streaming = False
        self.compacted = False
        self.serial = 0

    @rule()
    def create(self) -> None:
        """A new interface."""
        self.serial += 1
        self.server.commit(f"i{self.serial}", CREATED)

    @precondition(lambda self: self.server.live)
    @rule(pick=st.integers(0, 1000), kind=st.sampled_from([UPDATED, DELETED]))
    def change(self, pick: int, kind: pb.InterfaceEventType) -> None:
        """One of them changes or goes."""
        self.server.commit(sorted(self.server.live)[pick % len(self.server.live)], kind)

    @rule()
    def compact(self) -> None:
        """History goes; open streams have already read past it or not."""
        self.server.oldest = len(self.server.ledger) + 1

    @precondition(lambda self: self.streaming)
    @rule()
    def disconnect(self) -> None:
        """The stream breaks, wherever it stands."""
        self.streaming = False
        self.state.ended(Unavailable("gone"), 0.5)

    @rule(count=st.integers(1, 4))
    def read(self, count: int) -> None:
        """Read one message, on a new stream if there is none."""
        while not self.streaming:
            self.streaming = self.server.open(self.state.next_request())
            if not self.streaming:
                self.compacted = True
                self.state.ended(COMPACTED, 0.5)
        for event in self.state.receive(self.server.next_message(count)).events:
            self.take(event)

    def take(self, event: InterfaceEvent) -> None:
        """Fold an event as a consumer would, and check that it is news."""
        uuid, revision = event.interface.uuid, event.interface.revision
        self.delivered.append(event)
        if event.type is EventType.DELETED:
            assert uuid in self.folded, "deleted what was never there"
            del self.folded[uuid]
        else:
            assert self.folded.get(uuid, 0) < revision, "the same change twice, or an old one after a new one"
            assert (uuid in self.folded) == (event.type is EventType.UPDATED)
            self.folded[uuid] = revision

    @invariant()
    def nothing_is_repeated(self) -> None:
        """Every change comes at most once, and in order where no snapshot came between."""
        keys = [(event.interface.uuid, event.interface.revision, event.type is EventType.DELETED) for event in self.delivered]
        assert len(keys) == len(set(keys))
        if not self.compacted and self.state.synced:
            live = [event.revision for event in self.delivered if event.type is not EventType.SNAPSHOT]
            assert live == sorted(live)

    def teardown(self) -> None:
        """At the end the consumer knows exactly what the server has."""
        for _ in range(len(self.server.live) + len(self.server.ledger) + 3):
            self.read(4)
        assert self.folded == {uuid: item.revision for uuid, item in self.server.live.items()}
        assert self.state.revision == len(self.server.ledger)


TestWatchMachine = WatchMachine.TestCase
TestWatchMachine.settings = settings(max_examples=200 * ROUNDS, stateful_step_count=40)


def test_requests_resume_one_after_the_last_revision_seen() -> None:
    state = WatchState(Selection(node="n1"), start_revision=5)
    assert state.next_request().start_revision == 5
    state.receive(pb.WatchInterfaceResponse(revision=9))
    request = state.next_request()
    assert (request.start_revision, request.node) == (10, "n1")


def test_a_snapshot_that_broke_starts_again_from_nothing() -> None:
    state = WatchState(Selection())
    state.receive(pb.WatchInterfaceResponse(events=[pb.InterfaceEvent(interface=message("a", 1), revision=1)]))
    state.ended(Unavailable("gone"), 0)
    assert state.next_request().start_revision == 0
    assert not state.synced


def test_compaction_of_a_watch_that_delivered_nothing_yields_the_snapshot() -> None:
    state = WatchState(Selection(), start_revision=5)
    assert state.ended(COMPACTED, 0.5) == 0
    assert state.next_request().start_revision == 0
    snapshot = pb.InterfaceEvent(type=pb.INTERFACE_EVENT_TYPE_SNAPSHOT, interface=message("a", 1), revision=1)
    batch = state.receive(pb.WatchInterfaceResponse(events=[snapshot]))
    assert [event.type for event in batch.events] == [EventType.SNAPSHOT]


@pytest.mark.parametrize("error", [NotFound("x"), InvalidArgument("x"), OutOfRange("x")])
def test_what_trying_again_cannot_mend_is_raised(error: Exception) -> None:
    with pytest.raises(type(error)):
        WatchState(Selection()).ended(error, 0)  # type: ignore[arg-type]


def test_delays_grow_and_start_over_with_the_next_message() -> None:
    state = WatchState(Selection())
    delays = [state.ended(InternalError("x"), 1.0) for _ in range(7)]
    assert delays == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    state.receive(pb.WatchInterfaceResponse(synced=True))
    assert state.ended(InternalError("x"), 1.0) == 0.2


@pytest.mark.parametrize("end", [None, Unavailable("this stream has lived for long enough", reason="STREAM_EXPIRED")])
def test_what_a_server_ends_in_good_order_is_resumed_at_once_the_first_time(end: Unavailable | None) -> None:
    state = WatchState(Selection(), start_revision=5)
    assert [state.ended(end, 1.0) for _ in range(3)] == [0.0, 0.2, 0.4]


def test_a_server_that_only_opens_streams_and_ends_them_is_not_asked_without_end() -> None:
    state = WatchState(Selection(), start_revision=5)
    delays = []
    for _ in range(3):
        state.next_request()
        state.receive(pb.WatchInterfaceResponse(revision=4, cluster_id="first"))
        delays.append(state.ended(Unavailable("x"), 1.0))
    assert delays == [0.0, 0.2, 0.4]
    state.next_request()
    for _ in range(2):
        state.receive(pb.WatchInterfaceResponse(revision=4))
    assert state.ended(Unavailable("x"), 1.0) == 0.0


def test_jitter_takes_off_at_most_half() -> None:
    assert (reconnect_delay(3, 0.0), reconnect_delay(3, 1.0)) == (0.8, 1.6)
    assert reconnect_delay(10_000, 1.0) == 5.0


def test_what_a_server_repeats_is_dropped() -> None:
    state = WatchState(Selection(), start_revision=5)
    event = pb.InterfaceEvent(type=UPDATED, interface=message("a", 5), revision=5)
    assert len(state.receive(pb.WatchInterfaceResponse(events=[event], revision=5)).events) == 1
    assert state.receive(pb.WatchInterfaceResponse(events=[event], revision=5)).events == ()


def test_a_restored_database_is_followed_from_its_own_revision() -> None:
    state = WatchState(Selection())
    event = pb.InterfaceEvent(type=pb.INTERFACE_EVENT_TYPE_SNAPSHOT, interface=message("a", 90), revision=90)
    state.receive(pb.WatchInterfaceResponse(events=[event], synced=True, revision=100))
    state.ended(FailedPrecondition("the future", reason="REVISION_IN_FUTURE"), 0)
    assert state.next_request().start_revision == 0
    older = pb.InterfaceEvent(type=pb.INTERFACE_EVENT_TYPE_SNAPSHOT, interface=message("a", 20), revision=20)
    batch = state.receive(pb.WatchInterfaceResponse(events=[older], synced=True, revision=50))
    assert [(event.type, event.revision) for event in batch.events] == [(EventType.UPDATED, 20)]
    assert state.next_request().start_revision == 51


def test_the_same_revisions_of_another_cluster_do_not_hide_what_differs() -> None:
    def seen(uuid: str, node: str) -> pb.InterfaceEvent:
        interface = message(uuid, 1)
        interface.node = node
        return pb.InterfaceEvent(type=pb.INTERFACE_EVENT_TYPE_SNAPSHOT, interface=interface, revision=1)

    state = WatchState(Selection())
    before = [seen("same", "n1"), seen("other", "n1")]
    state.receive(pb.WatchInterfaceResponse(events=before, synced=True, revision=9, cluster_id="first"))
    assert state.next_request().cluster_id == "first"
    assert state.ended(FailedPrecondition("restored", reason="CLUSTER_CHANGED"), 0) == 0
    assert (state.next_request().cluster_id, state.next_request().start_revision) == ("", 0)
    after = [seen("same", "n1"), seen("other", "n2")]
    batch = state.receive(pb.WatchInterfaceResponse(events=after, synced=True, revision=3, cluster_id="second"))
    assert [(event.type, event.interface.uuid, event.interface.node) for event in batch.events] == [
        (EventType.UPDATED, "other", "n2")
    ]
    assert (state.next_request().cluster_id, state.next_request().start_revision) == ("second", 4)


def test_what_vanished_is_told_with_all_that_was_known_of_it() -> None:
    interface = message("gone", 3)
    interface.floating.address = "192.168.20.17"
    interface.metadata["owner"].string_value = "red"
    first = pb.InterfaceEvent(type=pb.INTERFACE_EVENT_TYPE_SNAPSHOT, interface=interface, revision=3)
    state = WatchState(Selection())
    (delivered,) = state.receive(pb.WatchInterfaceResponse(events=[first], synced=True, revision=3)).events
    state.ended(COMPACTED, 0)
    state.next_request()
    (vanished,) = state.receive(pb.WatchInterfaceResponse(synced=True, revision=8)).events
    assert (vanished.type, vanished.revision, vanished.cause.actor) == (EventType.DELETED, 8, "client")
    assert vanished.interface == delivered.interface


def test_a_refused_token_is_replaced_once_and_the_stream_resumes() -> None:
    state = WatchState(Selection(), start_revision=5)
    state.receive(pb.WatchInterfaceResponse(revision=9))
    state.ended(Unavailable("restarting"), 0)
    assert state.ended(Unauthenticated("gone"), 0) == 0
    assert state.next_request().start_revision == 10
    state.receive(pb.WatchInterfaceResponse(revision=10))
    assert state.ended(Unauthenticated("gone again"), 0) == 0
    with pytest.raises(Unauthenticated):
        state.ended(Unauthenticated("gone for good"), 0)


def test_what_is_no_longer_the_callers_to_see_vanishes() -> None:
    def seen(uuid: str, revision: int) -> pb.InterfaceEvent:
        return pb.InterfaceEvent(type=pb.INTERFACE_EVENT_TYPE_SNAPSHOT, interface=message(uuid, revision), revision=revision)

    state = WatchState(Selection())
    state.receive(pb.WatchInterfaceResponse(events=[seen("ours", 1), seen("theirs", 2)], synced=True, revision=2))
    assert state.ended(FailedPrecondition("trusts no more", reason="RIGHTS_CHANGED"), 0) == 0
    assert state.next_request().start_revision == 0
    batch = state.receive(pb.WatchInterfaceResponse(events=[seen("ours", 1)], synced=True, revision=4))
    assert [(event.type, event.interface.uuid) for event in batch.events] == [(EventType.DELETED, "theirs")]
    assert state.next_request().start_revision == 5
