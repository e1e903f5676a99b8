"""InterfaceService, but for its stream."""

from collections.abc import AsyncIterator

from buoy.v1 import address_pb2, announcing_pb2, explain_pb2, instance_pb2, interface_pb2
from google.protobuf.message import Message

from buoy_server.codec.records import interface_to_proto
from buoy_server.core import lookup
from buoy_server.core.commands.announcing import ReannounceInterface
from buoy_server.core.commands.floating import DefloatInterface, FloatInterface
from buoy_server.core.commands.interfaces import CreateInterface, DeleteInterface
from buoy_server.core.commands.move_floating import MoveFloating
from buoy_server.core.commands.plug import InterfaceSpec
from buoy_server.core.errors import InterfaceNotFound
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Interface
from buoy_server.core.state import Kind
from buoy_server.rpc import checks, metadata, paging
from buoy_server.rpc.audience import Audiences
from buoy_server.rpc.backend import Backend
from buoy_server.rpc.events import list_events
from buoy_server.rpc.explaining import explain_interface
from buoy_server.rpc.selection import filter_of, is_live
from buoy_server.rpc.watch import watch

Answer = Message | bytes


class InterfaceService:
    """The interfaces of instances."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._audiences = Audiences()

    async def CreateInterface(self, request: interface_pb2.CreateInterfaceRequest, caller: Caller) -> Answer:
        """Plug one more interface into an instance."""
        command = CreateInterface(
            instance_ref=checks.ref(request.instance_ref, "instance_ref"),
            namespace=checks.optional_text(checks.name, request.namespace, "namespace"),
            spec=interface_spec(request, ""),
        )
        return await self._backend.change(command, caller, request)

    async def GetInterface(self, request: interface_pb2.GetInterfaceRequest, caller: Caller) -> Answer:
        """Return one interface: its bytes, of which only the namespace is looked at."""
        uuid = checks.uuid(request.interface_uuid, "interface_uuid")
        body = self._backend.view.body(Kind.INTERFACE, uuid)
        if body is None or not caller.sees(interface_pb2.Interface.FromString(body).namespace):
            raise InterfaceNotFound(uuid, field="interface_uuid")
        return body

    async def ListInterfaces(self, request: interface_pb2.ListInterfacesRequest, caller: Caller) -> Answer:
        """List interfaces."""
        view, wanted = self._backend.view, filter_of(self._backend.view, caller, request)
        page = paging.page_of(self._backend, request)
        candidates = wanted.candidates(view, deleted=request.include_deleted)

        def meant(key: str) -> bytes | None:
            body = view.body(Kind.INTERFACE, key) or b""
            interface = interface_pb2.Interface.FromString(body)
            return body if wanted.takes(interface) and (request.include_deleted or is_live(interface)) else None

        response = interface_pb2.ListInterfacesResponse(cluster_id=self._backend.cluster_id)
        return page.answer(paging.in_order(view, Kind.INTERFACE, candidates, page.after), meant, response)

    async def DeleteInterface(self, request: interface_pb2.DeleteInterfaceRequest, caller: Caller) -> Answer:
        """Unplug an interface."""
        command = DeleteInterface(interface_uuid=checks.uuid(request.interface_uuid, "interface_uuid"))
        return await self._backend.change(command, caller, request)

    async def FloatInterface(self, request: interface_pb2.FloatInterfaceRequest, caller: Caller) -> Answer:
        """Give an interface a floating address."""
        command = FloatInterface(
            interface_uuid=checks.uuid(request.interface_uuid, "interface_uuid"),
            address=checks.optional(checks.address, request.address, "address"),
            pool_ref=checks.optional_text(checks.ref, request.pool, "pool"),
        )
        return await self._backend.change(command, caller, request)

    async def DefloatInterface(self, request: interface_pb2.DefloatInterfaceRequest, caller: Caller) -> Answer:
        """Take an interface's floating address away."""
        flows = checks.flows(request.flows, "flows")
        command = DefloatInterface(
            interface_uuid=checks.uuid(request.interface_uuid, "interface_uuid"),
            keep_address=request.keep_address,
            flows=flows,
            drain_time=checks.drain_time(request.drain_time if request.HasField("drain_time") else None, flows),
        )
        return await self._backend.change(command, caller, request)

    async def MoveFloating(self, request: address_pb2.MoveFloatingRequest, caller: Caller) -> Answer:
        """Move a floating address from one interface to another."""
        command = MoveFloating(
            address=checks.address(request.address, "address"),
            source=checks.uuid(request.from_interface_uuid, "from_interface_uuid"),
            target=checks.uuid(request.to_interface_uuid, "to_interface_uuid"),
            if_revision=checks.revision(request.if_revision, "if_revision"),
        )
        return await self._backend.change(command, caller, request, _moved_to_proto)

    async def ReannounceInterface(self, request: announcing_pb2.ReannounceInterfaceRequest, caller: Caller) -> Answer:
        """Announce an interface's floating address again."""
        command = ReannounceInterface(interface_uuid=checks.uuid(request.interface_uuid, "interface_uuid"))
        return await self._backend.change(command, caller, request, interface_to_proto)

    async def GetInterfaceMetadata(self, request: interface_pb2.GetInterfaceMetadataRequest, caller: Caller) -> Answer:
        """Return the metadata of an interface."""
        found = self._interface(request.interface_uuid, caller)
        return metadata.answer(found.metadata, interface_pb2.GetInterfaceMetadataResponse())

    async def SetInterfaceMetadataItem(self, request: interface_pb2.SetInterfaceMetadataItemRequest, caller: Caller) -> Answer:
        """Set one metadata key."""
        find = metadata.find_interface(request.interface_uuid)
        return await metadata.set_item(self._backend, caller, request, find)

    async def DeleteInterfaceMetadataItem(
        self, request: interface_pb2.DeleteInterfaceMetadataItemRequest, caller: Caller
    ) -> Answer:
        """Delete one metadata key."""
        find = metadata.find_interface(request.interface_uuid)
        return await metadata.delete_item(self._backend, caller, request, find)

    async def ListInterfaceEvents(self, request: interface_pb2.ListInterfaceEventsRequest, caller: Caller) -> Answer:
        """List what happened to an interface, newest first."""
        found = self._interface(request.interface_uuid, caller)
        response: Message = await list_events(self._backend, found.uuid, request, interface_pb2.ListInterfaceEventsResponse())
        return response

    async def ExplainInterface(self, request: explain_pb2.ExplainInterfaceRequest, caller: Caller) -> Answer:
        """Say what a packet meets on its way to an interface, and the first broken link."""
        response: Message = await explain_interface(self._backend, self._interface(request.interface_uuid, caller))
        return response

    def WatchInterface(self, request: interface_pb2.WatchInterfaceRequest, caller: Caller) -> AsyncIterator[bytes]:
        """Stream every change of the chosen interfaces."""
        return watch(self._backend, self._audiences, request, caller)

    def _interface(self, uuid: str, caller: Caller) -> Interface:
        return lookup.interface(self._backend.view, caller, checks.uuid(uuid, "interface_uuid"))


def _moved_to_proto(holders: tuple[Interface, Interface]) -> interface_pb2.MoveFloatingResponse:
    old, new = map(interface_to_proto, holders)
    return interface_pb2.MoveFloatingResponse(from_interface=old, to_interface=new)


def interface_spec(request: interface_pb2.CreateInterfaceRequest | instance_pb2.InterfaceSpec, path: str) -> InterfaceSpec:
    """Read what is asked of one new interface; `path` prefixes the fields' names in errors."""
    return InterfaceSpec(
        network_ref=checks.ref(request.network_ref, f"{path}network_ref"),
        address=checks.optional(checks.address, request.address, f"{path}address"),
        macaddr=checks.optional(checks.macaddr, request.macaddr, f"{path}macaddr"),
        model=checks.model(request.model, f"{path}model"),
        float_it=request.float,
        path=path,
    )
