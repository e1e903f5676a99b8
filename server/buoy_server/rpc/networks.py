"""NetworkService."""

from typing import Any

from buoy.v1 import interface_pb2, network_pb2
from google.protobuf.message import Message

from buoy_server.codec.records import network_to_proto, routed_to_proto
from buoy_server.core import lookup
from buoy_server.core.commands.networks import CreateNetwork, DeleteNetwork
from buoy_server.core.commands.routing import RouteAddress, UnrouteAddress
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Network, reservation_key
from buoy_server.core.state import Kind
from buoy_server.rpc import checks, metadata, paging
from buoy_server.rpc.backend import Backend
from buoy_server.rpc.events import list_events
from buoy_server.rpc.selection import is_live

Answer = Message | bytes


class NetworkService:
    """Private networks."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def CreateNetwork(self, request: network_pb2.CreateNetworkRequest, caller: Caller) -> Answer:
        """Create a network."""
        command = CreateNetwork(
            name=checks.name(request.name, "name"),
            namespace=checks.optional_text(checks.name, request.namespace, "namespace"),
            netblock=checks.netblock(request.netblock, "netblock"),
            provide_nat=request.provide_nat,
            provide_dhcp=request.provide_dhcp,
            provide_dns=request.provide_dns,
        )
        return await self._backend.change(command, caller, request)

    async def GetNetwork(self, request: network_pb2.GetNetworkRequest, caller: Caller) -> Answer:
        """Return one network."""
        return network_to_proto(self._network(request, caller))

    async def ListNetworks(self, request: network_pb2.ListNetworksRequest, caller: Caller) -> Answer:
        """List networks."""
        view = self._backend.view
        namespace = checks.optional_text(checks.name, request.namespace, "namespace")
        page = paging.page_of(self._backend, request)
        keys = paging.in_order(view, Kind.NETWORK, lookup.visible(view, caller, Kind.NETWORK, namespace), page.after)

        def meant(key: str) -> bytes | None:
            body = view.body(Kind.NETWORK, key) or b""
            state = network_pb2.Network.FromString(body).state
            return body if request.include_deleted or state != network_pb2.NETWORK_STATE_DELETED else None

        return page.answer(keys, meant, network_pb2.ListNetworksResponse())

    async def DeleteNetwork(self, request: network_pb2.DeleteNetworkRequest, caller: Caller) -> Answer:
        """Delete a network without live interfaces."""
        command = DeleteNetwork(
            network_ref=checks.ref(request.network_ref, "network_ref"),
            namespace=checks.optional_text(checks.name, request.namespace, "namespace"),
        )
        return await self._backend.change(command, caller, request)

    async def ListNetworkInterfaces(self, request: network_pb2.ListNetworkInterfacesRequest, caller: Caller) -> Answer:
        """List the live interfaces on one network."""
        view, found = self._backend.view, self._network(request, caller)
        page = paging.page_of(self._backend, request)
        keys = paging.in_order(view, Kind.INTERFACE, view.find(Kind.INTERFACE, "network", found.uuid), page.after)

        def meant(key: str) -> bytes | None:
            body = view.body(Kind.INTERFACE, key) or b""
            return body if is_live(interface_pb2.Interface.FromString(body)) else None

        return page.answer(keys, meant, network_pb2.ListNetworkInterfacesResponse())

    async def ListNetworkAddresses(self, request: network_pb2.ListNetworkAddressesRequest, caller: Caller) -> Answer:
        """List the addresses of one network's netblock that are not free."""
        view, found = self._backend.view, self._network(request, caller)
        page = paging.page_of(self._backend, request)
        taken = paging.by_address(view.find(Kind.RESERVATION, "network", found.uuid))
        return page.answer(
            paging.smallest_first(taken, page.after),
            lambda text: view.body(Kind.RESERVATION, reservation_key(found.uuid, paging.address_of(text))),
            network_pb2.ListNetworkAddressesResponse(),
        )

    async def ListNetworkEvents(self, request: network_pb2.ListNetworkEventsRequest, caller: Caller) -> Answer:
        """List what happened to the network, newest first."""
        found = self._network(request, caller)
        response: Message = await list_events(self._backend, found.uuid, request, network_pb2.ListNetworkEventsResponse())
        return response

    async def RouteAddress(self, request: network_pb2.RouteAddressRequest, caller: Caller) -> Answer:
        """Route an address of a pool into the network."""
        command = RouteAddress(
            network_ref=checks.ref(request.network_ref, "network_ref"),
            namespace=checks.optional_text(checks.name, request.namespace, "namespace"),
            address=checks.optional(checks.address, request.address, "address"),
            pool_ref=checks.optional_text(checks.ref, request.pool, "pool"),
            node=checks.optional_text(checks.name, request.node, "node"),
        )
        return await self._backend.change(command, caller, request, routed_to_proto)

    async def UnrouteAddress(self, request: network_pb2.UnrouteAddressRequest, caller: Caller) -> Answer:
        """Take a routed address away from the network."""
        command = UnrouteAddress(
            network_ref=checks.ref(request.network_ref, "network_ref"),
            namespace=checks.optional_text(checks.name, request.namespace, "namespace"),
            address=checks.address(request.address, "address"),
        )
        return await self._backend.change(command, caller, request, network_to_proto)

    async def GetNetworkMetadata(self, request: network_pb2.GetNetworkMetadataRequest, caller: Caller) -> Answer:
        """Return the metadata of the network."""
        return metadata.answer(self._network(request, caller).metadata, network_pb2.GetNetworkMetadataResponse())

    async def SetNetworkMetadataItem(self, request: network_pb2.SetNetworkMetadataItemRequest, caller: Caller) -> Answer:
        """Set one metadata key."""
        find = metadata.find_network(request.network_ref, request.namespace)
        return await metadata.set_item(self._backend, caller, request, find)

    async def DeleteNetworkMetadataItem(self, request: network_pb2.DeleteNetworkMetadataItemRequest, caller: Caller) -> Answer:
        """Delete one metadata key."""
        find = metadata.find_network(request.network_ref, request.namespace)
        return await metadata.delete_item(self._backend, caller, request, find)

    def _network(self, request: Any, caller: Caller) -> Network:
        ref = checks.ref(request.network_ref, "network_ref")
        namespace = checks.optional_text(checks.name, request.namespace, "namespace")
        return lookup.network(self._backend.view, caller, ref, namespace)
