"""Float, defloat, and what a node says of them."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from buoy_server.core import addresses, errors, levels, lookup
from buoy_server.core.commands.floating import DefloatInterface, FloatInterface
from buoy_server.core.commands.housekeeping import ExpireQuarantine
from buoy_server.core.commands.interfaces import DeleteInterface
from buoy_server.core.commands.nodes import AnnounceNode, MissNode
from buoy_server.core.model import FlowPolicy, Interface, ReservationType
from buoy_server.core.states import FloatingPhase

from tests.unit.server.world import World, small_world


def _created(world: World, name: str = "web") -> Interface:
    interface = world.interface(world.instance(name))
    world.report(interface)
    return world.now(interface)


def _floated(world: World, interface: Interface, **asked: object) -> Interface:
    return world.run(FloatInterface(interface_uuid=interface.uuid, **asked))  # type: ignore[arg-type]


def test_float_is_pending_until_its_node_reports_that_generation() -> None:
    world = small_world()
    interface = _floated(world, _created(world))
    assert interface.floating is not None
    assert interface.floating.phase is FloatingPhase.PENDING
    world.report(interface, generation=1)  # the generation before the float
    pending = world.now(interface).floating
    assert pending is not None
    assert pending.phase is FloatingPhase.PENDING
    world.report(interface)
    active = world.now(interface).floating
    assert active is not None
    assert (active.phase, active.active_time) == (FloatingPhase.ACTIVE, world.draft.now)


def test_float_twice_is_the_same_address_and_changes_nothing() -> None:
    world = small_world()
    once = _floated(world, _created(world))
    revision = world.draft.revision
    assert _floated(world, once) == once
    assert once.floating is not None
    assert _floated(world, once, address=once.floating.address) == once
    assert world.draft.revision == revision


def test_float_elsewhere_while_floating_is_refused() -> None:
    world = small_world()
    once = _floated(world, _created(world), address=IPv4Address("192.0.2.10"))
    with pytest.raises(errors.AlreadyFloating):
        _floated(world, once, address=IPv4Address("192.0.2.11"))


def test_an_address_in_use_is_never_stolen() -> None:
    world = small_world()
    _floated(world, _created(world), address=IPv4Address("192.0.2.10"))
    other = _created(world, "other")
    with pytest.raises(errors.AddressInUse):
        _floated(world, other, address=IPv4Address("192.0.2.10"))
    assert world.now(other).floating is None


def test_a_late_report_never_overrides_a_newer_one() -> None:
    world = small_world()
    interface = _floated(world, _created(world))
    world.report(interface)
    world.report(interface, generation=1, floating_error="late news")
    floating = world.now(interface).floating
    assert floating is not None
    assert (floating.phase, floating.observed_generation) == (FloatingPhase.ACTIVE, 2)


def test_a_report_of_a_generation_that_was_never_asked_is_ignored() -> None:
    world = small_world()
    interface = _floated(world, _created(world))
    before = world.now(interface)
    world.report(interface, generation=99)
    assert world.now(interface) == before


def test_a_failure_is_shown_and_mends_itself() -> None:
    world = small_world()
    interface = _floated(world, _created(world))
    world.report(interface, floating_error="the kernel has no room")
    failed = world.now(interface).floating
    assert failed is not None
    assert (failed.phase, failed.reason) == (FloatingPhase.FAILED, "the kernel has no room")
    world.report(interface)
    mended = world.now(interface).floating
    assert mended is not None
    assert (mended.phase, mended.reason) == (FloatingPhase.ACTIVE, "")


def test_defloat_rests_the_address_only_when_the_node_let_go() -> None:
    world = small_world()
    interface = _floated(world, _created(world), address=IPv4Address("192.0.2.10"))
    world.report(interface)
    released = world.run(DefloatInterface(interface_uuid=interface.uuid))
    assert released.floating is not None
    assert released.floating.phase is FloatingPhase.RELEASING
    held = addresses.record_of(world.draft, None, IPv4Address("192.0.2.10"))
    assert held is not None
    assert held.type is ReservationType.FLOATING
    world.report(interface)
    assert world.now(interface).floating is None
    resting = addresses.record_of(world.draft, None, IPv4Address("192.0.2.10"))
    assert resting is not None
    assert resting.type is ReservationType.DELETION_HALO


def test_defloat_of_what_does_not_float_changes_nothing() -> None:
    world = small_world()
    interface = _created(world)
    revision = world.draft.revision
    assert world.run(DefloatInterface(interface_uuid=interface.uuid)) == interface
    assert world.draft.revision == revision


def test_float_while_releasing_keeps_the_address() -> None:
    world = small_world()
    interface = _floated(world, _created(world))
    world.report(interface)
    world.run(DefloatInterface(interface_uuid=interface.uuid))
    again = _floated(world, interface)
    assert again.floating is not None
    assert interface.floating is not None
    assert again.floating.address == interface.floating.address
    world.report(interface, generation=3)  # the defloat, already overtaken
    assert world.now(interface).floating == replace(again.floating, observed_generation=3)
    world.report(interface)
    active = world.now(interface).floating
    assert active is not None
    assert active.phase is FloatingPhase.ACTIVE


def test_float_to_another_address_while_releasing_lets_the_old_one_go_with_the_report() -> None:
    world = small_world()
    interface = _floated(world, _created(world), address=IPv4Address("192.0.2.10"))
    world.report(interface)
    world.run(DefloatInterface(interface_uuid=interface.uuid))
    _floated(world, interface, address=IPv4Address("192.0.2.11"))
    old = addresses.record_of(world.draft, None, IPv4Address("192.0.2.10"))
    assert old is not None
    assert old.type is ReservationType.FLOATING
    world.report(interface)
    old = addresses.record_of(world.draft, None, IPv4Address("192.0.2.10"))
    assert old is not None
    assert old.type is ReservationType.DELETION_HALO


def test_quarantine_ends_and_the_last_owner_need_not_wait() -> None:
    world = small_world()
    interface = _floated(world, _created(world), address=IPv4Address("192.0.2.10"))
    world.report(interface)
    world.run(DefloatInterface(interface_uuid=interface.uuid))
    world.report(interface)
    world.network(namespace="b")
    other = world.interface(world.instance("other", namespace="b"))
    with pytest.raises(errors.AddressInUse, match="rests until"):
        _floated(world, other, address=IPv4Address("192.0.2.10"))
    back = _floated(world, interface, address=IPv4Address("192.0.2.10"))
    assert back.floating is not None
    world.run(DefloatInterface(interface_uuid=interface.uuid))
    world.report(interface)
    world.later(seconds=311)
    world.run(ExpireQuarantine())
    assert addresses.record_of(world.draft, None, IPv4Address("192.0.2.10")) is None
    assert _floated(world, other, address=IPv4Address("192.0.2.10")).floating is not None


def test_a_pool_that_was_full_recovers() -> None:
    world = World()
    pool = world.pool("tiny", "192.0.2.7")
    world.network()
    world.node()
    first, second = _created(world, "first"), _created(world, "second")
    _floated(world, first)
    with pytest.raises(errors.PoolExhausted):
        _floated(world, second)
    world.run(DeleteInterface(interface_uuid=first.uuid))
    world.report(first, removed=True)
    assert levels.usage(world.draft, pool) == {"size": 1, "free": 0, "in_use": 0, "reserved": 0, "quarantined": 1, "kept": 0}
    with pytest.raises(errors.PoolExhausted, match="one is free in 30 s"):
        _floated(world, second)
    world.later(seconds=30)
    recycled = _floated(world, second)
    assert recycled.floating is not None
    assert recycled.floating.address == IPv4Address("192.0.2.7")


def test_a_float_on_a_node_that_is_away_says_so() -> None:
    world = small_world()
    interface = _created(world)
    waiting = _created(world, "waiting")
    _floated(world, waiting)
    world.run(MissNode(name="n1"))
    floating = world.now(waiting).floating
    assert floating is not None
    assert floating.reason == "node n1 is away"
    later = _floated(world, interface).floating
    assert later is not None
    assert later.reason == "node n1 is away"
    world.run(AnnounceNode(name="n1", agent_version="1", external_interface="eth0"))
    world.report(waiting)
    floating = world.now(waiting).floating
    assert floating is not None
    assert (floating.phase, floating.reason) == (FloatingPhase.ACTIVE, "")


def test_a_float_that_is_given_back_says_when_its_node_is_away() -> None:
    world = small_world()
    cut, drained = _floated(world, _created(world)), _floated(world, _created(world, "drained"))
    for interface in (cut, drained):
        world.report(interface)
    world.run(DefloatInterface(interface_uuid=cut.uuid))
    world.run(DefloatInterface(interface_uuid=drained.uuid, flows=FlowPolicy.DRAIN))

    def said(interface: Interface) -> str:
        floating = world.now(interface).floating
        assert floating is not None
        return floating.reason

    before = [said(cut), said(drained)]
    world.run(MissNode(name="n1"))
    assert [said(cut), said(drained)] == ["node n1 is away", "node n1 is away"]
    world.node("n1")
    assert [said(cut), said(drained)] == before
    assert before[1].startswith("its live connections go on until")


def test_every_address_of_a_pool_floats_once() -> None:
    world = World()
    world.pool("block", "192.0.2.0/28")
    world.network()
    world.node()
    interfaces = [_floated(world, _created(world, f"i{index}")) for index in range(13)]
    given = {interface.floating.address for interface in interfaces if interface.floating}
    assert len(given) == 13
    assert not given & {IPv4Address("192.0.2.0"), IPv4Address("192.0.2.1"), IPv4Address("192.0.2.15")}
    assert all(len(lookup.reservations(world.draft, interface.uuid)) == 2 for interface in interfaces)
    with pytest.raises(errors.PoolExhausted):
        _floated(world, _created(world, "last"))
