"""Instances, interfaces and networks: created whole, released when their node confirmed."""

from ipaddress import IPv4Address

import pytest
from buoy_server.core import addresses, errors, lookup
from buoy_server.core.commands.instances import CreateInstance, DeleteInstance
from buoy_server.core.commands.interfaces import CreateInterface, DeleteInterface
from buoy_server.core.commands.metadata import DeleteMetadataItem, SetMetadataItem
from buoy_server.core.commands.networks import DeleteNetwork
from buoy_server.core.commands.plug import InterfaceSpec
from buoy_server.core.commands.pools import DeletePool
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Driver, Interface, Json, Network
from buoy_server.core.state import Kind
from buoy_server.core.states import InstanceState, InterfaceState, NetworkState
from buoy_server.rpc.metadata import find_interface

from tests.unit.server.world import SYSTEM, World, small_world


def _network(world: World, network: Network) -> Network:
    return lookup.network(world.draft, SYSTEM, network.uuid)


def test_an_instance_is_created_when_all_its_nics_are_there() -> None:
    world = small_world()
    world.network("two", "10.1.0.0/24")
    instance = world.instance("web", "net", "two")
    first, second = world.interface(instance, 0), world.interface(instance, 1)
    assert (instance.state, first.order, second.order) == (InstanceState.CREATING, 0, 1)
    world.report(first)
    assert lookup.instance(world.draft, SYSTEM, "web").state is InstanceState.CREATING
    world.report(second, nic_error="no NIC with that MAC")
    assert world.now(second).state_reason == "no NIC with that MAC"
    world.report(second)
    assert lookup.instance(world.draft, SYSTEM, "web").state is InstanceState.CREATED
    assert world.now(second).state is InterfaceState.CREATED


def test_an_instance_without_interfaces_is_created_at_once() -> None:
    world = small_world()
    command = CreateInstance(name="bare", namespace="", node="n1", driver=Driver.NETNS, interfaces=())
    assert world.run(command).state is InstanceState.CREATED


def test_an_instance_is_created_whole_or_not_at_all() -> None:
    world = small_world()
    before = world.draft.revision
    specs = (InterfaceSpec(network_ref="net"), InterfaceSpec(network_ref="absent", path="interfaces[1]."))
    with pytest.raises(errors.NetworkNotFound) as refused:
        world.run(CreateInstance(name="web", namespace="", node="n1", driver=Driver.NETNS, interfaces=specs))
    assert refused.value.field == "interfaces[1].network_ref"
    assert world.draft.revision == before


def test_placement_takes_the_connected_node_with_the_fewest_instances() -> None:
    world = small_world()
    world.node("n2")
    world.instance("a", node="n1")
    command = CreateInstance(name="b", namespace="", node="", driver=Driver.NETNS, interfaces=(), connected=("n1", "n2"))
    assert world.run(command).node == "n2"
    with pytest.raises(errors.NoNode):
        world.run(CreateInstance(name="c", namespace="", node="", driver=Driver.NETNS, interfaces=()))


def test_hot_plug_takes_the_next_order() -> None:
    world = small_world()
    instance = world.instance("web", "net", "net")
    spec = InterfaceSpec(network_ref="net")
    assert world.run(CreateInterface(instance_ref="web", namespace="", spec=spec)).order == 2
    world.run(DeleteInterface(interface_uuid=world.interface(instance, 0).uuid))
    assert world.run(CreateInterface(instance_ref="web", namespace="", spec=spec)).order == 3


def test_deletion_frees_everything_when_the_node_confirmed_and_not_before() -> None:
    world = small_world()
    network = world.network("natted", "10.2.0.0/24", nat=True)
    instance = world.instance("web", "natted")
    interface = world.interface(instance)
    world.report(interface)
    gateway = _network(world, network).gateway_on("n1")
    assert gateway is not None
    deleted = world.run(DeleteInstance(instance_ref="web", namespace=""))
    assert deleted.state is InstanceState.DELETE_WAIT
    assert world.now(interface).state is InterfaceState.DELETED
    assert world.run(DeleteNetwork(network_ref="natted", namespace="")).state is NetworkState.DELETE_WAIT
    assert addresses.record_of(world.draft, network.uuid, interface.ipv4) is not None
    world.report(interface, removed=True)
    assert addresses.record_of(world.draft, network.uuid, interface.ipv4) is None
    assert lookup.instance(world.draft, SYSTEM, instance.uuid).state is InstanceState.DELETED
    assert _network(world, network).state is NetworkState.DELETED
    assert not [r for r in lookup.reservations(world.draft, network.uuid) if r.until is None]
    resting = addresses.record_of(world.draft, None, gateway.address)
    assert resting is not None
    assert resting.comment == "was gateway"


def test_deleting_twice_changes_nothing() -> None:
    world = small_world()
    instance = world.instance()
    world.run(DeleteInstance(instance_ref="web", namespace=""))
    revision = world.draft.revision
    world.run(DeleteInstance(instance_ref=instance.uuid, namespace=""))
    assert world.draft.revision == revision


def test_a_network_with_interfaces_is_not_deleted() -> None:
    world = small_world()
    world.instance()
    with pytest.raises(errors.NetworkInUse, match="has 1 interface: delete it"):
        world.run(DeleteNetwork(network_ref="net", namespace=""))


