"""Every RPC that changes something, once: what it works on, and a request that succeeds and changes it."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from buoy.v1 import address_pb2, agent_pb2, instance_pb2, interface_pb2, namespace_pb2, network_pb2, node_pb2, pool_pb2
from buoy_server.core.commands.nodes import MissNode
from buoy_server.core.lookup import Caller
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.struct_pb2 import Value

from tests.server.agent import agent
from tests.server.running import Running
from tests.server.waiting import wait_until_async

SECRET = "correct horse battery staple"  # noqa: S105 - nobody's
TRUE = Value(bool_value=True)
# These change nothing that their callers may want unchanged by a repeat: a token is made anew, a report is level-triggered, and
# the others change no object.
NOT_REPEATED = frozenset({"CreateToken", "ReportNode", "AnswerNode", "CompactLedger", "CheckLedger"})
READS = ("Get", "List", "Watch", "Explain")


def mutating(server: Running) -> dict[str, MethodDescriptor]:
    """Return the RPCs that take a request id, by "Service/Method"."""
    return {
        f"{service.removeprefix('buoy.v1.')}/{name}": method.descriptor
        for service, methods in server.server.dispatcher.services()
        for name, method in methods.items()
        if "request_id" in method.descriptor.input_type.fields_by_name and name not in NOT_REPEATED
    }


async def subjects(server: Running) -> tuple[str, str, str]:
    """Make what the requests work on; return the uuids of an interface, of one that floats at 192.0.2.62, and of a third."""
    async with agent(server, "n2"), agent(server, "n3"), agent(server, "n4"), agent(server, "n5"):
        pass  # nodes to move to, to drain, to delete and to undrain
    await server.nodes.DrainNode(node_pb2.DrainNodeRequest(node="n5"))
    async with agent(server, "off"):
        pass
    await server.server._backend.writer.submit(MissNode(name="off"), Caller("system"), "MissNode")
    plain, floating, third = [await server.interface(name) for name in ("web", "floating", "third")]
    float_it = interface_pb2.FloatInterfaceRequest(interface_uuid=floating.uuid, address="192.0.2.62")
    asked = await server.interfaces.FloatInterface(float_it)
    active = agent_pb2.BindingReport(interface_uuid=floating.uuid, generation=asked.generation)
    await server.agents.ReportNode(agent_pb2.ReportNodeRequest(node="n1", reports=[active]))
    await wait_until_async(lambda: _is_away(server, "n4"), "n4 is away")
    await server.instances.CreateInstance(instance_pb2.CreateInstanceRequest(name="spare", metadata={"old": TRUE}))
    await server.networks.CreateNetwork(network_pb2.CreateNetworkRequest(name="empty", netblock="10.1.0.0/24"))
    await server.pools.CreatePool(pool_pb2.CreatePoolRequest(name="unused", ranges=["198.51.100.0/24"]))
    await server.pools.ReserveAddress(address_pb2.ReserveAddressRequest(address="192.0.2.61"))
    for resting in ("198.51.100.7", "198.51.100.8"):
        await server.pools.ReserveAddress(address_pb2.ReserveAddressRequest(address=resting))
        await server.pools.ReleaseAddress(address_pb2.ReleaseAddressRequest(address=resting))
    calls = server.namespaces
    for name in ("red", "gone"):
        await calls.CreateNamespace(namespace_pb2.CreateNamespaceRequest(name=name))
    await calls.SetNamespaceKey(namespace_pb2.SetNamespaceKeyRequest(namespace="red", key_name="old"))
    await calls.AddNamespaceTrust(namespace_pb2.AddNamespaceTrustRequest(namespace="red", external_namespace="old"))
    old: dict[str, Any] = {"key": "old", "value": TRUE}
    await calls.SetNamespaceMetadataItem(namespace_pb2.SetNamespaceMetadataItemRequest(namespace="red", **old))
    await server.networks.SetNetworkMetadataItem(network_pb2.SetNetworkMetadataItemRequest(network_ref="net", **old))
    await server.networks.RouteAddress(network_pb2.RouteAddressRequest(network_ref="net", address="192.0.2.60"))
    item = interface_pb2.SetInterfaceMetadataItemRequest(interface_uuid=floating.uuid, **old)
    await server.interfaces.SetInterfaceMetadataItem(item)
    return plain.uuid, floating.uuid, third.uuid


async def _is_away(server: Running, node: str) -> bool:
    return not (await server.nodes.GetNode(node_pb2.GetNodeRequest(node=node))).connected


def requests(plain: str, floating: str, third: str) -> Mapping[str, dict[str, Any]]:
    """Return the fields of a request for each RPC; none of them stands in another's way."""
    new, old = {"key": "new", "value": TRUE}, {"key": "old"}
    return {
        "InterfaceService/CreateInterface": {"instance_ref": "web", "network_ref": "net"},
        "InterfaceService/FloatInterface": {"interface_uuid": plain},
        "InterfaceService/SetInterfaceMetadataItem": {"interface_uuid": plain, **new},
        "InterfaceService/DeleteInterface": {"interface_uuid": plain},
        "InterfaceService/ReannounceInterface": {"interface_uuid": floating},
        "InterfaceService/MoveFloating": {
            "address": "192.0.2.62",
            "from_interface_uuid": floating,
            "to_interface_uuid": third,
        },
        "InterfaceService/DefloatInterface": {"interface_uuid": third},
        "InterfaceService/DeleteInterfaceMetadataItem": {"interface_uuid": floating, **old},
        "NodeService/DrainNode": {"node": "n3"},
        "NodeService/UndrainNode": {"node": "n5"},
        "NodeService/ReannounceNode": {"node": "n1"},
        "NodeService/DeleteNode": {"node": "n4"},
        "InstanceService/CreateInstance": {"name": "new", "metadata": {f"k{index}": TRUE for index in range(9)}},
        "InstanceService/MoveInstance": {"instance_ref": "spare", "node": "n2"},
        "InstanceService/SetInstanceMetadataItem": {"instance_ref": "spare", **new},
        "InstanceService/DeleteInstanceMetadataItem": {"instance_ref": "spare", **old},
        "InstanceService/DeleteInstance": {"instance_ref": "spare"},
        "NetworkService/CreateNetwork": {"name": "new", "netblock": "10.2.0.0/24"},
        "NetworkService/RouteAddress": {"network_ref": "net"},
        "NetworkService/UnrouteAddress": {"network_ref": "net", "address": "192.0.2.60"},
        "NetworkService/SetNetworkMetadataItem": {"network_ref": "net", **new},
        "NetworkService/DeleteNetworkMetadataItem": {"network_ref": "net", **old},
        "NetworkService/DeleteNetwork": {"network_ref": "empty"},
        "PoolService/CreatePool": {"name": "new", "ranges": ["203.0.113.0/24"]},
        "PoolService/UpdatePool": {"pool_ref": "unused", "exclusions": {"ranges": ["198.51.100.9"]}},
        "PoolService/ReserveAddress": {"address": "192.0.2.60"},
        "PoolService/ReleaseAddress": {"address": "192.0.2.61"},
        "PoolService/LiftQuarantine": {"address": "198.51.100.7"},
        "PoolService/ExtendQuarantine": {"address": "198.51.100.8", "duration": {"seconds": 600}},
        "PoolService/DeletePool": {"pool_ref": "unused"},
        "NodeService/FenceNode": {"node": "off"},
        "NamespaceService/CreateNamespace": {"name": "new"},
        "NamespaceService/DeleteNamespace": {"namespace": "gone"},
        "NamespaceService/SetNamespaceKey": {"namespace": "red", "key_name": "new", "key": SECRET},
        "NamespaceService/DeleteNamespaceKey": {"namespace": "red", "key_name": "old"},
        "NamespaceService/AddNamespaceTrust": {"namespace": "red", "external_namespace": "new"},
        "NamespaceService/RemoveNamespaceTrust": {"namespace": "red", "external_namespace": "old"},
        "NamespaceService/SetNamespaceQuota": {"namespace": "red", "quota": {"floats": 7}},
        "NamespaceService/SetNamespacePool": {"namespace": "red", "pool_ref": "floating"},
        "NamespaceService/SetNamespaceMetadataItem": {"namespace": "red", **new},
        "NamespaceService/DeleteNamespaceMetadataItem": {"namespace": "red", **old},
    }


def attempt(method: MethodDescriptor, fields: dict[str, Any]) -> Message:
    """Return a request that bears a new id."""
    request: Message = GetMessageClass(method.input_type)(**fields, request_id=str(uuid4()))
    return request


async def raw(server: Running, name: str, request: Message, metadata: Any = None) -> bytes:
    """Call an RPC and return the bytes that came back."""
    call: Any = server.channel.unary_unary(f"/buoy.v1.{name}", type(request).SerializeToString, None)
    answer: bytes = await call(request, metadata=metadata)
    return answer
