"""What watchers of one choice are sent: shared where they are equally far, and made bit by bit for who lags."""

from collections.abc import Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Address

from buoy.v1 import interface_pb2
from buoy_server.codec.packing import pack
from buoy_server.core.lookup import Caller
from buoy_server.core.model import InstanceId, Interface, InterfaceId, NetworkId
from buoy_server.core.state import Cause, Kind
from buoy_server.feed.entry import Committed
from buoy_server.rpc.audience import MESSAGE_BYTES, Audience
from buoy_server.rpc.selection import InterfaceFilter

BYTES = 20_000


def _entry(revision: int) -> Committed:
    interface = Interface(
        uuid=InterfaceId(f"i{revision}"),
        namespace="red",
        instance_uuid=InstanceId("v"),
        network_uuid=NetworkId("n"),
        node="n1",
        macaddr="02:00:00:00:00:01",
        ipv4=IPv4Address("10.0.0.5"),
        order=0,
        metadata={"k": "x" * BYTES},
    )
    moment, cause = datetime.now(UTC), Cause("Test", "test")
    return Committed(revision, revision, Kind.INTERFACE, interface.key, 0, interface, pack(interface), cause, moment)


def _revisions(messages: list[bytes]) -> Iterator[int]:
    for message in messages:
        response = interface_pb2.WatchInterfaceResponse.FromString(message)
        assert response.revision == response.events[-1].revision
        yield from (event.revision for event in response.events)


def test_one_message_is_made_once_for_all_that_are_equally_far() -> None:
    audience = Audience(InterfaceFilter(Caller("system")))
    entries = [_entry(1), _entry(2)]
    first, second = list(audience.messages(entries)), list(audience.messages(entries))
    assert list(_revisions(first)) == [1, 2]
    assert first[0] is second[0]


def test_who_lags_gets_messages_of_a_bounded_size_and_all_of_them_each_time() -> None:
    audience = Audience(InterfaceFilter(Caller("system")))
    entries = [_entry(revision) for revision in range(1, 41)]
    for _ in range(2):
        messages = list(audience.messages(entries))
        assert list(_revisions(messages)) == list(range(1, 41))
        assert all(len(message) < MESSAGE_BYTES + 2 * BYTES for message in messages)
