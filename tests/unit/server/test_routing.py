"""Addresses that are routed into a network: one node at a time has one, and none is free before its node let go."""

from ipaddress import IPv4Address

import pytest
from buoy_server.core import addresses, errors, lookup
from buoy_server.core.changes import Change
from buoy_server.core.commands.floating import FloatInterface
from buoy_server.core.commands.instances import DeleteInstance
from buoy_server.core.commands.interfaces import DeleteInterface
from buoy_server.core.commands.moving import MoveInstance
from buoy_server.core.commands.networks import DeleteNetwork
from buoy_server.core.commands.nodes import BindingReport, MissNode, NetworkReport, ReportNode
from buoy_server.core.commands.routing import RouteAddress, UnrouteAddress
from buoy_server.core.events import event_of
from buoy_server.core.model import Network, Reservation, ReservationType, RoutedAddress
from buoy_server.core.states import NetworkState, RoutedPhase

from tests.unit.server.world import SYSTEM, World, small_world

ADDRESS = IPv4Address("192.0.2.60")


def _network(world: World) -> Network:
    return lookup.network(world.draft, SYSTEM, "net")


def _route(world: World, node: str = "", address: IPv4Address | None = ADDRESS) -> RoutedAddress:
    return world.run(RouteAddress(network_ref="net", namespace="", address=address, node=node))


def _unroute(world: World) -> Network:
    return world.run(UnrouteAddress(network_ref="net", namespace="", address=ADDRESS))


def _says(world: World, node: str = "n1", *, generation: int | None = None, fault: str = "") -> None:
    network = _network(world)
    report = NetworkReport(
        network_uuid=network.uuid,
        generation=network.routed_generation if generation is None else generation,
        faults={ADDRESS: fault} if fault else {},
    )
    world.run(ReportNode(node=node, reports=(), networks=(report,)))


def _record(world: World) -> Reservation | None:
    return addresses.record_of(world.draft, None, ADDRESS)


def _state(world: World) -> tuple[str, str, str]:
    """Return where the address is, who has to let go of it, and its phase."""
    routed = _network(world).routed_at(ADDRESS)
    assert routed is not None
    return routed.node, routed.former_node, routed.phase


def _two_nodes() -> World:
    """Return a network with instances `web` on n1 and `far` on n2, and the address routed by n1."""
    world = small_world()
    world.node("n2")
    world.instance("web", node="n1")
    _route(world)
    _says(world)
    world.instance("far", node="n2")
    return world


def test_an_address_is_pending_until_its_node_has_it_and_resting_when_the_node_let_go() -> None:
    world = small_world()
    world.instance()
    assert _route(world).phase is RoutedPhase.PENDING
    assert _state(world) == ("n1", "", "pending")
    record = _record(world)
    assert record is not None
    assert (record.type, record.owner) == (ReservationType.ROUTED, _network(world).uuid)
    _says(world)
    assert _state(world) == ("n1", "", "active")
    _unroute(world)
    assert _state(world) == ("", "n1", "releasing")
    _says(world)
    assert _network(world).routed == ()
    record = _record(world)
    assert record is not None
    assert record.type is ReservationType.DELETION_HALO


def test_a_random_address_of_the_pool_is_taken_where_none_is_asked() -> None:
    world = small_world()
    world.instance()
    first, second = _route(world, address=None), _route(world, address=None)
    assert first.address != second.address
    assert [routed.address for routed in _network(world).routed] == [first.address, second.address]


def test_asking_again_changes_nothing_and_another_pool_is_refused() -> None:
    world = small_world()
    world.instance()
    first = _route(world)
    world.pool("other", "198.51.100.0/24")
    before = world.draft.revision
    assert _route(world) == first
    with pytest.raises(errors.AddressOutsidePool):
        world.run(RouteAddress(network_ref="net", namespace="", address=ADDRESS, pool_ref="other"))
    assert world.draft.revision == before


def test_without_an_instance_it_waits_for_the_first_one() -> None:
    world = small_world()
    assert (_route(world).node, _route(world).reason) == ("", "no instance is on the network yet")
    world.instance()
    assert _state(world) == ("n1", "", "pending")


def test_a_failure_is_shown_with_its_words_and_made_good_by_the_next_report() -> None:
    world = small_world()
    world.instance()
    _route(world)
    _says(world, fault="no room")
    routed = _network(world).routed_at(ADDRESS)
    assert routed is not None
    assert (routed.phase, routed.reason, routed.active_time) == (RoutedPhase.FAILED, "no room", None)
    _says(world)
    assert _state(world) == ("n1", "", "active")
    _unroute(world)
    _says(world, fault="still there")
    assert _state(world) == ("", "n1", "releasing")


def test_a_report_of_an_older_generation_or_of_another_node_or_of_one_never_asked_changes_nothing() -> None:
    world = small_world()
    world.node("n2")
    world.instance()
    _route(world)
    before = world.draft.revision
    _says(world, generation=0)
    _says(world, "n2")
    _says(world, generation=9)
    assert (world.draft.revision, _state(world)) == (before, ("n1", "", "pending"))


