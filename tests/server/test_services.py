"""Every RPC of every service, over a real channel."""

from datetime import timedelta

import pytest
from buoy.v1 import instance_pb2, interface_pb2, network_pb2, node_pb2, pool_pb2
from google.protobuf.struct_pb2 import Value

from tests.server.agent import ScriptedAgent
from tests.server.running import Running

pytestmark = pytest.mark.anyio


async def test_the_life_of_a_float(server: Running, node: ScriptedAgent) -> None:
    interface = await server.interface()
    assert interface.state == interface_pb2.INTERFACE_STATE_INITIAL
    await node.read()
    await node.confirm()
    named = interface_pb2.GetInterfaceRequest(interface_uuid=interface.uuid)
    assert (await server.interfaces.GetInterface(named)).state == interface_pb2.INTERFACE_STATE_CREATED
    floated = await server.interfaces.FloatInterface(
        interface_pb2.FloatInterfaceRequest(interface_uuid=interface.uuid, address="192.0.2.77")
    )
    assert floated.floating.phase == interface_pb2.FLOATING_PHASE_PENDING
    await node.read()
    assert node.bindings[interface.uuid].floating_address == "192.0.2.77"
    await node.confirm()
    active = await server.interfaces.GetInterface(named)
    assert active.floating.phase == interface_pb2.FLOATING_PHASE_ACTIVE
    assert active.floating.HasField("active_time")
    await server.interfaces.DefloatInterface(interface_pb2.DefloatInterfaceRequest(interface_uuid=interface.uuid))
    await node.read()
    assert not node.bindings[interface.uuid].floating_address
    await node.confirm()
    assert not (await server.interfaces.GetInterface(named)).HasField("floating")
    await server.interfaces.DeleteInterface(interface_pb2.DeleteInterfaceRequest(interface_uuid=interface.uuid))
    await node.read()
    assert interface.uuid in node.removed
    await node.confirm()
    gone = await server.interfaces.GetInterface(named)
    assert gone.state == interface_pb2.INTERFACE_STATE_DELETED
    assert gone.observed_generation == gone.generation


async def test_create_interface_hot_plugs(server: Running, node: ScriptedAgent) -> None:
    await server.interface()
    plugged = await server.interfaces.CreateInterface(
        interface_pb2.CreateInterfaceRequest(
            instance_ref="web", network_ref="net", address="10.0.0.9", macaddr="02:00:00:AA:BB:CC", model="e1000", float=True
        )
    )
    assert (plugged.order, plugged.ipv4, plugged.macaddr, plugged.model) == (1, "10.0.0.9", "02:00:00:aa:bb:cc", "e1000")
    assert plugged.floating.address.startswith("192.0.2.")
    assert plugged.version == 3


async def test_interfaces_are_listed_by_page_and_filter(server: Running, node: ScriptedAgent) -> None:
    uuids = {(await server.interface(f"i{index}")).uuid for index in range(5)}
    seen: list[str] = []
    token = ""
    while True:
        request = interface_pb2.ListInterfacesRequest(page_size=2, page_token=token)
        page = await server.interfaces.ListInterfaces(request)
        seen += [interface.uuid for interface in page.interfaces]
        token = page.next_page_token
        if not token:
            break
    assert seen == sorted(uuids)
    one = await server.interfaces.ListInterfaces(interface_pb2.ListInterfacesRequest(instance_ref="i3"))
    assert len(one.interfaces) == 1
    for nothing in (
        interface_pb2.ListInterfacesRequest(node="elsewhere"),
        interface_pb2.ListInterfacesRequest(namespace="nobody"),
    ):
        assert not (await server.interfaces.ListInterfaces(nothing)).interfaces
    on_net = await server.interfaces.ListInterfaces(interface_pb2.ListInterfacesRequest(network_ref="net", node="n1"))
    assert len(on_net.interfaces) == 5
    assert on_net.revision == page.revision


async def test_metadata_holds_any_json(server: Running, node: ScriptedAgent) -> None:
    uuid = (await server.interface()).uuid
    value = Value()
    value.struct_value.update({"list": [1, "two", None, {"three": True}], "empty": {}})
    for key, stored in (("rich", value), ("null", Value(null_value=0))):  # type: ignore[arg-type]
        request = interface_pb2.SetInterfaceMetadataItemRequest(interface_uuid=uuid, key=key, value=stored)
        await server.interfaces.SetInterfaceMetadataItem(request)
    named = interface_pb2.GetInterfaceMetadataRequest(interface_uuid=uuid)
    metadata = (await server.interfaces.GetInterfaceMetadata(named)).metadata
    assert metadata["rich"] == value
    assert metadata["null"].WhichOneof("kind") == "null_value"
    delete = interface_pb2.DeleteInterfaceMetadataItemRequest(interface_uuid=uuid, key="rich")
    assert set((await server.interfaces.DeleteInterfaceMetadataItem(delete)).metadata) == {"null"}


