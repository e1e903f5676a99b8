"""Calls of networks."""

from collections.abc import Callable
from ipaddress import IPv4Network

from buoy.v1 import network_pb2 as pb
from google.protobuf.message import Message

from buoy_client import waiting
from buoy_client.call import call
from buoy_client.convert import interface_from_proto, network_from_proto, reservation_from_proto
from buoy_client.models import Interface, Network, Reservation
from buoy_client.operations.base import WAIT_TIMEOUT, Page, ignore
from buoy_client.operations.interfaces import InterfaceOperations

SERVICE = "NetworkService"


def page_from_proto(response: pb.ListNetworksResponse) -> Page[Network]:
    """Give one page of networks."""
    return [network_from_proto(item) for item in response.networks], response.next_page_token


def interfaces_from_proto(response: pb.ListNetworkInterfacesResponse) -> Page[Interface]:
    """Give one page of interfaces."""
    return [interface_from_proto(item) for item in response.interfaces], response.next_page_token


def addresses_from_proto(response: pb.ListNetworkAddressesResponse) -> Page[Reservation]:
    """Give one page of addresses."""
    return [reservation_from_proto(item) for item in response.addresses], response.next_page_token


class NetworkOperations(InterfaceOperations):
    """Calls of networks; every `network` is a uuid or a name."""

    async def create_network(
        self,
        name: str,
        netblock: IPv4Network | str,
        *,
        provide_nat: bool = False,
        provide_dhcp: bool = False,
        provide_dns: bool = False,
        namespace: str | None = None,
    ) -> Network:
        """Create a network; with `provide_nat` instances without a floating address may call out.

        `provide_dhcp` and `provide_dns` are kept for the orchestrator, never interpreted.
        """
        request = pb.CreateNetworkRequest(
            name=name,
            netblock=str(netblock),
            provide_nat=provide_nat,
            provide_dhcp=provide_dhcp,
            provide_dns=provide_dns,
            namespace=self._in(namespace),
        )
        return await self._network("CreateNetwork", request)

    async def allocate_network(
        self,
        netblock: IPv4Network | str,
        provide_dhcp: bool,
        provide_nat: bool,
        name: str,
        namespace: str | None = None,
        provide_dns: bool = False,
    ) -> Network:
        """Create a network: the name and order of arguments of Shaken Fist's client."""
        return await self.create_network(
            name,
            netblock,
            provide_nat=provide_nat,
            provide_dhcp=provide_dhcp,
            provide_dns=provide_dns,
            namespace=namespace,
        )

    async def get_network(self, network: str, namespace: str | None = None) -> Network:
        """Give one network, also a deleted one for as long as the server keeps it."""
        return await self._network("GetNetwork", pb.GetNetworkRequest(network_ref=network, namespace=self._in(namespace)))

    async def get_networks(self, *, namespace: str | None = None, include_deleted: bool = False) -> list[Network]:
        """List networks in the order of their uuid."""
        return await self._pages(
            lambda token: call(
                SERVICE,
                "ListNetworks",
                pb.ListNetworksRequest(namespace=self._in(namespace), include_deleted=include_deleted, page_token=token),
                pb.ListNetworksResponse,
                page_from_proto,
            )
        )

    async def get_network_interfaces(self, network: str, namespace: str | None = None) -> list[Interface]:
        """List the live interfaces on a network, in the order of their uuid."""
        return await self._pages(
            lambda token: call(
                SERVICE,
                "ListNetworkInterfaces",
                pb.ListNetworkInterfacesRequest(network_ref=network, namespace=self._in(namespace), page_token=token),
                pb.ListNetworkInterfacesResponse,
                interfaces_from_proto,
            )
        )

    async def get_network_addresses(self, network: str, namespace: str | None = None) -> list[Reservation]:
        """List the addresses of a network's netblock that are not free, each with why, in their order."""
        return await self._pages(
            lambda token: call(
                SERVICE,
                "ListNetworkAddresses",
                pb.ListNetworkAddressesRequest(network_ref=network, namespace=self._in(namespace), page_token=token),
                pb.ListNetworkAddressesResponse,
                addresses_from_proto,
            )
        )

    async def delete_network(
        self,
        network: str,
        namespace: str | None = None,
        *,
        wait: bool = False,
        timeout: float = WAIT_TIMEOUT,  # noqa: ASYNC109
        on_change: Callable[[Network], object] = ignore,
    ) -> Network:
        """Delete a network without live interfaces; `wait` returns when every node confirmed that nothing is left."""
        request = pb.DeleteNetworkRequest(network_ref=network, namespace=self._in(namespace))
        gone = await self._network("DeleteNetwork", request)
        if not wait:
            return gone
        return await self._poll(gone, waiting.is_network_deleted, lambda: self.get_network(gone.uuid), timeout, on_change)

    async def _network(self, method: str, request: Message) -> Network:
        return await self._transport.unary(call(SERVICE, method, request, pb.Network, network_from_proto))
