"""Moving a floating address: one change, never two holders, and the new node is told when the old one has let go."""

from ipaddress import IPv4Address

import pytest
from buoy_server.core import addresses, errors
from buoy_server.core.commands.fencing import FenceNode
from buoy_server.core.commands.floating import DefloatInterface, FloatInterface
from buoy_server.core.commands.interfaces import DeleteInterface
from buoy_server.core.commands.move_floating import MoveFloating
from buoy_server.core.commands.moving import MoveInstance
from buoy_server.core.commands.nodes import BindingReport, MissNode, ReportNode
from buoy_server.core.commands.reserving import ReserveAddress
from buoy_server.core.events import event_of
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Floating, Interface, Reservation, ReservationType
from buoy_server.core.states import FloatingPhase

from tests.unit.server.world import small_world

Phase = FloatingPhase
ADDRESS = IPv4Address("192.0.2.7")


class Moves:
    """Two nodes, an interface `old` that floats at ADDRESS on n1, and `new` ones that do not."""

    def __init__(self) -> None:
        self.world = small_world()
        self.world.node("n2")
        self.old = self.interface("old", "n1")
        self.new = self.interface("new", "n2")
        self.world.run(FloatInterface(interface_uuid=self.old.uuid, address=ADDRESS))
        self.world.report(self.old)

    def interface(self, name: str, node: str) -> Interface:
        """Make an interface that its node has."""
        interface = self.world.interface(self.world.instance(name, node=node))
        self.world.report(interface)
        return self.world.now(interface)

    def move(self, source: Interface, target: Interface, if_revision: int = 0) -> tuple[Interface, Interface]:
        """Move ADDRESS."""
        command = MoveFloating(address=ADDRESS, source=source.uuid, target=target.uuid, if_revision=if_revision)
        return self.world.run(command)

    def floating(self, interface: Interface) -> Floating:
        """Return what an interface floats at."""
        floating = self.world.now(interface).floating
        assert floating is not None
        return floating

    @property
    def record(self) -> Reservation:
        """The record of ADDRESS."""
        record = addresses.record_of(self.world.draft, None, ADDRESS)
        assert record is not None
        return record

    def said_of(self, interface: Interface) -> list[str]:
        """Return the words of an interface's events."""
        said = [event_of(entry) for entry in self.world.draft.entries if entry.key == interface.uuid]
        return [event.message for event in said if event]


@pytest.fixture
def moves() -> Moves:
    return Moves()


def test_the_new_holder_waits_until_the_old_node_let_go(moves: Moves) -> None:
    known = moves.world.now(moves.new)
    old, new = moves.move(moves.old, moves.new)
    assert old.floating is None
    assert old.generation == moves.world.now(moves.old).observed_generation + 1
    assert new.floating is not None
    assert (new.floating.address, new.floating.phase, new.floating.held_by) == (ADDRESS, Phase.PENDING, old.uuid)
    assert new.floating.reason == "waits until node n1 lets go of it"
    assert new.generation == known.generation  # nothing is asked of the new node yet
    assert (moves.record.owner, moves.record.type) == (old.uuid, ReservationType.FLOATING)
    moves.world.report(new)
    assert moves.floating(new).phase is Phase.PENDING
    moves.world.report(old, generation=old.generation - 1)  # of what was before
    assert moves.floating(new).held_by == old.uuid

    moves.world.report(old)
    given = moves.world.now(new)
    assert moves.record.owner == new.uuid
    assert (moves.floating(new).held_by, moves.floating(new).reason, given.generation) == (None, "", new.generation + 1)
    moves.world.report(new, generation=new.generation)
    assert moves.floating(new).phase is Phase.PENDING
    moves.world.report(new)
    assert moves.floating(new).phase is Phase.ACTIVE


def test_all_of_a_move_is_one_transaction(moves: Moves) -> None:
    before = len(moves.world.draft.entries)
    moves.move(moves.old, moves.new)
    keys = [entry.key for entry in moves.world.draft.entries[before:]]
    assert keys == [moves.old.uuid, f"floating/{ADDRESS}", moves.new.uuid]


def test_an_old_node_that_cannot_let_go_keeps_the_new_one_waiting(moves: Moves) -> None:
    old, new = moves.move(moves.old, moves.new)
    moves.world.report(old, floating_error="the former address is still programmed")
    assert moves.floating(new).held_by == old.uuid
    assert moves.floating(new).reason == "waits until node n1 lets go of it: the former address is still programmed"
    assert moves.world.now(old).observed_generation < old.generation
    moves.world.report(old)
    assert moves.floating(new).held_by is None


def test_an_old_node_that_is_away_is_named(moves: Moves) -> None:
    moves.world.run(MissNode(name="n1"))
    _, new = moves.move(moves.old, moves.new)
    assert moves.floating(new).reason == "waits until node n1 lets go of it: node n1 is away"
    moves.world.node("n1")
    assert moves.floating(new).reason == "waits until node n1 lets go of it"
    moves.world.run(MissNode(name="n1"))
    assert moves.floating(new).reason == "waits until node n1 lets go of it: node n1 is away"
    moves.world.run(MissNode(name="n2"))
    assert moves.floating(new).reason == "waits until node n1 lets go of it: node n1 is away"


