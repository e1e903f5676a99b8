"""What becomes of live connections, as the server decides it: CUT, DRAIN and KEEP, and when the address is whose."""

from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from buoy_server.codec.packing import pack, unpack
from buoy_server.core import addresses, errors
from buoy_server.core.commands.floating import DefloatInterface, FloatInterface
from buoy_server.core.commands.housekeeping import ExpireQuarantine
from buoy_server.core.commands.interfaces import DeleteInterface
from buoy_server.core.commands.moving import MoveInstance
from buoy_server.core.draining import MOST
from buoy_server.core.events import event_of
from buoy_server.core.fsck import violations
from buoy_server.core.model import FlowPolicy, Interface, ReservationType
from buoy_server.core.state import Kind
from buoy_server.core.states import FloatingPhase

from tests.unit.server.world import World, small_world

A, B = IPv4Address("192.0.2.10"), IPv4Address("192.0.2.11")
LIVE = frozenset({A})


def _floating(address: IPv4Address = A) -> tuple[World, Interface]:
    world = small_world()
    interface = world.interface(world.instance())
    world.report(interface)
    world.run(FloatInterface(interface_uuid=interface.uuid, address=address))
    world.report(interface)
    return world, world.now(interface)


def _defloat(world: World, interface: Interface, flows: FlowPolicy, seconds: float = 30) -> Interface:
    asked = DefloatInterface(interface_uuid=interface.uuid, flows=flows, drain_time=timedelta(seconds=seconds))
    return world.run(asked)


def _held_as(world: World, address: IPv4Address = A) -> ReservationType | None:
    record = addresses.record_of(world.draft, None, address)
    return record.type if record else None


def _phase(interface: Interface) -> FloatingPhase | None:
    return interface.floating.phase if interface.floating else None


def _said(world: World, *, of: int = -1) -> str:
    event = event_of(world.draft.entries[of])
    return event.message if event else ""


def test_cut_is_released_with_the_first_report() -> None:
    world, interface = _floating()
    assert _defloat(world, interface, FlowPolicy.CUT).draining == ()
    world.report(interface)
    assert _phase(world.now(interface)) is None
    assert _held_as(world) is ReservationType.DELETION_HALO


def test_drain_stays_releasing_and_holds_the_address_until_its_node_says_that_no_flow_is_left() -> None:
    world, interface = _floating()
    asked = _defloat(world, interface, FlowPolicy.DRAIN)
    assert asked.floating is not None
    assert asked.floating.reason == "its live connections go on until 03:04:35 UTC at most"
    assert "live connections of 192.0.2.10 go on until 03:04:35 UTC at most" in _said(world)
    world.report(interface, draining=LIVE)
    now = world.now(interface)
    assert (_phase(now), now.observed_generation) == (FloatingPhase.RELEASING, now.generation)
    assert _held_as(world) is ReservationType.FLOATING
    world.later(seconds=1000)
    world.run(ExpireQuarantine())
    assert _held_as(world) is ReservationType.FLOATING  # its node has not said that they are cut
    world.report(interface)
    assert (_phase(world.now(interface)), world.now(interface).draining) == (None, ())
    assert _held_as(world) is ReservationType.DELETION_HALO
    assert "live connections of 192.0.2.10 have ended or are cut" in _said(world, of=-2)


def test_a_report_from_before_the_drain_does_not_end_it() -> None:
    world, interface = _floating()
    _defloat(world, interface, FlowPolicy.DRAIN)
    world.report(interface, generation=interface.generation)
    assert [entry.address for entry in world.now(interface).draining] == [A]


def test_keep_frees_the_interface_at_once_and_the_address_rests_from_then_on() -> None:
    world, interface = _floating()
    asked = _defloat(world, interface, FlowPolicy.KEEP)
    assert asked.draining[0].until == world.draft.now + timedelta(seconds=300)
    world.report(interface, draining=LIVE)
    assert _phase(world.now(interface)) is None
    assert _held_as(world) is ReservationType.FLOATING
    world.later(seconds=200)
    world.report(interface)  # the last connection has ended by itself
    record = addresses.record_of(world.draft, None, A)
    assert record is not None
    assert (record.type, record.until) == (ReservationType.DELETION_HALO, world.draft.now + timedelta(seconds=100))


