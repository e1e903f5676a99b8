"""NetworkService."""

from buoy.v1 import network_pb2
from google.protobuf.message import Message

from buoy_server.codec.records import network_to_proto
from buoy_server.core import lookup
from buoy_server.core.commands.networks import CreateNetwork, DeleteNetwork
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Network
from buoy_server.core.state import Kind
from buoy_server.rpc import checks, paging
from buoy_server.rpc.backend import Backend

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
        )
        return network_to_proto(await self._backend.run(command, caller))

    async def GetNetwork(self, request: network_pb2.GetNetworkRequest, caller: Caller) -> Answer:
        """Return one network."""
        ref = checks.ref(request.network_ref, "network_ref")
        namespace = checks.optional_text(checks.name, request.namespace, "namespace")
        return network_to_proto(lookup.network(self._backend.view, caller, ref, namespace))

    async def ListNetworks(self, request: network_pb2.ListNetworksRequest, caller: Caller) -> Answer:
        """List networks."""
        view = self._backend.view
        namespace = checks.optional_text(checks.name, request.namespace, "namespace")

        def meant(key: str) -> bool:
            network = view.get(Kind.NETWORK, key)
            return (
                isinstance(network, Network)
                and caller.sees(network.namespace)
                and namespace in ("", network.namespace)
                and (request.include_deleted or network.state != "deleted")
            )

        return paging.listed(
            [key for key in paging.page_after(view.keys(Kind.NETWORK), request.page_token) if meant(key)],
            paging.page_size(request.page_size),
            lambda key: view.body(Kind.NETWORK, key),
            lambda token: network_pb2.ListNetworksResponse(next_page_token=token, revision=view.revision),
        )

    async def DeleteNetwork(self, request: network_pb2.DeleteNetworkRequest, caller: Caller) -> Answer:
        """Delete a network without live interfaces."""
        command = DeleteNetwork(
            network_ref=checks.ref(request.network_ref, "network_ref"),
            namespace=checks.optional_text(checks.name, request.namespace, "namespace"),
        )
        return network_to_proto(await self._backend.run(command, caller))