@pytest.mark.parametrize("first", ["move", "fence"])
def test_an_old_node_that_is_known_to_be_off_holds_nothing_up(moves: Moves, first: str) -> None:
    moves.world.run(MissNode(name="n1"))
    if first == "move":
        moves.move(moves.old, moves.new)
        assert moves.floating(moves.new).held_by == moves.old.uuid
        moves.world.run(FenceNode(node="n1"))
    else:
        moves.world.run(FenceNode(node="n1"))
        moves.move(moves.old, moves.new)
    assert (moves.floating(moves.new).held_by, moves.record.owner) == (None, moves.new.uuid)
    assert moves.world.now(moves.new).generation > moves.new.generation  # its node is asked for it


def test_an_old_holder_that_waits_for_another_address_itself_lets_go_with_its_last_node(moves: Moves) -> None:
    world, third, other = moves.world, moves.interface("third", "n2"), IPv4Address("192.0.2.8")
    world.run(FloatInterface(interface_uuid=third.uuid, address=other))
    world.run(MissNode(name="n1"))
    world.run(MoveInstance(instance_ref="old", namespace="", node="n2"))
    moves.move(moves.old, moves.new)
    world.run(MoveFloating(address=other, source=third.uuid, target=moves.old.uuid))
    world.report(world.now(moves.old))
    assert (moves.floating(moves.new).held_by, moves.record.owner) == (moves.old.uuid, moves.old.uuid)
    world.run(FenceNode(node="n1"))
    assert (moves.floating(moves.new).held_by, moves.record.owner) == (None, moves.new.uuid)
    assert moves.floating(moves.old).held_by == third.uuid


@pytest.mark.parametrize("whole", [False, True])
def test_an_old_holder_that_is_deleted_hands_over_when_it_is_gone(moves: Moves, *, whole: bool) -> None:
    _, new = moves.move(moves.old, moves.new)
    if whole:
        moves.world.run(MoveInstance(instance_ref="old", namespace="", node="n2"))
        former = moves.world.now(moves.old).former_nodes[0]
        moves.world.report(moves.world.now(moves.old))  # its new node never had the address
        assert moves.floating(new).held_by == moves.old.uuid
        report = BindingReport(interface_uuid=moves.old.uuid, generation=former.generation, removed=True)
        moves.world.run(ReportNode(node="n1", reports=(report,)))
    else:
        moves.world.run(DeleteInterface(interface_uuid=moves.old.uuid))
        assert moves.floating(new).held_by == moves.old.uuid
        moves.world.report(moves.old, removed=True)
    assert moves.floating(new).held_by is None
    assert moves.record.owner == new.uuid


def test_moved_on_before_the_first_node_let_go(moves: Moves) -> None:
    third = moves.interface("third", "n1")
    moves.move(moves.old, moves.new)
    new, last = moves.move(moves.new, third)
    assert new.floating is None
    assert new.generation == moves.new.generation  # its node never heard of the address
    assert last.floating is not None
    assert last.floating.held_by == moves.old.uuid
    moves.world.report(moves.old)
    assert moves.record.owner == third.uuid
    moves.world.report(third)
    assert moves.floating(third).phase is Phase.ACTIVE


def test_moved_back_before_the_first_node_let_go(moves: Moves) -> None:
    moves.move(moves.old, moves.new)
    new, old = moves.move(moves.new, moves.old)
    assert new.floating is None
    assert old.floating is not None
    assert (old.floating.held_by, old.floating.generation, moves.record.promise) == (None, old.generation, None)
    moves.world.report(old, generation=old.generation - 1)  # it was gone for a moment
    assert moves.record.owner == old.uuid
    assert moves.floating(old).phase is Phase.PENDING
    moves.world.report(old)
    assert moves.floating(old).phase is Phase.ACTIVE


@pytest.mark.parametrize("deleted", [False, True])
def test_given_up_before_it_came_it_rests_when_the_old_node_let_go(moves: Moves, *, deleted: bool) -> None:
    moves.move(moves.old, moves.new)
    command = DeleteInterface if deleted else DefloatInterface
    given_up = moves.world.run(command(interface_uuid=moves.new.uuid))
    assert given_up.floating is None
    assert (moves.record.owner, moves.record.type) == (moves.old.uuid, ReservationType.FLOATING)
    assert "given up before it came" in moves.said_of(moves.new)[-1]
    moves.world.report(moves.old)
    assert moves.record.type is ReservationType.DELETION_HALO


def test_the_old_holder_does_not_get_it_back_by_asking(moves: Moves) -> None:
    moves.move(moves.old, moves.new)
    with pytest.raises(errors.AddressInUse):
        moves.world.run(FloatInterface(interface_uuid=moves.old.uuid, address=ADDRESS))
    other = moves.world.run(FloatInterface(interface_uuid=moves.old.uuid)).floating
    assert other is not None
    assert other.address != ADDRESS
    moves.world.report(moves.old)
    assert (moves.record.owner, moves.floating(moves.old).phase) == (moves.new.uuid, Phase.ACTIVE)


