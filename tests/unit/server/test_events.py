"""What an owner reads of an object: words, and what changed."""

from dataclasses import replace

from buoy_server.core.changes import Change, changes_of
from buoy_server.core.commands.floating import DefloatInterface, FloatInterface
from buoy_server.core.commands.instances import DeleteInstance
from buoy_server.core.commands.metadata import DeleteMetadataItem, SetMetadataItem
from buoy_server.core.events import Event, event_of
from buoy_server.core.model import Interface

from tests.unit.server.world import World, small_world


def _said(world: World, interface: Interface) -> list[Event]:
    entries = [entry for entry in world.draft.entries if entry.key == interface.uuid]
    return [event for event in map(event_of, entries) if event]


def _floated() -> tuple[World, Interface]:
    world = small_world()
    interface = world.interface(world.instance())
    world.report(interface)
    return world, world.run(FloatInterface(interface_uuid=interface.uuid))


def test_the_story_of_a_float_says_what_changed_at_each_step() -> None:
    world, interface = _floated()
    assert interface.floating
    address, pool = str(interface.floating.address), interface.floating.pool
    world.report(interface)
    world.run(DefloatInterface(interface_uuid=interface.uuid))
    world.report(interface)
    assert [event.changes for event in _said(world, interface)] == [
        (),
        (Change("state", "initial", "created"),),
        (
            Change("floating.address", "", address),
            Change("floating.pool", "", pool),
            Change("floating.phase", "", "pending"),
        ),
        (Change("floating.phase", "pending", "active"),),
        (Change("floating.phase", "active", "releasing"),),
        (
            Change("floating.address", address, ""),
            Change("floating.pool", pool, ""),
            Change("floating.phase", "releasing", ""),
        ),
    ]


def test_metadata_is_told_by_its_key_alone() -> None:
    world, interface = _floated()
    world.run(SetMetadataItem(find=lambda *_: world.now(interface), key="k", value="secret"))
    world.run(DeleteMetadataItem(find=lambda *_: world.now(interface), key="k"))
    told = _said(world, interface)[-2:]
    assert [event.message for event in told] == ["metadata 'k' set", "metadata 'k' deleted"]
    assert [event.changes for event in told] == [(Change("metadata.k"),)] * 2


def test_a_nic_that_comes_back_is_told() -> None:
    world, interface = _floated()
    world.report(interface, nic_error="it was unplugged")
    world.report(interface)
    gone, back = _said(world, interface)[-2:]
    assert gone.message.startswith("the NIC is not there: it was unplugged")
    assert Change("state_reason", "", "it was unplugged") in gone.changes
    assert back.message.startswith("the NIC is there again")
    assert Change("state_reason", "it was unplugged", "") in back.changes


def test_long_reasons_are_cut() -> None:
    world, interface = _floated()
    world.report(interface, floating_error="no " * 5000)
    failed = _said(world, interface)[-1]
    assert len(failed.message) == 1000
    reason = next(change.after for change in failed.changes if change.property == "floating.reason")
    assert len(reason) == 80
    assert reason.endswith("...")


def test_a_network_tells_of_its_gateway_on_each_node() -> None:
    world = small_world()
    network = world.network("nat", "10.5.0.0/24", nat=True)
    instance = world.instance("web", "nat")
    interface = world.interface(instance)
    world.run(DeleteInstance(instance_ref=instance.uuid, namespace=""))
    world.report(interface, removed=True)
    told = [event_of(entry) for entry in world.draft.entries if entry.key == network.uuid]
    got, released = (event.changes for event in told if event and event.changes)
    assert [(change.property, change.before) for change in got] == [("floating_gateways.n1", "")]
    assert released == (Change("floating_gateways.n1", got[0].after, ""),)


def test_a_new_object_and_a_forgotten_one_have_no_changes() -> None:
    _, interface = _floated()
    assert changes_of(None, interface) == changes_of(interface, None) == ()
    assert changes_of(interface, replace(interface, generation=9)) == ()