def test_a_network_that_was_deleted_takes_no_interface() -> None:
    world = small_world()
    network = world.network("gone", "10.9.0.0/24")
    world.run(DeleteNetwork(network_ref="gone", namespace=""))
    with pytest.raises(errors.NotReady):
        world.instance("web", network.uuid)


def test_fixed_addresses() -> None:
    world = small_world()
    instance = world.instance()
    taken = world.interface(instance).ipv4

    def plug(address: str) -> None:
        spec = InterfaceSpec(network_ref="net", address=IPv4Address(address))
        world.run(CreateInterface(instance_ref="web", namespace="", spec=spec))

    plug("10.0.0.77")
    with pytest.raises(errors.AddressInUse):
        plug(str(taken))
    with pytest.raises(errors.AddressOutsideNetblock):
        plug("10.0.1.1")
    for reserved in ("10.0.0.0", "10.0.0.1", "10.0.0.255"):
        with pytest.raises(errors.AddressReserved):
            plug(reserved)


def test_a_full_network_says_so() -> None:
    world = small_world()
    world.network("tiny", "10.3.0.0/30")
    world.instance("only", "tiny")
    with pytest.raises(errors.NetworkFull):
        world.instance("more", "tiny")


def test_a_mac_address_is_given_once() -> None:
    world = small_world()
    world.instance()
    spec = InterfaceSpec(network_ref="net", macaddr="02:00:00:00:00:01")
    first = world.run(CreateInterface(instance_ref="web", namespace="", spec=spec))
    with pytest.raises(errors.MacaddrInUse):
        world.run(CreateInterface(instance_ref="web", namespace="", spec=spec))
    world.run(DeleteInterface(interface_uuid=first.uuid))
    world.report(first, removed=True)
    assert world.run(CreateInterface(instance_ref="web", namespace="", spec=spec)).macaddr == "02:00:00:00:00:01"


def test_names_are_looked_up_within_their_namespace() -> None:
    world = small_world()
    ours = world.network("lan", namespace="a")
    world.network("lan", namespace="b")
    assert lookup.network(world.draft, Caller("a"), "lan").uuid == ours.uuid
    assert lookup.network(world.draft, SYSTEM, "lan", "a").uuid == ours.uuid
    with pytest.raises(errors.AmbiguousName):
        lookup.network(world.draft, SYSTEM, "lan")
    for ref in ("lan", ours.uuid, "absent"):
        with pytest.raises(errors.NetworkNotFound, match=f"network not found: {ref}"):
            lookup.network(world.draft, Caller("c"), ref)


def test_a_pool_in_use_is_not_deleted_a_resting_address_does_not_hold_it() -> None:
    world = small_world()
    spec = InterfaceSpec(network_ref="net", float_it=True)
    world.instance()
    interface = world.run(CreateInterface(instance_ref="web", namespace="", spec=spec))
    assert interface.floating is not None
    assert interface.floating.generation == 1
    with pytest.raises(errors.PoolInUse):
        world.run(DeletePool(pool_ref="floating"))
    world.run(DeleteInterface(interface_uuid=interface.uuid))
    world.report(interface, removed=True)
    world.run(DeletePool(pool_ref="floating"))
    assert not world.draft.find(Kind.RESERVATION, "owner", interface.uuid)


def test_pools_and_netblocks_do_not_overlap() -> None:
    world = small_world()
    with pytest.raises(errors.PoolOverlap):
        world.pool("more", "192.0.2.200-192.0.3.5")
    with pytest.raises(errors.NetblockOverlapsPool):
        world.network("over", "192.0.2.0/25")
    with pytest.raises(errors.NetblockOverlapsPool):
        world.pool("under", "10.0.0.128/25")
    with pytest.raises(errors.Malformed) as refused:
        world.pool("self", "198.51.100.0/24", "198.51.100.7")
    assert refused.value.field == "ranges[1]"


def test_metadata_is_an_upsert_and_has_limits() -> None:
    world = small_world()
    find = find_interface(world.interface(world.instance()).uuid)

    def put(key: str, value: Json) -> Interface:
        return world.run(SetMetadataItem(find=find, key=key, value=value))

    value: Json = {"nested": [1.0, None, True]}
    assert put("foo", value).metadata == {"foo": value}
    revision = world.draft.revision
    put("foo", value)
    world.run(DeleteMetadataItem(find=find, key="absent"))
    assert world.draft.revision == revision
    with pytest.raises(errors.MetadataTooLarge):
        put("big", "x" * (64 << 10))
    for index in range(4):
        put(f"k{index}", "x" * 60_000)
    with pytest.raises(errors.MetadataTooLarge, match="all metadata"):
        put("k4", "x" * 60_000)
    assert world.run(DeleteMetadataItem(find=find, key="foo")).metadata.keys() == {"k0", "k1", "k2", "k3"}


def test_a_gateway_address_is_one_per_network_and_node() -> None:
    world = small_world()
    network = world.network("natted", "10.2.0.0/24", nat=True)
    world.node("n2")
    for name, node in (("a", "n1"), ("b", "n1"), ("c", "n2")):
        world.instance(name, "natted", node=node)
    gateways = _network(world, network).floating_gateways
    assert [gateway.node for gateway in gateways] == ["n1", "n2"]
    assert len({gateway.address for gateway in gateways}) == 2


def test_without_a_pool_a_network_with_nat_still_takes_interfaces() -> None:
    world = World()
    world.network(nat=True)
    world.node()
    assert world.interface(world.instance()).live
    assert _network(world, lookup.network(world.draft, SYSTEM, "net")).floating_gateways == ()
