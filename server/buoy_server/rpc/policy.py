"""Who may call what: one row an RPC. An RPC without a row is not served.

What a caller may see is decided where objects are found (`core/lookup.py`): what is not theirs is not found.
"""

from collections.abc import Mapping
from enum import Enum

from buoy_server.core.errors import PermissionDenied
from buoy_server.core.lookup import SYSTEM, Caller


class Who(Enum):
    """Who may call an RPC."""

    EVERYONE = "also without a token"
    TENANT = "any namespace, within what it sees; not the key of an agent"
    SYSTEM = "the namespace system"
    AGENT = "the key of a node's agent, for that node; and system"


POLICY: Mapping[str, Who] = {
    "buoy.v1.InterfaceService/CreateInterface": Who.TENANT,
    "buoy.v1.InterfaceService/GetInterface": Who.TENANT,
    "buoy.v1.InterfaceService/ListInterfaces": Who.TENANT,
    "buoy.v1.InterfaceService/DeleteInterface": Who.TENANT,
    "buoy.v1.InterfaceService/FloatInterface": Who.TENANT,
    "buoy.v1.InterfaceService/DefloatInterface": Who.TENANT,
    "buoy.v1.InterfaceService/MoveFloating": Who.TENANT,
    "buoy.v1.InterfaceService/ReannounceInterface": Who.TENANT,
    "buoy.v1.InterfaceService/GetInterfaceMetadata": Who.TENANT,
    "buoy.v1.InterfaceService/SetInterfaceMetadataItem": Who.TENANT,
    "buoy.v1.InterfaceService/DeleteInterfaceMetadataItem": Who.TENANT,
    "buoy.v1.InterfaceService/ListInterfaceEvents": Who.TENANT,
    "buoy.v1.InterfaceService/ExplainInterface": Who.TENANT,
    "buoy.v1.InterfaceService/WatchInterface": Who.TENANT,
    "buoy.v1.InstanceService/CreateInstance": Who.TENANT,
    "buoy.v1.InstanceService/GetInstance": Who.TENANT,
    "buoy.v1.InstanceService/ListInstances": Who.TENANT,
    "buoy.v1.InstanceService/ListInstanceInterfaces": Who.TENANT,
    "buoy.v1.InstanceService/DeleteInstance": Who.TENANT,
    "buoy.v1.InstanceService/MoveInstance": Who.TENANT,
    "buoy.v1.InstanceService/ListInstanceEvents": Who.TENANT,
    "buoy.v1.InstanceService/GetInstanceMetadata": Who.TENANT,
    "buoy.v1.InstanceService/SetInstanceMetadataItem": Who.TENANT,
    "buoy.v1.InstanceService/DeleteInstanceMetadataItem": Who.TENANT,
    "buoy.v1.NetworkService/CreateNetwork": Who.TENANT,
    "buoy.v1.NetworkService/GetNetwork": Who.TENANT,
    "buoy.v1.NetworkService/ListNetworks": Who.TENANT,
    "buoy.v1.NetworkService/DeleteNetwork": Who.TENANT,
    "buoy.v1.NetworkService/ListNetworkInterfaces": Who.TENANT,
    "buoy.v1.NetworkService/ListNetworkAddresses": Who.TENANT,
    "buoy.v1.NetworkService/ListNetworkEvents": Who.TENANT,
    "buoy.v1.NetworkService/RouteAddress": Who.TENANT,
    "buoy.v1.NetworkService/UnrouteAddress": Who.TENANT,
    "buoy.v1.NetworkService/GetNetworkMetadata": Who.TENANT,
    "buoy.v1.NetworkService/SetNetworkMetadataItem": Who.TENANT,
    "buoy.v1.NetworkService/DeleteNetworkMetadataItem": Who.TENANT,
    "buoy.v1.PoolService/CreatePool": Who.SYSTEM,
    "buoy.v1.PoolService/GetPool": Who.TENANT,
    "buoy.v1.PoolService/ListPools": Who.TENANT,
    "buoy.v1.PoolService/UpdatePool": Who.SYSTEM,
    "buoy.v1.PoolService/DeletePool": Who.SYSTEM,
    "buoy.v1.PoolService/ListAddresses": Who.SYSTEM,
    "buoy.v1.PoolService/ReserveAddress": Who.TENANT,
    "buoy.v1.PoolService/ReleaseAddress": Who.TENANT,
    "buoy.v1.PoolService/ListReservedAddresses": Who.TENANT,
    "buoy.v1.PoolService/GetAddress": Who.TENANT,
    "buoy.v1.PoolService/GetAddressHistory": Who.TENANT,
    "buoy.v1.PoolService/ListPoolEvents": Who.SYSTEM,
    "buoy.v1.PoolService/ListQuarantine": Who.SYSTEM,
    "buoy.v1.PoolService/LiftQuarantine": Who.SYSTEM,
    "buoy.v1.PoolService/ExtendQuarantine": Who.SYSTEM,
    "buoy.v1.NodeService/ListNodes": Who.SYSTEM,
    "buoy.v1.NodeService/GetNode": Who.SYSTEM,
    "buoy.v1.NodeService/FenceNode": Who.SYSTEM,
    "buoy.v1.NodeService/DrainNode": Who.SYSTEM,
    "buoy.v1.NodeService/UndrainNode": Who.SYSTEM,
    "buoy.v1.NodeService/DeleteNode": Who.SYSTEM,
    "buoy.v1.NodeService/ReannounceNode": Who.SYSTEM,
    "buoy.v1.NodeService/ListNodeEvents": Who.SYSTEM,
    "buoy.v1.AgentService/WatchNode": Who.AGENT,
    "buoy.v1.AgentService/ReportNode": Who.AGENT,
    "buoy.v1.AgentService/AnswerNode": Who.AGENT,
    "buoy.v1.AdminService/GetServer": Who.SYSTEM,
    "buoy.v1.AdminService/CompactLedger": Who.SYSTEM,
    "buoy.v1.AdminService/CheckLedger": Who.SYSTEM,
    "buoy.v1.NamespaceService/CreateToken": Who.EVERYONE,
    "buoy.v1.NamespaceService/CreateNamespace": Who.SYSTEM,
    "buoy.v1.NamespaceService/GetNamespace": Who.TENANT,
    "buoy.v1.NamespaceService/ListNamespaces": Who.TENANT,
    "buoy.v1.NamespaceService/DeleteNamespace": Who.SYSTEM,
    "buoy.v1.NamespaceService/SetNamespaceKey": Who.TENANT,
    "buoy.v1.NamespaceService/DeleteNamespaceKey": Who.TENANT,
    "buoy.v1.NamespaceService/AddNamespaceTrust": Who.TENANT,
    "buoy.v1.NamespaceService/RemoveNamespaceTrust": Who.TENANT,
    "buoy.v1.NamespaceService/SetNamespaceQuota": Who.SYSTEM,
    "buoy.v1.NamespaceService/SetNamespacePool": Who.SYSTEM,
    "buoy.v1.NamespaceService/GetNamespaceMetadata": Who.TENANT,
    "buoy.v1.NamespaceService/SetNamespaceMetadataItem": Who.TENANT,
    "buoy.v1.NamespaceService/DeleteNamespaceMetadataItem": Who.TENANT,
}

# Served by libraries; they tell nothing of any namespace.
PUBLIC_SERVICES = frozenset({"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"})


def refuse(who: Who, caller: Caller) -> None:
    """Raise PermissionDenied when a known caller may not call what is for `who`."""
    is_system = caller.namespace == SYSTEM and not caller.node
    allowed = {
        Who.EVERYONE: True,
        Who.TENANT: not caller.node,
        Who.SYSTEM: is_system,
        Who.AGENT: bool(caller.node) or is_system,
    }
    if not allowed[who]:
        raise PermissionDenied(f"this is for {who.value}")
