"""Calls of single addresses of pools: reserving them, and who has them."""

from datetime import datetime
from ipaddress import IPv4Address

from buoy.v1 import address_pb2
from buoy.v1 import pool_pb2 as pb
from google.protobuf.message import Message

from buoy_client.call import call
from buoy_client.convert import period_from_proto, reservation_from_proto
from buoy_client.models import AddressPeriod, Reservation
from buoy_client.operations.base import BaseOperations, Page
from buoy_client.operations.events import LIMIT, LONGEST_PAGE
from buoy_client.operations.interfaces import text

SERVICE = "PoolService"


def page_from_proto(response: pb.ListReservedAddressesResponse) -> Page[Reservation]:
    """Give one page of reserved addresses."""
    return [reservation_from_proto(item) for item in response.addresses], response.next_page_token


def history_from_proto(response: pb.GetAddressHistoryResponse) -> Page[AddressPeriod]:
    """Give one page of who had an address."""
    return [period_from_proto(item) for item in response.periods], response.next_page_token


class AddressOperations(BaseOperations):
    """Calls of addresses."""

    async def reserve_address(
        self,
        address: IPv4Address | str | None = None,
        pool: str | None = None,
        *,
        comment: str = "",
        namespace: str | None = None,
    ) -> Reservation:
        """Reserve an address of a pool for the namespace until it is released: a given one, or one at random.

        One that floats at an interface of the namespace is kept for it in the same way.
        """
        request = address_pb2.ReserveAddressRequest(
            address=text(address), pool=text(pool), namespace=self._in(namespace), comment=comment
        )
        return await self._reservation("ReserveAddress", request)

    async def release_address(self, address: IPv4Address | str) -> Reservation:
        """End a reservation: the address rests; one that floats goes on, and rests when it is defloated."""
        return await self._reservation("ReleaseAddress", address_pb2.ReleaseAddressRequest(address=str(address)))

    async def get_address(self, address: IPv4Address | str) -> Reservation:
        """Give the record of an address that is not free: what has it."""
        return await self._reservation("GetAddress", address_pb2.GetAddressRequest(address=str(address)))

    async def get_reserved_addresses(self, namespace: str | None = None) -> list[Reservation]:
        """List the addresses that are reserved for namespaces, also those that float, in their order."""
        return await self._pages(
            lambda token: call(
                SERVICE,
                "ListReservedAddresses",
                address_pb2.ListReservedAddressesRequest(namespace=self._in(namespace), page_token=token),
                pb.ListReservedAddressesResponse,
                page_from_proto,
            )
        )

    async def get_address_history(
        self, address: IPv4Address | str, at: datetime | None = None, limit: int | None = LIMIT
    ) -> list[AddressPeriod]:
        """Say who had an address, newest first; at a moment: who had it then, nobody being an empty list.

        `limit` None gives all that the server keeps.
        """
        periods: list[AddressPeriod] = []
        token = ""
        while limit is None or len(periods) < limit:
            size = LONGEST_PAGE if limit is None else min(limit - len(periods), LONGEST_PAGE)
            request = address_pb2.GetAddressHistoryRequest(address=str(address), page_size=size, page_token=token)
            if at is not None:
                request.time.FromDatetime(at)
            more, token = await self._transport.unary(
                call(SERVICE, "GetAddressHistory", request, pb.GetAddressHistoryResponse, history_from_proto)
            )
            periods.extend(more)
            if not token:
                break
        return periods

    async def _reservation(self, method: str, request: Message) -> Reservation:
        return await self._transport.unary(call(SERVICE, method, request, pb.Reservation, reservation_from_proto))