async def test_instances(server: Running, node: ScriptedAgent) -> None:
    await server.interface("b")
    created = await server.instances.CreateInstance(instance_pb2.CreateInstanceRequest(name="a"))
    assert (created.node, created.driver) == ("n1", instance_pb2.INSTANCE_DRIVER_NETNS)
    listed = await server.instances.ListInstances(instance_pb2.ListInstancesRequest(node="n1"))
    assert {instance.name for instance in listed.instances} == {"a", "b"}
    by_uuid = await server.instances.GetInstance(instance_pb2.GetInstanceRequest(instance_ref=created.uuid))
    assert by_uuid == await server.instances.GetInstance(instance_pb2.GetInstanceRequest(instance_ref="a"))
    deleted = await server.instances.DeleteInstance(instance_pb2.DeleteInstanceRequest(instance_ref="a"))
    assert deleted.state == instance_pb2.INSTANCE_STATE_DELETED
    listed = await server.instances.ListInstances(instance_pb2.ListInstancesRequest())
    assert [instance.name for instance in listed.instances] == ["b"]
    again = await server.instances.CreateInstance(instance_pb2.CreateInstanceRequest(name="a"))
    assert again.uuid != created.uuid


async def test_networks(server: Running) -> None:
    request = network_pb2.CreateNetworkRequest(name="lan", netblock="10.0.0.0/24", provide_nat=True, namespace="tenant")
    created = await server.networks.CreateNetwork(request)
    assert created.state == network_pb2.NETWORK_STATE_CREATED
    named = network_pb2.GetNetworkRequest(network_ref="lan", namespace="tenant")
    assert await server.networks.GetNetwork(named) == created
    listed = await server.networks.ListNetworks(network_pb2.ListNetworksRequest(namespace="tenant"))
    assert list(listed.networks) == [created]
    deleted = await server.networks.DeleteNetwork(network_pb2.DeleteNetworkRequest(network_ref=created.uuid))
    assert deleted.state == network_pb2.NETWORK_STATE_DELETED
    assert not (await server.networks.ListNetworks(network_pb2.ListNetworksRequest(namespace="tenant"))).networks


async def test_pools(server: Running, node: ScriptedAgent) -> None:
    request = pool_pb2.CreatePoolRequest(
        name="second", ranges=["198.51.100.0/28", "203.0.113.10-203.0.113.19"], exclusions=["203.0.113.11"]
    )
    request.quarantine.FromTimedelta(timedelta(seconds=60))
    created = await server.pools.CreatePool(request)
    assert (created.usage.size, created.usage.free, created.usage.reserved) == (25, 22, 3)
    assert created.quarantine.seconds == 60
    interface = await server.interface()
    floated = await server.interfaces.FloatInterface(
        interface_pb2.FloatInterfaceRequest(interface_uuid=interface.uuid, pool="second")
    )
    assert floated.floating.pool == created.uuid
    shown = await server.pools.GetPool(pool_pb2.GetPoolRequest(pool_ref=created.uuid))
    assert (shown.usage.in_use, shown.usage.free) == (1, 21)
    taken = (await server.pools.ListAddresses(pool_pb2.ListAddressesRequest(pool_ref="second"))).addresses
    assert len(taken) == 4
    assert [address.owner for address in taken if address.address == floated.floating.address] == [interface.uuid]
    listed = await server.pools.ListPools(pool_pb2.ListPoolsRequest())
    assert [pool.name for pool in listed.pools] == ["floating", "second"]
    await server.pools.DeletePool(pool_pb2.DeletePoolRequest(pool_ref="floating"))
    assert len((await server.pools.ListPools(pool_pb2.ListPoolsRequest())).pools) == 1


async def test_nodes(server: Running, node: ScriptedAgent) -> None:
    await server.interface(float=True)
    shown = await server.nodes.GetNode(node_pb2.GetNodeRequest(node="n1"))
    assert (shown.connected, shown.instances, shown.interfaces, shown.floats) == (True, 1, 1, 1)
    assert (shown.state, shown.external_interface) == (node_pb2.NODE_STATE_CREATED, "eth0")
    assert list((await server.nodes.ListNodes(node_pb2.ListNodesRequest())).nodes) == [shown]