def test_a_new_holder_that_gives_another_address_back_takes_this_one(moves: Moves) -> None:
    other = moves.world.run(FloatInterface(interface_uuid=moves.new.uuid)).floating
    assert other is not None
    moves.world.report(moves.new)
    moves.world.run(DefloatInterface(interface_uuid=moves.new.uuid))
    moves.move(moves.old, moves.new)
    moves.world.report(moves.new)
    released = addresses.record_of(moves.world.draft, None, other.address)
    assert released is not None
    assert released.type is ReservationType.DELETION_HALO
    moves.world.report(moves.old)
    moves.world.report(moves.new)
    assert moves.floating(moves.new).phase is Phase.ACTIVE


def test_a_new_holder_that_moves_to_another_node_goes_on_waiting(moves: Moves) -> None:
    moves.move(moves.old, moves.new)
    moves.world.run(MoveInstance(instance_ref="new", namespace="", node="n1"))
    moves.world.report(moves.world.now(moves.new))
    assert (moves.floating(moves.new).phase, moves.floating(moves.new).held_by) == (Phase.PENDING, moves.old.uuid)
    moves.world.report(moves.old)
    moves.world.report(moves.world.now(moves.new))
    assert moves.floating(moves.new).phase is Phase.ACTIVE


def test_a_reserved_address_stays_reserved_through_a_move(moves: Moves) -> None:
    moves.world.run(ReserveAddress(namespace="", address=ADDRESS, comment="www"))
    moves.move(moves.old, moves.new)
    moves.world.report(moves.old)
    assert (moves.record.owner, moves.record.kept, moves.record.comment) == (moves.new.uuid, True, "www")


def test_the_revision_that_the_caller_saw_must_hold(moves: Moves) -> None:
    seen = moves.world.now(moves.old)
    with pytest.raises(errors.RevisionChanged, match=f"at revision {seen.revision}"):
        moves.move(moves.old, moves.new, if_revision=seen.revision - 1)
    moves.move(moves.old, moves.new, if_revision=seen.revision)
    assert moves.floating(moves.new).address == ADDRESS


def test_a_move_takes_nothing_from_anybody(moves: Moves) -> None:
    with pytest.raises(errors.Malformed):
        moves.move(moves.old, moves.old)
    with pytest.raises(errors.NotFloating):
        moves.move(moves.new, moves.old)
    moves.world.network("theirs", namespace="red")
    theirs = moves.world.interface(moves.world.instance("theirs", "theirs", namespace="red"))
    with pytest.raises(errors.OtherNamespace):
        moves.move(moves.old, theirs)
    with pytest.raises(errors.InterfaceNotFound) as absent:
        moves.world.run(MoveFloating(address=ADDRESS, source=moves.old.uuid, target=theirs.uuid), Caller("red"))
    assert absent.value.field == "from_interface_uuid"
    busy = moves.interface("busy", "n2")
    moves.world.run(FloatInterface(interface_uuid=busy.uuid))
    with pytest.raises(errors.AlreadyFloating) as floats:
        moves.move(moves.old, busy)
    assert floats.value.field == "to_interface_uuid"
    moves.world.run(DeleteInterface(interface_uuid=moves.new.uuid))
    with pytest.raises(errors.NotReady):
        moves.move(moves.old, moves.new)
    moves.world.run(DefloatInterface(interface_uuid=moves.old.uuid))
    with pytest.raises(errors.NotFloating, match="back: it floats no more"):
        moves.move(moves.old, moves.interface("late", "n1"))


def test_a_move_is_told_to_both_in_words(moves: Moves) -> None:
    moves.move(moves.old, moves.new)
    moves.world.report(moves.old)
    assert moves.said_of(moves.old)[-1] == f"floating address {ADDRESS} moved to interface {moves.new.uuid}"
    assert moves.said_of(moves.new)[-2:] == [
        f"floating address {ADDRESS} comes from interface {moves.old.uuid}, and waits until node n1 lets go of it",
        f"floating address {ADDRESS} is let go of where it was, and comes",
    ]


def test_a_node_that_cannot_let_go_of_a_former_address_has_confirmed_nothing_while_another_is_on_its_way() -> None:
    moves = Moves()
    former = IPv4Address("192.0.2.8")
    moves.world.run(FloatInterface(interface_uuid=moves.new.uuid, address=former))
    moves.world.report(moves.new)
    moves.world.run(DefloatInterface(interface_uuid=moves.new.uuid))
    moves.move(moves.old, moves.new)
    moves.world.report(moves.new, floating_error="removing the route to 192.0.2.8: busy")
    now = moves.world.now(moves.new)
    assert now.observed_generation < now.generation
    held = addresses.record_of(moves.world.draft, None, former)
    assert held is not None
    assert (held.owner, held.until) == (moves.new.uuid, None)
    moves.world.report(moves.new)
    rests = addresses.record_of(moves.world.draft, None, former)
    assert rests is not None
    assert rests.until is not None
