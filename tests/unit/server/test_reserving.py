"""What a namespace reserved stays its own until it releases it, whatever floats at it meanwhile."""

from datetime import timedelta
from ipaddress import IPv4Address

import pytest
from buoy_server.core import addresses, errors, levels, lookup
from buoy_server.core.commands.floating import DefloatInterface, FloatInterface
from buoy_server.core.commands.instances import DeleteInstance
from buoy_server.core.commands.namespaces import CreateNamespace, DeleteNamespace, SetNamespaceQuota
from buoy_server.core.commands.pools import DeletePool
from buoy_server.core.commands.quarantine import ExtendQuarantine
from buoy_server.core.commands.reserving import ReleaseAddress, ReserveAddress
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Interface, Quota, Reservation, ReservationType
from buoy_server.core.state import Kind

from tests.unit.server.world import SYSTEM, World, small_world

OURS = IPv4Address("192.0.2.7")
RED, BLUE = Caller("red"), Caller("blue")
Type = ReservationType


def _world() -> World:
    """Return a world with the tenants red and blue."""
    world = small_world()
    for name in ("red", "blue"):
        world.run(CreateNamespace(name=name))
    return world


def _reserve(world: World, caller: Caller = RED, address: IPv4Address | None = OURS, comment: str = "") -> Reservation:
    return world.run(ReserveAddress(namespace="", address=address, comment=comment), caller)


def _interface(world: World, namespace: str = "red", name: str = "web") -> Interface:
    """Return an interface of a namespace that its node has."""
    network = f"net-{namespace}"
    if not lookup.visible(world.draft, Caller(namespace), Kind.NETWORK):
        world.network(network, namespace=namespace)
    interface = world.interface(world.instance(name, network, namespace=namespace))
    world.report(interface)
    return world.now(interface)


def _record(world: World, address: IPv4Address = OURS) -> Reservation:
    record = addresses.record_of(world.draft, None, address)
    assert record is not None
    return record


def _usage(world: World) -> dict[str, int]:
    return levels.usage(world.draft, lookup.pool(world.draft, "floating"))


def test_a_reserved_address_is_the_namespaces_and_counts_as_reserved() -> None:
    world = _world()
    before = _usage(world)
    record = _reserve(world, comment="www")
    assert (record.type, record.owner, record.namespace, record.comment, record.kept) == (Type.RESERVED, "", "red", "www", True)
    after = _usage(world)
    assert (after["reserved"], after["kept"], after["free"]) == (before["reserved"] + 1, 1, before["free"] - 1)
    assert after["size"] == after["free"] + after["in_use"] + after["reserved"] + after["quarantined"]


def test_reserving_it_again_changes_nothing_but_the_comment() -> None:
    world = _world()
    first = _reserve(world, comment="www")
    assert _reserve(world) == first
    assert _reserve(world, comment="mail").comment == "mail"
    assert _usage(world)["kept"] == 1


def test_a_reserved_address_goes_to_nobody_else() -> None:
    world = _world()
    _reserve(world)
    theirs = _interface(world, "blue")
    with pytest.raises(errors.AddressInUse):
        world.run(FloatInterface(interface_uuid=theirs.uuid, address=OURS), BLUE)
    with pytest.raises(errors.AddressInUse):
        _reserve(world, BLUE)
    with pytest.raises(errors.AddressNotFound):
        world.run(ReleaseAddress(address=OURS), BLUE)


def test_a_float_without_an_address_takes_none_that_is_reserved() -> None:
    world = World()
    world.pool("tiny", "192.0.2.6-192.0.2.7")
    world.node()
    world.run(CreateNamespace(name="red"))
    _reserve(world)
    interface = _interface(world)
    floating = world.run(FloatInterface(interface_uuid=interface.uuid), RED).floating
    assert floating is not None
    assert floating.address == IPv4Address("192.0.2.6")