def test_a_kept_address_is_nobodys_before_its_node_cut_what_is_left_at_the_end_of_the_quarantine() -> None:
    world, interface = _floating()
    _defloat(world, interface, FlowPolicy.KEEP)
    world.report(interface, draining=LIVE)
    world.later(seconds=1000)
    world.run(ExpireQuarantine())
    other = world.interface(world.instance("other"))
    world.report(other)
    with pytest.raises(errors.AddressInUse):
        world.run(FloatInterface(interface_uuid=other.uuid, address=A))
    world.report(interface)
    assert _held_as(world) is None
    world.run(FloatInterface(interface_uuid=other.uuid, address=A))


def test_a_pool_under_pressure_does_not_recycle_a_kept_address() -> None:
    world = World()
    world.pool("small", "198.51.100.10-198.51.100.10")
    world.network()
    world.node()
    interface, other = world.interface(world.instance()), world.interface(world.instance("other"))
    for each in (interface, other):
        world.report(each)
    world.run(FloatInterface(interface_uuid=interface.uuid))
    world.report(interface)
    _defloat(world, interface, FlowPolicy.KEEP)
    world.report(interface, draining=frozenset({IPv4Address("198.51.100.10")}))
    world.later(seconds=100)
    with pytest.raises(errors.PoolExhausted):
        world.run(FloatInterface(interface_uuid=other.uuid))
    world.report(interface)
    world.run(FloatInterface(interface_uuid=other.uuid))


def test_what_never_worked_and_what_has_no_quarantine_is_cut() -> None:
    world = small_world()
    world.pool("at-once", "198.51.100.0/28", quarantine=0)
    interface = world.interface(world.instance())
    world.report(interface)
    world.run(FloatInterface(interface_uuid=interface.uuid))
    assert _defloat(world, interface, FlowPolicy.DRAIN).draining == ()
    world.report(interface)
    world.run(FloatInterface(interface_uuid=interface.uuid, pool_ref="at-once"))
    world.report(interface)
    assert _defloat(world, interface, FlowPolicy.KEEP).draining == ()


def test_what_is_asked_last_counts() -> None:
    world, interface = _floating()
    first = _defloat(world, interface, FlowPolicy.DRAIN, 30)
    longer = _defloat(world, interface, FlowPolicy.DRAIN, 90)
    assert longer.draining[0].until - first.draining[0].until == timedelta(seconds=60)
    assert longer.generation == first.generation + 1
    assert _defloat(world, interface, FlowPolicy.KEEP) == longer
    cut = _defloat(world, interface, FlowPolicy.CUT)
    assert (cut.draining, cut.generation) == ((), longer.generation + 1)
    assert _defloat(world, interface, FlowPolicy.CUT) == cut
    assert _defloat(world, interface, FlowPolicy.DRAIN) == cut  # there is nothing left to drain
    world.report(interface)
    assert _phase(world.now(interface)) is None


def test_cut_of_an_interface_that_does_not_float_ends_what_it_kept() -> None:
    world, interface = _floating()
    _defloat(world, interface, FlowPolicy.KEEP)
    world.report(interface, draining=LIVE)
    assert _defloat(world, interface, FlowPolicy.CUT).draining == ()
    assert _held_as(world) is ReservationType.FLOATING
    world.report(interface)
    assert _held_as(world) is ReservationType.DELETION_HALO


