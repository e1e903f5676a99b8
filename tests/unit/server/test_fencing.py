"""A node that is away has what it has: nothing of it is handed out before it said so, or its machine is known to be off."""

import asyncio
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address

import pytest
from buoy_server.core import addresses, errors, levels, lookup
from buoy_server.core.commands.fencing import FenceNode
from buoy_server.core.commands.floating import DefloatInterface, FloatInterface
from buoy_server.core.commands.housekeeping import ExpireQuarantine
from buoy_server.core.commands.instances import DeleteInstance
from buoy_server.core.commands.moving import MoveInstance
from buoy_server.core.commands.nodes import AnnounceNode, MissNode
from buoy_server.core.commands.retiring import DeleteNode
from buoy_server.core.commands.routing import RouteAddress, UnrouteAddress
from buoy_server.core.errors import StorageUnavailable
from buoy_server.core.model import Interface, ReservationType
from buoy_server.core.states import FloatingPhase, NodeState
from buoy_server.nodes import Presence

from tests.unit.server.world import SYSTEM, World

ADDRESS = IPv4Address("192.0.2.7")
BACK = AnnounceNode(name="n1", agent_version="1", external_interface="eth0")


def _world(*ranges: str) -> tuple[World, Interface]:
    """A pool of one address, which floats on n1; n2 is there as well."""
    world = World()
    world.pool("one", *(ranges or (str(ADDRESS),)))
    world.network()
    for name in ("n1", "n2"):
        world.node(name)
    interface = world.interface(world.instance())
    world.run(FloatInterface(interface_uuid=interface.uuid))
    world.report(interface)
    return world, world.now(interface)


def _is_handed_out(world: World, name: str) -> bool:
    other = world.interface(world.instance(name, node="n2"))
    try:
        world.run(FloatInterface(interface_uuid=other.uuid))
    except errors.PoolExhausted:
        return False
    return True


def test_an_address_is_not_handed_out_while_its_node_is_away_however_long() -> None:
    world, interface = _world()
    world.run(MissNode(name="n1"))
    world.run(DeleteInstance(instance_ref=interface.instance_uuid, namespace=""))
    for day in range(30):
        world.later(days=1)
        world.run(ExpireQuarantine())
        assert not _is_handed_out(world, f"other{day}")


def test_an_address_rests_once_its_node_is_known_to_be_off_and_is_handed_out_then() -> None:
    world, interface = _world()
    world.run(DefloatInterface(interface_uuid=interface.uuid))
    with pytest.raises(errors.NotReady, match="only one that is missing"):
        world.run(FenceNode(node="n1"))
    world.run(MissNode(name="n1"))
    assert world.run(FenceNode(node="n1")).state is NodeState.STOPPED
    record = addresses.record_of(world.draft, None, ADDRESS)
    assert record is not None
    assert (record.type, record.reason) == (ReservationType.DELETION_HALO, "defloated")
    assert world.now(interface).floating is None
    assert not _is_handed_out(world, "soon")
    world.later(seconds=30)
    assert _is_handed_out(world, "rested")


def test_what_still_floats_on_a_node_that_is_off_stays_where_it_is() -> None:
    world, interface = _world()
    world.run(MissNode(name="n1"))
    world.run(FenceNode(node="n1"))
    assert world.now(interface).floating == interface.floating
    assert levels.usage(world.draft, lookup.pool(world.draft, "one"))["in_use"] == 1


@pytest.mark.parametrize("before", [True, False])
def test_an_instance_moves_away_from_a_node_that_is_off(*, before: bool) -> None:
    world, interface = _world()
    move = MoveInstance(instance_ref=interface.instance_uuid, namespace="", node="n2")
    world.run(MissNode(name="n1"))
    if before:
        world.run(move)
        assert world.now(interface).former_nodes
    world.run(FenceNode(node="n1"))
    if not before:
        world.run(move)
    moved = world.now(interface)
    assert (moved.node, moved.former_nodes) == ("n2", ())
    world.report(moved)
    floating = world.now(interface).floating
    assert floating is not None
    assert (floating.phase, floating.address) == (FloatingPhase.ACTIVE, ADDRESS)


def test_what_is_asked_back_of_a_node_that_is_off_rests_at_once() -> None:
    world, interface = _world()
    world.run(MissNode(name="n1"))
    world.run(FenceNode(node="n1"))
    world.run(DeleteInstance(instance_ref=interface.instance_uuid, namespace=""))
    assert not world.now(interface).bound
    assert levels.usage(world.draft, lookup.pool(world.draft, "one"))["quarantined"] == 1


def test_a_node_that_was_thought_to_be_off_starts_anew_and_another_one_does_not() -> None:
    world, _ = _world()
    world.run(MissNode(name="n1"))
    assert not world.run(BACK)
    world.run(MissNode(name="n1"))
    world.run(FenceNode(node="n1"))
    assert world.run(BACK)
    assert lookup.node(world.draft, "n1").state is NodeState.CREATED
    world.run(MissNode(name="n2"))
    world.run(DeleteNode(node="n2", connected=False))
    assert world.run(replace(BACK, name="n2")), "it was forgotten, and what it had with it"


