"""The settled bindings of a snapshot: what stands in columns is what would stand there one by one."""

from dataclasses import replace

import pytest
from buoy.v1 import agent_pb2, instance_pb2
from buoy_agent.core.desired import Desired
from buoy_agent.core.spec import Binding, InterfaceId, Settled, Update, text
from buoy_agent.errors import MalformedError
from buoy_agent.sync.columns import settled_from_proto
from buoy_agent.sync.convert import update_from_proto
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.agent.bindings import binding, network

RED, BLUE = network("c", "red", egress="192.0.2.100"), network("c", "blue")
FLOATED, PLAIN = binding("c", RED, 5, floating="192.0.2.50", generation=3), binding("c", RED, 6)


def columns(*bindings: Binding) -> agent_pb2.SettledBindings:
    """Bindings of one network as the server sends them; the first one works."""
    net = bindings[0].network
    return agent_pb2.SettledBindings(
        network=agent_pb2.NetworkBinding(
            uuid=net.id,
            netblock=str(net.netblock),
            provide_nat=net.provide_nat,
            floating_gateway=text(net.floating_gateway) if net.floating_gateway else "",
        ),
        driver=instance_pb2.INSTANCE_DRIVER_NETNS,
        interface_uuids=[entry.interface for entry in bindings],
        generations=[entry.generation for entry in bindings],
        instance_uuids=[entry.instance for entry in bindings],
        orders=[entry.order for entry in bindings],
        macaddrs=[entry.macaddr for entry in bindings],
        ipv4_addresses=[text(entry.address) for entry in bindings],
        floating_addresses=[text(entry.floating) if entry.floating else "" for entry in bindings],
        works=[number == 0 for number in range(len(bindings))],
    )


def test_columns_are_read_as_the_bindings_that_they_are() -> None:
    assert settled_from_proto(columns(FLOATED, PLAIN)) == Settled(RED, (FLOATED, PLAIN), frozenset({FLOATED.interface}))


@pytest.mark.parametrize(
    ("column", "value", "field"),
    [
        ("interface_uuids", "../x", "interface_uuid"),
        ("instance_uuids", "", "instance_uuid"),
        ("macaddrs", "02:00", "macaddr"),
        ("ipv4_addresses", "", "ipv4"),
        ("ipv4_addresses", "10.0.0.256", "ipv4"),
        ("floating_addresses", "2001:db8::1", "floating_address"),
    ],
)
def test_one_that_cannot_be_read_is_refused_and_the_others_are_there(column: str, value: str, field: str) -> None:
    message = columns(FLOATED, PLAIN)
    getattr(message, column)[0] = value
    read = update_from_proto(agent_pb2.NodeUpdate(settled=[message]))
    assert list(read.update.bindings) == [PLAIN]
    assert [report.generation for report in read.refused] == [FLOATED.generation]
    assert read.refused[0].nic_error.startswith(f"{field}: ")


def test_words_that_mean_the_same_are_read_as_the_server_writes_them() -> None:
    message = columns(FLOATED)
    message.interface_uuids[0], message.macaddrs[0] = FLOATED.interface.upper(), FLOATED.macaddr.upper()
    assert list(update_from_proto(agent_pb2.NodeUpdate(settled=[message])).update.bindings) == [FLOATED]


def test_columns_of_different_lengths_are_no_message() -> None:
    message = columns(FLOATED, PLAIN)
    del message.orders[1]
    with pytest.raises(MalformedError, match="not of one length"):
        update_from_proto(agent_pb2.NodeUpdate(settled=[message]))


@st.composite
def _chosen(draw: st.DrawFn) -> list[Binding]:
    """Bindings of two networks, of which some share an instance, an address or a name."""
    hosts = st.tuples(st.sampled_from([RED, BLUE]), st.integers(5, 8), st.sampled_from(["192.0.2.50", "192.0.2.51", None]))
    found = [binding("c", net, host, floating=floating) for net, host, floating in draw(st.lists(hosts, max_size=8))]
    instances = [entry.instance for entry in found]
    return [entry._replace(instance=draw(st.sampled_from(instances)), order=number) for number, entry in enumerate(found)]


@given(_chosen(), st.integers(1, 3))
def test_a_snapshot_in_columns_leads_to_what_the_same_one_by_one_does(bindings: list[Binding], size: int) -> None:
    parts = [bindings[start : start + size] for start in range(0, len(bindings), size)]
    ordered = [entry for part in parts for net in (RED, BLUE) for entry in part if entry.network is net]
    one_by_one, at_once = Desired(), Desired()
    one_by_one.apply(Update(1, reset=True, upserts=tuple(ordered), synced=True))
    at_once.apply(Update(reset=True))
    for part in parts:
        by_network = [tuple(entry for entry in part if entry.network is net) for net in (RED, BLUE)]
        at_once.apply(Update(settled=tuple(Settled(of[0].network, of) for of in by_network if of)))
    at_once.apply(Update(1, synced=True))
    assert at_once.targets == one_by_one.targets


def test_what_changes_within_a_snapshot_is_not_known_to_work() -> None:
    desired = Desired()
    desired.apply(
        Update(reset=True, settled=(Settled(RED, (FLOATED, PLAIN), frozenset({FLOATED.interface, PLAIN.interface})),))
    )
    desired.apply(Update(2, upserts=(FLOATED._replace(generation=4),), synced=True))
    assert desired.targets.working == {PLAIN.interface}


def test_what_works_is_known_from_the_snapshot_alone() -> None:
    desired = Desired()
    settled = Settled(RED, (FLOATED, PLAIN), frozenset({FLOATED.interface}))
    desired.apply(Update(1, reset=True, settled=(settled,), synced=True))
    assert desired.targets.working == {FLOATED.interface}
    desired.apply(Update(2, reset=True, settled=(replace(settled, working=frozenset[InterfaceId]()),), synced=True))
    assert desired.targets.working == set()
