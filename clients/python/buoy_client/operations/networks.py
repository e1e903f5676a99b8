"""Calls of networks."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network

from buoy.v1 import network_pb2 as pb
from google.protobuf.message import Message

from buoy_client import waiting
from buoy_client.call import call
from buoy_client.convert import interface_from_proto, network_from_proto, reservation_from_proto, routed_from_proto
from buoy_client.models import Interface, Network, Reservation, RoutedAddress
from buoy_client.operations.base import WAIT_TIMEOUT, Page, ignore
from buoy_client.operations.interfaces import InterfaceOperations, text

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

    async def route_address(
        self,
        network: str,
        address: IPv4Address | str | None = None,
        *,
        pool: str | None = None,
        node: str | None = None,
        namespace: str | None = None,
        wait: bool = False,
        timeout: float = WAIT_TIMEOUT,  # noqa: ASYNC109
        on_change: Callable[[Network], object] = ignore,
    ) -> RoutedAddress:
        """Route an address of a pool into a network, without NAT; `wait` returns when its node has it.

        An instance on the network, on that node, is reached at it once its NIC bears the address. Where the network is on
        several nodes, `node` says which is meant; asking for the same address again with another one moves it.
        """
        request = pb.RouteAddressRequest(
            network_ref=network,
            namespace=self._in(namespace),
            address=text(address),
            pool=text(pool),
            node=text(node),
        )
        routed = await self._transport.unary(call(SERVICE, "RouteAddress", request, pb.RoutedAddress, routed_from_proto))
        if not wait:
            return routed
        found = await self.get_network(network, namespace)
        goal = waiting.routes(routed.address)
        found = await self._poll(found, goal, lambda: self.get_network(found.uuid), timeout, on_change)
        return next(other for other in found.routed_addresses if other.address == routed.address)

    async def unroute_address(
        self,
        network: str,
        address: IPv4Address | str,
        *,
        namespace: str | None = None,
        wait: bool = False,
        timeout: float = WAIT_TIMEOUT,  # noqa: ASYNC109
        on_change: Callable[[Network], object] = ignore,
    ) -> Network:
        """Take a routed address away from a network; `wait` returns when its node let go of it."""
        request = pb.UnrouteAddressRequest(network_ref=network, namespace=self._in(namespace), address=str(address))
        found = await self._network("UnrouteAddress", request)
        if not wait:
            return found
        goal = waiting.routes_no_more(IPv4Address(str(address)))
        return await self._poll(found, goal, lambda: self.get_network(found.uuid), timeout, on_change)

    async def route_network_address(self, network_ref: str) -> str:
        """Route an address into a network and give it: the name of Shaken Fist's client."""
        return str((await self.route_address(network_ref)).address)

    async def unroute_network_address(self, network_ref: str, address: str) -> None:
        """Take a routed address away from a network: the name of Shaken Fist's client."""
        await self.unroute_address(network_ref, address)

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
        return await self._poll(gone, waiting.NETWORK_DELETED, lambda: self.get_network(gone.uuid), timeout, on_change)

    async def _network(self, method: str, request: Message) -> Network:
        return await self._transport.unary(call(SERVICE, method, request, pb.Network, network_from_proto))