@pytest.mark.parametrize("flows", [FlowPolicy.DRAIN, FlowPolicy.KEEP])
def test_floated_again_meanwhile_it_takes_its_address_back(flows: FlowPolicy) -> None:
    world, interface = _floating()
    _defloat(world, interface, flows)
    world.report(interface, draining=LIVE)
    asked = FloatInterface(interface_uuid=interface.uuid, address=A)
    back = world.run(asked)
    assert back.floating is not None
    assert (back.floating.address, back.draining) == (A, ())
    if flows is FlowPolicy.DRAIN:
        assert back.floating.reason == "its release is called off: 192.0.2.10 stays with the interface"
    assert "have ended" not in _said(world)
    world.report(interface)
    assert _phase(world.now(interface)) is FloatingPhase.ACTIVE


def test_floated_elsewhere_meanwhile_both_go_on_and_the_answer_says_so() -> None:
    world, interface = _floating()
    _defloat(world, interface, FlowPolicy.DRAIN)
    both = world.run(FloatInterface(interface_uuid=interface.uuid, address=B))
    assert both.floating is not None
    assert both.floating.reason.startswith("192.0.2.10 is given up beside it: its live connections go on until")
    world.report(interface, draining=LIVE)
    now = world.now(interface)
    assert (_phase(now), [entry.address for entry in now.draining]) == (FloatingPhase.ACTIVE, [A])
    assert _held_as(world, A) is _held_as(world, B) is ReservationType.FLOATING
    world.report(interface)
    assert (_held_as(world, A), _held_as(world, B)) == (ReservationType.DELETION_HALO, ReservationType.FLOATING)


def test_floated_elsewhere_while_a_cut_is_under_way_waits_its_turn_and_says_so() -> None:
    world, interface = _floating()
    _defloat(world, interface, FlowPolicy.CUT)
    waits = world.run(FloatInterface(interface_uuid=interface.uuid, address=B))
    assert waits.floating is not None
    assert waits.floating.reason == "192.0.2.10 is released first"
    world.report(interface)
    now = world.now(interface).floating
    assert now is not None
    assert (now.address, now.phase, now.reason) == (B, FloatingPhase.ACTIVE, "")


def test_deleted_in_a_drain_the_address_is_released_when_its_node_let_go() -> None:
    world, interface = _floating()
    _defloat(world, interface, FlowPolicy.DRAIN)
    world.report(interface, draining=LIVE)
    assert world.run(DeleteInterface(interface_uuid=interface.uuid)).draining == ()
    world.report(interface, draining=LIVE)  # of the generation before, late
    assert _held_as(world) is ReservationType.FLOATING
    world.report(interface, removed=True)
    assert _held_as(world) is ReservationType.DELETION_HALO


def test_a_move_ends_what_drains_once_the_old_node_let_go() -> None:
    world, interface = _floating()
    world.node("n2")
    _defloat(world, interface, FlowPolicy.KEEP)
    world.report(interface, draining=LIVE)
    world.run(MoveInstance(instance_ref="web", namespace="", node="n2"))
    assert world.now(interface).draining == ()
    assert _held_as(world) is ReservationType.FLOATING


def test_an_interface_drains_a_bounded_number_of_addresses() -> None:
    world, interface = _floating()
    for last in range(100, 100 + MOST + 2):
        _defloat(world, interface, FlowPolicy.KEEP)
        draining = frozenset(entry.address for entry in world.now(interface).draining)
        world.report(interface, draining=draining)
        world.run(FloatInterface(interface_uuid=interface.uuid, address=IPv4Address(f"192.0.2.{last}")))
        world.report(interface, draining=draining)
    now = world.now(interface)
    assert len(now.draining) == MOST
    assert now.draining[-1].address == IPv4Address(f"192.0.2.{100 + MOST}")
    assert unpack(Kind.INTERFACE, pack(now)) == now


@pytest.mark.parametrize("flows", [FlowPolicy.DRAIN, FlowPolicy.KEEP])
def test_an_address_that_drains_is_in_order(flows: FlowPolicy) -> None:
    world, interface = _floating()
    _defloat(world, interface, flows)
    world.report(interface, draining=LIVE)
    assert list(violations(world.draft)) == []
    world.report(interface)
    assert list(violations(world.draft)) == []
