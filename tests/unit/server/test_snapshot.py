"""The bindings that are read straight off stored bytes are those that the core's objects lead to, whatever is under way."""

from collections.abc import Callable, Collection, Hashable
from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from buoy_server.core.commands.floating import DefloatInterface
from buoy_server.core.commands.interfaces import DeleteInterface
from buoy_server.core.commands.move_floating import MoveFloating
from buoy_server.core.commands.moving import MoveInstance
from buoy_server.core.commands.routing import RouteAddress
from buoy_server.core.model import FlowPolicy, Interface
from buoy_server.core.state import Draft, Kind

from tests.unit.server.snapshots import at_once, said_at_once, said_one_by_one
from tests.unit.server.world import World, floating_world

A = IPv4Address("192.0.2.10")


def _defloated(world: World, interface: Interface, flows: FlowPolicy) -> None:
    world.run(DefloatInterface(interface_uuid=interface.uuid, flows=flows, drain_time=timedelta(seconds=30)))


def _draining(world: World, interface: Interface) -> None:
    _defloated(world, interface, FlowPolicy.DRAIN)
    world.report(interface, draining=frozenset({A}))


def _moved_to_another(world: World, interface: Interface) -> None:
    """The other one's node knows of everything, and the address is still held by the first."""
    other = world.interface(world.instance("other", node="n2"))
    world.report(other)
    world.run(MoveFloating(address=A, source=interface.uuid, target=other.uuid))
    world.report(other)
    assert world.now(other).observed_generation == world.now(other).generation


STEPS: dict[str, Callable[[World, Interface], object]] = {
    "nothing": lambda _world, _interface: None,
    "a float that goes": lambda world, interface: _defloated(world, interface, FlowPolicy.CUT),
    "a float that drains": _draining,
    "an address that another one still holds": _moved_to_another,
    "an interface that goes": lambda world, interface: world.run(DeleteInterface(interface_uuid=interface.uuid)),
    "an instance that moves": lambda world, _: world.run(MoveInstance(instance_ref="web", namespace="", node="n2")),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_snapshot_says_what_later_updates_say(step: str) -> None:
    world, interface = floating_world(A)
    STEPS[step](world, interface)
    for node in ("n1", "n2"):
        bindings, removals = said_at_once(world.draft, node)
        assert (bindings, removals) == said_one_by_one(world.draft, node)
        assert (bindings, removals) == said_at_once(world.draft, node, in_columns=False)
        assert (
            bindings
            or removals
            or (node == "n2" and step not in ("an address that another one still holds", "an instance that moves"))
        )


def test_a_network_that_changes_meanwhile_is_sent_as_it_is_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("buoy_server.rpc.snapshot.CHUNK", 1)
    world, _ = floating_world(A)
    world.report(world.interface(world.instance("other")))
    parts = at_once(world.draft, "n1")
    assert not next(parts).settled[0].network.routed_addresses
    world.run(RouteAddress(network_ref="net", namespace="", address=IPv4Address("192.0.2.77")))
    assert next(parts).settled[0].network.routed_addresses == ["192.0.2.77"]


@pytest.mark.parametrize(
    ("nic_error", "floating_error", "works"), [("", "", True), ("no NIC", "", False), ("", "no route", False)]
)
def test_an_interface_works_as_long_as_its_node_has_nothing_to_say_of_it(
    nic_error: str, floating_error: str, works: bool
) -> None:
    world, interface = floating_world(A)
    world.report(interface, nic_error=nic_error, floating_error=floating_error)
    (update,) = at_once(world.draft, "n1")
    assert [list(columns.works) for columns in update.settled] == [[works]]


def test_a_snapshot_looks_through_nothing_but_the_interfaces_of_its_node(monkeypatch: pytest.MonkeyPatch) -> None:
    world, interface = floating_world(A)
    find, asked = Draft.find, list[tuple[str, Hashable]]()

    def found(draft: Draft, kind: Kind, index: str, value: Hashable) -> Collection[str]:
        asked.append((index, value))
        return find(draft, kind, index, value)

    monkeypatch.setattr(Draft, "find", found)
    monkeypatch.setattr(Draft, "keys", lambda _draft, kind: pytest.fail(f"goes through every {kind}"))
    bindings, _ = said_at_once(world.draft, "n1")
    assert list(bindings) == [interface.uuid]
    assert set(asked) == {("node", "n1")}


def test_interfaces_of_each_network_stand_in_columns_of_their_own() -> None:
    world, _ = floating_world(A)
    world.network("blue")
    for name, network in (("second", "net"), ("third", "blue")):
        world.report(world.interface(world.instance(name, network)))
    (update,) = at_once(world.draft, "n1")
    assert sorted(len(columns.interface_uuids) for columns in update.settled) == [1, 2]