def test_it_floats_by_its_address_and_is_reserved_again_when_its_node_let_go() -> None:
    world = _world()
    _reserve(world, comment="www")
    interface = _interface(world)
    world.run(FloatInterface(interface_uuid=interface.uuid, address=OURS), RED)
    assert (_record(world).type, _record(world).owner, _record(world).comment) == (Type.FLOATING, interface.uuid, "www")
    world.report(interface)
    world.run(DefloatInterface(interface_uuid=interface.uuid), RED)
    assert _record(world).type is Type.FLOATING  # the node has it still
    world.report(interface)
    assert (_record(world).type, _record(world).owner, _record(world).comment) == (Type.RESERVED, "", "www")
    assert _usage(world)["quarantined"] == 0


def test_it_outlives_the_instance_that_floated_at_it() -> None:
    world = _world()
    _reserve(world)
    interface = _interface(world)
    world.run(FloatInterface(interface_uuid=interface.uuid, address=OURS), RED)
    world.report(interface)
    world.run(DeleteInstance(instance_ref=interface.instance_uuid, namespace=""), RED)
    world.report(interface, removed=True)
    assert _record(world).type is Type.RESERVED
    other = _interface(world, name="next")
    assert world.run(FloatInterface(interface_uuid=other.uuid, address=OURS), RED).floating is not None


@pytest.mark.parametrize("late", [False, True])
def test_defloat_with_keep_address_reserves_the_address(late: bool) -> None:
    world = _world()
    interface = _interface(world)
    floating = world.run(FloatInterface(interface_uuid=interface.uuid), RED).floating
    assert floating is not None
    world.report(interface)
    if late:  # also where the address was asked back before
        world.run(DefloatInterface(interface_uuid=interface.uuid), RED)
    world.run(DefloatInterface(interface_uuid=interface.uuid, keep_address=True), RED)
    world.report(interface)
    record = _record(world, floating.address)
    assert (record.type, record.namespace, record.owner) == (Type.RESERVED, "red", "")


def test_an_address_that_floats_is_reserved_where_it_is() -> None:
    world = _world()
    interface = _interface(world)
    floating = world.run(FloatInterface(interface_uuid=interface.uuid, address=OURS), RED).floating
    assert floating is not None
    record = _reserve(world)
    assert (record.type, record.owner, record.kept) == (Type.FLOATING, interface.uuid, True)
    assert world.now(interface).floating == floating


def test_a_released_address_rests_and_its_namespace_may_take_it_back() -> None:
    world = _world()
    _reserve(world)
    released = world.run(ReleaseAddress(address=OURS), RED)
    assert (released.type, released.namespace, released.kept) == (Type.DELETION_HALO, "red", False)
    assert world.run(ReleaseAddress(address=OURS), RED) == released
    theirs = _interface(world, "blue")
    with pytest.raises(errors.AddressInUse):
        world.run(FloatInterface(interface_uuid=theirs.uuid, address=OURS), BLUE)
    with pytest.raises(errors.AddressInUse):
        _reserve(world, BLUE)
    assert _reserve(world).type is Type.RESERVED


def test_an_interface_floats_at_what_its_namespace_released_a_moment_ago() -> None:
    world = _world()
    _reserve(world)
    world.run(ReleaseAddress(address=OURS), RED)
    interface = _interface(world)
    assert world.run(FloatInterface(interface_uuid=interface.uuid, address=OURS), RED).floating is not None


def test_what_an_interface_had_last_can_be_reserved_out_of_quarantine() -> None:
    world = _world()
    interface = _interface(world)
    world.run(FloatInterface(interface_uuid=interface.uuid, address=OURS), RED)
    world.report(interface)
    world.run(DefloatInterface(interface_uuid=interface.uuid), RED)
    world.report(interface)
    assert _record(world).type is Type.DELETION_HALO
    assert _reserve(world).type is Type.RESERVED