def test_a_routed_address_goes_on_when_the_node_that_had_it_is_off() -> None:
    world, _ = _world("192.0.2.0/28")
    world.instance("far", node="n2")
    routed = world.run(RouteAddress(network_ref="net", namespace="", node="n1"))
    world.run(MissNode(name="n1"))
    moved = world.run(RouteAddress(network_ref="net", namespace="", address=routed.address, node="n2"))
    assert (moved.node, moved.former_node) == ("n2", "n1")
    world.run(FenceNode(node="n1"))
    network = lookup.network(world.draft, SYSTEM, "net")
    assert network.routed[0].serving_node == "n2"
    world.run(RouteAddress(network_ref="net", namespace="", address=routed.address, node="n1"))
    world.run(UnrouteAddress(network_ref="net", namespace="", address=routed.address))
    assert lookup.network(world.draft, SYSTEM, "net").routed[0].former_node == "n2"


def test_a_routed_address_that_is_given_back_rests_when_its_node_is_off() -> None:
    world, _ = _world("192.0.2.0/28")
    routed = world.run(RouteAddress(network_ref="net", namespace=""))
    world.run(MissNode(name="n1"))
    world.run(UnrouteAddress(network_ref="net", namespace="", address=routed.address))
    assert addresses.record_of(world.draft, None, routed.address).type is ReservationType.ROUTED  # type: ignore[union-attr]
    world.run(FenceNode(node="n1"))
    assert addresses.record_of(world.draft, None, routed.address).reason == "unrouted"  # type: ignore[union-attr]
    assert lookup.network(world.draft, SYSTEM, "net").routed == ()


@dataclass
class Clock:
    """Time that goes by when the test says so, and what was told at which second."""

    now: float = 0
    sleeping: list[tuple[float, asyncio.Future[None]]] = field(default_factory=list)
    told: list[tuple[float, str]] = field(default_factory=list)
    failing: int = 0

    async def sleep(self, delay: float) -> None:
        """Sleep until the clock was put forward by that."""
        future = asyncio.get_running_loop().create_future()
        self.sleeping.append((self.now + delay, future))
        await future

    async def pass_by(self, seconds: int) -> None:
        """Let seconds go by, one after the other."""
        for _ in range(seconds):
            for _ in range(5):
                await asyncio.sleep(0)
            self.now += 1
            for due, future in list(self.sleeping):
                if due <= self.now and not future.done():
                    future.set_result(None)
        for _ in range(5):
            await asyncio.sleep(0)

    def presence(self, fence_delay: float) -> Presence:
        """What keeps the leases, of 15 s."""

        def tell(what: str) -> "object":
            async def told(node: str) -> None:
                if self.failing:
                    self.failing -= 1
                    raise StorageUnavailable("away")
                self.told.append((self.now, f"{node} {what}"))

            return told

        return Presence(tell("missing"), tell("fenced"), 15, fence_delay, sleep=self.sleep)  # type: ignore[arg-type]


@pytest.mark.anyio
async def test_a_node_is_fenced_after_its_lease_and_the_fence_delay_and_never_without_one() -> None:
    for delay, expected in ((60, [(15, "n1 missing"), (75, "n1 fenced")]), (0, [(15, "n1 missing")])):
        clock = Clock()
        presence = clock.presence(delay)
        presence.close(presence.open("n1"))
        await clock.pass_by(1000)
        assert clock.told == expected
        await presence.stop()


@pytest.mark.anyio
@pytest.mark.parametrize("away", [10, 74])
async def test_a_node_that_comes_back_in_time_is_not_fenced(away: int) -> None:
    clock = Clock()
    presence = clock.presence(60)
    presence.close(presence.open("n1"))
    await clock.pass_by(away)
    presence.open("n1")
    await clock.pass_by(1000)
    assert "n1 fenced" not in [what for _, what in clock.told]
    await presence.stop()


@pytest.mark.anyio
async def test_a_server_that_starts_gives_every_node_its_whole_lease_and_delay_again() -> None:
    clock = Clock(now=10_000)
    presence = clock.presence(60)
    presence.expect("n1")  # whatever it was before: nobody was there to hear of it
    await clock.pass_by(74)
    assert clock.told == [(10_015, "n1 missing")]
    await clock.pass_by(1)
    assert clock.told[1:] == [(10_075, "n1 fenced")]
    await presence.stop()


@pytest.mark.anyio
async def test_a_fence_that_cannot_be_stored_is_tried_again() -> None:
    clock = Clock()
    presence = clock.presence(60)
    presence.close(presence.open("n1"))
    await clock.pass_by(15)
    clock.failing = 1
    await clock.pass_by(120)
    assert clock.told == [(15, "n1 missing"), (135, "n1 fenced")]
    await presence.stop()