def test_one_node_lets_go_before_the_next_one_gets_it() -> None:
    world = _two_nodes()
    assert _route(world, "n2").reason == "node n1 has to let go first"
    assert _state(world) == ("n2", "n1", "pending")
    _says(world, "n2")
    assert _state(world) == ("n2", "n1", "pending")
    _says(world, "n1")
    assert _state(world) == ("n2", "", "pending")
    _says(world, "n1")
    _says(world, "n2")
    assert _state(world) == ("n2", "", "active")


def test_when_the_last_instance_leaves_a_node_another_one_takes_over() -> None:
    world = _two_nodes()
    web = world.interface(lookup.instance(world.draft, SYSTEM, "web"))
    world.run(DeleteInterface(interface_uuid=web.uuid))
    assert _state(world)[0] == "n1"
    world.report(web, removed=True)
    assert _state(world) == ("n2", "", "pending")


def test_an_instance_that_moves_alone_takes_the_address_along_once_the_old_node_let_go() -> None:
    world = small_world()
    world.node("n2")
    interface = world.interface(world.instance())
    _route(world)
    _says(world)
    world.run(MoveInstance(instance_ref="web", namespace="", node="n2"))
    assert _state(world) == ("n1", "", "active")
    former = world.now(interface).former_nodes[0]
    report = BindingReport(interface_uuid=interface.uuid, generation=former.generation, removed=True)
    world.run(ReportNode(node="n1", reports=(report,)))
    assert _state(world) == ("n2", "", "pending")


def test_routed_again_while_it_is_released_it_stays() -> None:
    world = small_world()
    world.instance()
    _route(world)
    _says(world)
    _unroute(world)
    late = _network(world).routed_generation
    _route(world)
    assert _state(world) == ("n1", "", "pending")
    _says(world, generation=late)
    assert _state(world) == ("n1", "", "pending")
    _says(world)
    assert _state(world) == ("n1", "", "active")


def test_the_last_owner_gets_it_back_from_quarantine_and_nobody_else_does() -> None:
    world = small_world()
    interface = world.interface(world.instance())
    world.network("far", "10.1.0.0/24", namespace="other")
    _route(world)
    _unroute(world)
    _says(world)
    with pytest.raises(errors.AddressInUse):
        world.run(RouteAddress(network_ref="far", namespace="other", address=ADDRESS))
    _route(world)
    with pytest.raises(errors.AddressInUse):
        world.run(FloatInterface(interface_uuid=interface.uuid, address=ADDRESS))


def test_a_node_that_is_away_is_what_it_waits_for() -> None:
    world = small_world()
    world.instance()
    _route(world)
    world.run(MissNode(name="n1"))
    assert [routed.reason for routed in _network(world).routed] == ["node n1 is away"]
    world.node("n1")
    assert [routed.reason for routed in _network(world).routed] == [""]
    with pytest.raises(errors.NodeNotFound):
        _route(world, "n9")
    world.node("n2")
    with pytest.raises(errors.NotReady, match="no instance on node n2"):
        _route(world, "n2")


def test_a_deleted_network_releases_what_was_routed_into_it() -> None:
    world = small_world()
    instance = world.instance()
    interface = world.interface(instance)
    _route(world)
    world.run(DeleteInstance(instance_ref="web", namespace=""))
    uuid = _network(world).uuid
    assert world.run(DeleteNetwork(network_ref="net", namespace="")).state is NetworkState.DELETE_WAIT
    assert _record(world) is not None
    world.report(interface, removed=True)
    network = lookup.network(world.draft, SYSTEM, uuid)
    assert (network.state, network.routed) == (NetworkState.DELETED, ())
    record = _record(world)
    assert record is not None
    assert record.type is ReservationType.DELETION_HALO
    with pytest.raises(errors.NotReady):
        world.run(RouteAddress(network_ref=uuid, namespace=""))


def test_an_address_that_is_not_routed_there_is_not_found() -> None:
    world = small_world()
    with pytest.raises(errors.AddressNotRouted):
        _unroute(world)


def test_the_story_of_a_routed_address() -> None:
    world = _two_nodes()
    _route(world, "n2")
    _says(world, "n1")
    _says(world, "n2", fault="no room")
    _says(world, "n2")
    _unroute(world)
    _says(world, "n2")
    entries = [entry for entry in world.draft.entries if entry.key == _network(world).uuid]
    told = [event for event in map(event_of, entries[1:]) if event]
    assert [event.message for event in told] == [
        "routed address 192.0.2.60 asked for, on node n1",
        "routed address 192.0.2.60 is there, on node n1",
        "routed address 192.0.2.60 is to be on node n2: node n1 has to let go first",
        "routed address 192.0.2.60 is to be on node n2",
        "routed address 192.0.2.60 failed on node n2, and is tried again: no room",
        "routed address 192.0.2.60 is there, on node n2",
        "routed address 192.0.2.60 asked back",
        "routed address 192.0.2.60 released",
    ]
    assert told[0].changes == (Change("routed_addresses.192.0.2.60", "", "pending on n1"),)
    assert told[-1].changes == (Change("routed_addresses.192.0.2.60", "releasing on n2", ""),)