def test_releasing_what_floats_ends_the_reservation_alone() -> None:
    world = _world()
    _reserve(world)
    interface = _interface(world)
    world.run(FloatInterface(interface_uuid=interface.uuid, address=OURS), RED)
    world.report(interface)
    released = world.run(ReleaseAddress(address=OURS), RED)
    assert (released.type, released.kept) == (Type.FLOATING, False)
    with pytest.raises(errors.NotReady, match="not reserved"):
        world.run(ReleaseAddress(address=OURS), RED)
    world.run(DefloatInterface(interface_uuid=interface.uuid), RED)
    world.report(interface)
    assert _record(world).type is Type.DELETION_HALO


def test_reserved_addresses_count_against_the_quota_once() -> None:
    world = _world()
    world.run(SetNamespaceQuota(namespace="red", quota=Quota(addresses=1)))
    _reserve(world)
    with pytest.raises(errors.QuotaExceeded):
        _reserve(world, address=None)
    interface = _interface(world)
    assert world.run(FloatInterface(interface_uuid=interface.uuid, address=OURS), RED).floating is not None
    assert _reserve(world).kept
    world.run(DefloatInterface(interface_uuid=interface.uuid), RED)
    world.report(interface)
    with pytest.raises(errors.QuotaExceeded):
        world.run(FloatInterface(interface_uuid=interface.uuid), RED)


def test_a_namespace_or_pool_with_reserved_addresses_is_not_deleted() -> None:
    world = _world()
    _reserve(world)
    with pytest.raises(errors.NamespaceInUse, match="1 address reserved: release it first"):
        world.run(DeleteNamespace(name="red"))
    with pytest.raises(errors.PoolInUse, match="reserved"):
        world.run(DeletePool(pool_ref="floating"))
    world.run(ReleaseAddress(address=OURS), SYSTEM)
    world.run(DeleteNamespace(name="red"))


def test_another_namespace_of_the_same_name_has_no_right_to_what_rests() -> None:
    world = _world()
    _reserve(world)
    world.run(ReleaseAddress(address=OURS), RED)
    world.run(DeleteNamespace(name="red"))
    world.run(CreateNamespace(name="red"))
    with pytest.raises(errors.AddressInUse):
        _reserve(world)
    reborn = Caller("red", since={"red": world.draft.revision})
    with pytest.raises(errors.AddressNotFound):
        world.run(ReleaseAddress(address=OURS), reborn)
    interface = _interface(world)
    with pytest.raises(errors.AddressInUse):
        world.run(FloatInterface(interface_uuid=interface.uuid, address=OURS), RED)


def test_an_extended_rest_gives_another_namespace_of_the_same_name_no_right() -> None:
    world = _world()
    _reserve(world)
    world.run(ReleaseAddress(address=OURS), RED)
    world.run(DeleteNamespace(name="red"))
    world.run(CreateNamespace(name="red"))
    reborn = Caller("red", since={"red": world.draft.revision})
    world.run(ExtendQuarantine(address=OURS, duration=timedelta(hours=1)))
    with pytest.raises(errors.AddressInUse):
        _reserve(world)
    with pytest.raises(errors.AddressNotFound):
        lookup.address(world.draft, reborn, OURS)


def test_the_network_gateway_and_broadcast_addresses_are_not_for_reserving() -> None:
    world = _world()
    for last in (0, 1, 255):
        with pytest.raises(errors.AddressReserved):
            _reserve(world, address=IPv4Address(f"192.0.2.{last}"))
    with pytest.raises(errors.AddressOutsidePool):
        _reserve(world, address=IPv4Address("198.51.100.1"))


def test_everybody_lists_what_is_theirs() -> None:
    world = _world()
    _reserve(world)
    _reserve(world, BLUE, IPv4Address("192.0.2.8"))
    assert lookup.kept_addresses(world.draft, RED) == ["floating/192.0.2.7"]
    assert len(lookup.kept_addresses(world.draft, SYSTEM)) == 2
    assert lookup.kept_addresses(world.draft, SYSTEM, "blue") == ["floating/192.0.2.8"]
    with pytest.raises(errors.NamespaceNotFound):
        lookup.kept_addresses(world.draft, RED, "blue")
