"""Nodes that leave: nothing new is placed on a drained one, and a deleted one holds nothing up any more."""

from ipaddress import IPv4Address

import pytest
from buoy_server.core import addresses, errors
from buoy_server.core.commands.announcing import ReannounceInterface
from buoy_server.core.commands.floating import DefloatInterface
from buoy_server.core.commands.instances import CreateInstance, DeleteInstance
from buoy_server.core.commands.moving import MoveInstance
from buoy_server.core.commands.nodes import ReportNode
from buoy_server.core.commands.repairing import MOST_INTERFACES, Repair
from buoy_server.core.commands.retiring import DeleteNode, DrainNode
from buoy_server.core.events import EventType, event_of
from buoy_server.core.model import Driver, Instance, ReservationType
from buoy_server.core.state import Kind
from buoy_server.core.states import FloatingPhase, InstanceState

from tests.unit.server.world import World, floating_world

A = IPv4Address("192.0.2.10")


def _place(world: World, name: str, node: str = "") -> Instance:
    create = CreateInstance(name=name, namespace="", node=node, driver=Driver.NETNS, interfaces=(), connected=("n1", "n2"))
    return world.run(create)


def _type_of(world: World) -> ReservationType | None:
    record = addresses.record_of(world.draft, None, A)
    return record.type if record else None


def test_nothing_new_is_placed_on_a_drained_node_and_what_is_there_stays() -> None:
    world, interface = floating_world(A)
    assert world.run(DrainNode(node="n1")).drain
    revision = world.draft.revision
    world.run(DrainNode(node="n1"))
    assert world.draft.revision == revision
    assert {_place(world, f"i{number}").node for number in range(3)} == {"n2"}
    with pytest.raises(errors.NotReady, match="node n1 is drained"):
        _place(world, "named", "n1")
    assert world.now(interface).floating is not None
    world.run(DrainNode(node="n2"))
    with pytest.raises(errors.NoNode, match="every connected node is drained"):
        _place(world, "nowhere")
    with pytest.raises(errors.NotReady, match="node n2 is drained"):
        world.run(MoveInstance(instance_ref="web", namespace="", node="n2"))
    world.run(DrainNode(node="n2", drain=False))
    assert _place(world, "again").node == "n2"


def test_a_node_with_instances_or_with_its_agent_is_not_deleted() -> None:
    world, _ = floating_world(A)
    with pytest.raises(errors.NodeInUse, match="connected"):
        world.run(DeleteNode(node="n2", connected=True))
    with pytest.raises(errors.NodeInUse, match="1 instance is on node n1"):
        world.run(DeleteNode(node="n1", connected=False))


def test_with_a_deleted_node_goes_what_waited_for_it() -> None:
    world, interface = floating_world(A)
    world.run(DeleteInstance(instance_ref="web", namespace=""))
    assert _type_of(world) is ReservationType.FLOATING
    world.run(DeleteNode(node="n1", connected=False))
    assert _type_of(world) is ReservationType.DELETION_HALO
    instance = world.draft.get(Kind.INSTANCE, interface.instance_uuid)
    assert isinstance(instance, Instance)
    assert instance.state is InstanceState.DELETED
    assert world.draft.get(Kind.NODE, "n1") is None


def test_what_moved_away_from_a_deleted_node_is_free_of_it() -> None:
    world, interface = floating_world(A)
    world.run(MoveInstance(instance_ref="web", namespace="", node="n2"))
    world.report(world.now(interface))
    world.run(DefloatInterface(interface_uuid=interface.uuid))
    world.report(world.now(interface))
    assert _type_of(world) is ReservationType.FLOATING  # n1 has not let go
    world.run(DeleteNode(node="n1", connected=False))
    assert world.now(interface).former_nodes == ()
    assert _type_of(world) is ReservationType.DELETION_HALO


def test_another_announcement_is_a_generation_that_changes_nothing_else() -> None:
    world, interface = floating_world(A)
    asked = world.run(ReannounceInterface(interface_uuid=interface.uuid))
    assert asked.floating is not None
    assert (asked.generation, asked.floating.announce_generation) == (interface.generation + 1, interface.generation + 1)
    assert asked.floating.phase is FloatingPhase.ACTIVE
    assert world.run(ReannounceInterface(interface_uuid=interface.uuid)) == asked  # it is on its way
    world.report(asked)
    again = world.run(ReannounceInterface(interface_uuid=interface.uuid))
    assert again.generation == asked.generation + 1


def test_what_is_not_there_is_not_announced() -> None:
    world, interface = floating_world(A)
    world.run(DefloatInterface(interface_uuid=interface.uuid))
    with pytest.raises(errors.NotFloating):
        world.run(ReannounceInterface(interface_uuid=interface.uuid))


def test_a_repair_is_told_in_the_events_of_the_node_and_of_its_interfaces_within_bounds() -> None:
    world, interface = floating_world(A)
    strange = "00000000-0000-4000-8000-000000000000"
    repair = Repair(place="network x", found=("element gone: 192.0.2.10",), count=3, interfaces=(interface.uuid, strange))
    before = len(world.draft.entries)
    world.run(ReportNode(node="n1", reports=(), repairs=(repair,)))
    told = {entry.kind: event_of(entry) for entry in world.draft.entries[before:]}
    assert set(told) == {Kind.NODE, Kind.INTERFACE}
    words = "network x changed by others, 3 times: element gone: 192.0.2.10; put right"
    assert [(event.type, event.message, event.about) for event in told.values() if event] == [
        (EventType.STATUS, words, "node/n1"),
        (EventType.STATUS, f"on node n1, {words}", ""),
    ]
    assert world.now(interface).floating == interface.floating
    many = Repair(place="network x", found=(), interfaces=(interface.uuid,) * (MOST_INTERFACES + 5), error="no room")
    before = len(world.draft.entries)
    world.run(ReportNode(node="n1", reports=(), repairs=(many, many)))
    assert len(world.draft.entries) - before == MOST_INTERFACES + 2


def test_a_node_tells_of_repairs_of_its_own_interfaces_only() -> None:
    world, interface = floating_world(A)
    before = len(world.draft.entries)
    repair = Repair(place="routes", found=("gone",), interfaces=(interface.uuid,))
    world.run(ReportNode(node="n2", reports=(), repairs=(repair,)))
    assert [entry.kind for entry in world.draft.entries[before:]] == [Kind.NODE]
