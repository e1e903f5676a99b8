"""Moving an instance: the new node takes over, the old one lets go, and no address is free before both have said so."""

import pytest
from buoy_server.core import addresses, errors
from buoy_server.core.commands.floating import DefloatInterface, FloatInterface
from buoy_server.core.commands.interfaces import DeleteInterface
from buoy_server.core.commands.moving import MoveInstance
from buoy_server.core.commands.nodes import BindingReport, MissNode, ReportNode
from buoy_server.core.model import Instance, Interface, ReservationType
from buoy_server.core.state import Kind
from buoy_server.core.states import FloatingPhase, InterfaceState

from tests.unit.server.world import World, small_world


def _moving_world() -> tuple[World, Interface]:
    """Return two nodes, and an interface that floats on n1."""
    world = small_world()
    world.node("n2")
    interface = world.interface(world.instance())
    world.report(interface)
    world.run(FloatInterface(interface_uuid=interface.uuid))
    world.report(interface)
    return world, world.now(interface)


def _move(world: World, node: str = "n2") -> Instance:
    return world.run(MoveInstance(instance_ref="web", namespace="", node=node))


def _let_go(world: World, interface: Interface, node: str) -> None:
    former = world.now(interface).former_node(node)
    assert former is not None
    report = BindingReport(interface_uuid=interface.uuid, generation=former.generation, removed=True)
    world.run(ReportNode(node=node, reports=(report,)))


def _type_of(world: World, interface: Interface) -> ReservationType | None:
    assert interface.floating is not None
    record = addresses.record_of(world.draft, None, interface.floating.address)
    return record.type if record else None


def test_a_moved_float_keeps_its_address_and_waits_for_the_new_node() -> None:
    world, before = _moving_world()
    assert _move(world).node == "n2"
    moved = world.now(before)
    assert before.floating is not None
    assert moved.floating is not None
    assert (moved.node, moved.state, moved.nodes) == ("n2", InterfaceState.CREATED, frozenset({"n1", "n2"}))
    assert (moved.floating.address, moved.floating.phase) == (before.floating.address, FloatingPhase.PENDING)
    world.report(moved)
    floating = world.now(before).floating
    assert floating is not None
    assert floating.phase is FloatingPhase.ACTIVE
    _let_go(world, before, "n1")
    assert world.now(before).former_nodes == ()
    assert _type_of(world, before) is ReservationType.FLOATING


def test_reports_of_the_old_node_say_nothing_of_the_new_one() -> None:
    world, before = _moving_world()
    _move(world)
    for generation in (before.generation, before.generation + 1):
        for removed in (False, True):
            report = BindingReport(interface_uuid=before.uuid, generation=generation, removed=removed)
            world.run(ReportNode(node="n1", reports=(report,)))
    now = world.now(before)
    assert now.floating is not None
    assert (now.floating.phase, now.observed_generation) == (FloatingPhase.PENDING, before.generation)


def test_an_address_given_back_after_a_move_is_held_until_the_old_node_let_go() -> None:
    world, before = _moving_world()
    _move(world)
    world.report(world.now(before))
    world.run(DefloatInterface(interface_uuid=before.uuid))
    world.report(world.now(before))
    assert world.now(before).floating is None
    assert _type_of(world, before) is ReservationType.FLOATING
    _let_go(world, before, "n1")
    assert _type_of(world, before) is ReservationType.DELETION_HALO


@pytest.mark.parametrize("first", ["n1", "n2"])
def test_a_deleted_interface_is_gone_when_both_nodes_said_so(first: str) -> None:
    world, before = _moving_world()
    _move(world)
    world.report(world.now(before))
    world.run(DeleteInterface(interface_uuid=before.uuid))
    says = {"n1": lambda: _let_go(world, before, "n1"), "n2": lambda: world.report(world.now(before), removed=True)}
    says.pop(first)()
    assert world.now(before).bound
    assert _type_of(world, before) is ReservationType.FLOATING
    says.popitem()[1]()
    assert not world.now(before).bound
    assert _type_of(world, before) is ReservationType.DELETION_HALO


def test_back_again_before_the_first_node_let_go() -> None:
    world, before = _moving_world()
    _move(world, "n2")
    _move(world, "n1")
    now = world.now(before)
    assert (now.node, [former.node for former in now.former_nodes]) == ("n1", ["n2"])
    stale = BindingReport(interface_uuid=before.uuid, generation=before.generation + 1, removed=True)
    world.run(ReportNode(node="n1", reports=(stale,)))  # of the removal that is not asked for any more
    assert world.now(before) == now
    world.report(now)
    _let_go(world, before, "n2")
    assert world.now(before).former_nodes == ()


def test_the_networks_gateway_goes_along() -> None:
    world = World()
    world.pool()
    network = world.network(nat=True)
    for node in ("n1", "n2"):
        world.node(node)
    interface = world.interface(world.instance())
    world.report(interface)
    _move(world)
    gateways = {gateway.node for gateway in world.draft.get(Kind.NETWORK, network.uuid).floating_gateways}  # type: ignore[union-attr]
    assert gateways == {"n1", "n2"}
    _let_go(world, interface, "n1")
    gateways = {gateway.node for gateway in world.draft.get(Kind.NETWORK, network.uuid).floating_gateways}  # type: ignore[union-attr]
    assert gateways == {"n2"}


def test_to_where_it_is_already_changes_nothing() -> None:
    world, _ = _moving_world()
    revision = world.draft.revision
    _move(world, "n1")
    assert world.draft.revision == revision


def test_nothing_moves_to_a_node_that_is_missing_or_unknown() -> None:
    world, _ = _moving_world()
    with pytest.raises(errors.NodeNotFound):
        _move(world, "n3")
    world.run(MissNode(name="n2"))
    with pytest.raises(errors.NotReady) as refused:
        _move(world)
    assert refused.value.field == "node"
