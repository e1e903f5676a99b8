"""InstanceService."""

from ipaddress import IPv4Network
from typing import Any

from buoy.v1 import instance_pb2
from google.protobuf.message import Message

from buoy_server.codec.records import DRIVERS, instance_to_proto
from buoy_server.core import lookup
from buoy_server.core.commands.instances import CreateInstance, DeleteInstance
from buoy_server.core.commands.moving import MoveInstance
from buoy_server.core.commands.plug import MAX_INTERFACES
from buoy_server.core.errors import Malformed
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Driver, Instance
from buoy_server.core.state import Kind
from buoy_server.rpc import checks, metadata, paging
from buoy_server.rpc.backend import Backend
from buoy_server.rpc.events import list_events
from buoy_server.rpc.interfaces import interface_spec

Answer = Message | bytes


class InstanceService:
    """Instances and their interfaces."""

    def __init__(self, backend: Backend, default_netblock: IPv4Network) -> None:
        self._backend = backend
        self._default_netblock = default_netblock

    async def CreateInstance(self, request: instance_pb2.CreateInstanceRequest, caller: Caller) -> Answer:
        """Create an instance with its interfaces."""
        if len(request.interfaces) > MAX_INTERFACES:
            raise Malformed(f"an instance has at most {MAX_INTERFACES} interfaces", field="interfaces")
        command = CreateInstance(
            name=checks.name(request.name, "name"),
            namespace=checks.optional_text(checks.name, request.namespace, "namespace"),
            node=checks.optional_text(checks.name, request.node, "node"),
            driver=_driver(request.driver),
            interfaces=tuple(interface_spec(spec, f"interfaces[{index}].") for index, spec in enumerate(request.interfaces)),
            connected=self._backend.presence.connected,
            attributes=checks.json_object(request.attributes.fields, "attributes"),
            metadata={
                checks.metadata_key(key): value for key, value in checks.json_object(request.metadata, "metadata").items()
            },
            default_netblock=self._default_netblock if request.default_network else None,
        )
        return await self._backend.change(command, caller, request)

    async def GetInstance(self, request: instance_pb2.GetInstanceRequest, caller: Caller) -> Answer:
        """Return one instance."""
        return instance_to_proto(self._instance(request, caller))

    async def ListInstances(self, request: instance_pb2.ListInstancesRequest, caller: Caller) -> Answer:
        """List instances."""
        view = self._backend.view
        namespace = checks.optional_text(checks.name, request.namespace, "namespace")
        node = checks.optional_text(checks.name, request.node, "node")

        page = paging.page_of(self._backend, request)
        keys = paging.in_order(view, Kind.INSTANCE, lookup.visible(view, caller, Kind.INSTANCE, namespace), page.after)

        def meant(key: str) -> bytes | None:
            body = view.body(Kind.INSTANCE, key) or b""
            instance = instance_pb2.Instance.FromString(body)
            shown = request.include_deleted or instance.state != instance_pb2.INSTANCE_STATE_DELETED
            return body if shown and node in ("", instance.node) else None

        return page.answer(keys, meant, instance_pb2.ListInstancesResponse())

    async def ListInstanceInterfaces(self, request: instance_pb2.ListInstanceInterfacesRequest, caller: Caller) -> Answer:
        """List the live interfaces of one instance by their order."""
        view, found = self._backend.view, self._instance(request, caller)
        page = paging.page_of(self._backend, request)
        by_order = {f"{interface.order:08d}": interface.uuid for interface in lookup.live_interfaces(view, found)}
        return page.answer(
            paging.smallest_first(by_order, page.after),
            lambda order: view.body(Kind.INTERFACE, by_order[order]),
            instance_pb2.ListInstanceInterfacesResponse(),
        )

    async def DeleteInstance(self, request: instance_pb2.DeleteInstanceRequest, caller: Caller) -> Answer:
        """Delete an instance and its interfaces."""
        command = DeleteInstance(
            instance_ref=checks.ref(request.instance_ref, "instance_ref"),
            namespace=checks.optional_text(checks.name, request.namespace, "namespace"),
        )
        return await self._backend.change(command, caller, request)

    async def MoveInstance(self, request: instance_pb2.MoveInstanceRequest, caller: Caller) -> Answer:
        """Move an instance to another node."""
        command = MoveInstance(
            instance_ref=checks.ref(request.instance_ref, "instance_ref"),
            namespace=checks.optional_text(checks.name, request.namespace, "namespace"),
            node=checks.name(request.node, "node"),
        )
        return await self._backend.change(command, caller, request)

    async def ListInstanceEvents(self, request: instance_pb2.ListInstanceEventsRequest, caller: Caller) -> Answer:
        """List what happened to the instance, newest first."""
        found = self._instance(request, caller)
        response: Message = await list_events(self._backend, found.uuid, request, instance_pb2.ListInstanceEventsResponse())
        return response

    async def GetInstanceMetadata(self, request: instance_pb2.GetInstanceMetadataRequest, caller: Caller) -> Answer:
        """Return the metadata of the instance."""
        return metadata.answer(self._instance(request, caller).metadata, instance_pb2.GetInstanceMetadataResponse())

    async def SetInstanceMetadataItem(self, request: instance_pb2.SetInstanceMetadataItemRequest, caller: Caller) -> Answer:
        """Set one metadata key."""
        find = metadata.find_instance(request.instance_ref, request.namespace)
        return await metadata.set_item(self._backend, caller, request, find)

    async def DeleteInstanceMetadataItem(
        self, request: instance_pb2.DeleteInstanceMetadataItemRequest, caller: Caller
    ) -> Answer:
        """Delete one metadata key."""
        find = metadata.find_instance(request.instance_ref, request.namespace)
        return await metadata.delete_item(self._backend, caller, request, find)

    def _instance(self, request: Any, caller: Caller) -> Instance:
        ref = checks.ref(request.instance_ref, "instance_ref")
        namespace = checks.optional_text(checks.name, request.namespace, "namespace")
        return lookup.instance(self._backend.view, caller, ref, namespace)


def _driver(number: int) -> Driver:
    if number == instance_pb2.INSTANCE_DRIVER_UNSPECIFIED:
        return Driver.NETNS
    try:
        driver: Driver = DRIVERS.from_proto(number)
    except KeyError as error:
        raise Malformed(f"there is no driver {number}", field="driver") from error
    return driver
