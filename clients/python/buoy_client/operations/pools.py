"""Calls of pools of floating addresses."""

from collections.abc import Iterable
from datetime import timedelta

from buoy.v1 import pool_pb2 as pb
from google.protobuf.message import Message

from buoy_client.call import call
from buoy_client.convert import pool_from_proto, reservation_from_proto
from buoy_client.models import Pool, Reservation
from buoy_client.operations.base import BaseOperations, Page
from buoy_client.values import duration_to_proto

SERVICE = "PoolService"


def page_from_proto(response: pb.ListPoolsResponse) -> Page[Pool]:
    """Give one page of pools."""
    return [pool_from_proto(item) for item in response.pools], response.next_page_token


def addresses_from_proto(response: pb.ListAddressesResponse) -> Page[Reservation]:
    """Give one page of addresses."""
    return [reservation_from_proto(item) for item in response.addresses], response.next_page_token


class PoolOperations(BaseOperations):
    """Calls of pools; every `pool` is a uuid or a name."""

    async def create_pool(
        self,
        name: str,
        ranges: Iterable[object],
        *,
        exclusions: Iterable[object] = (),
        quarantine: float | timedelta | None = None,
    ) -> Pool:
        """Create a pool of blocks ("192.168.20.0/24" or "first-last"); `quarantine` in seconds, 300 by default."""
        request = pb.CreatePoolRequest(
            name=name,
            ranges=[str(item) for item in ranges],
            exclusions=[str(item) for item in exclusions],
            quarantine=None if quarantine is None else duration_to_proto(quarantine),
        )
        return await self._pool("CreatePool", request)

    async def get_pool(self, pool: str) -> Pool:
        """Give one pool with its usage."""
        return await self._pool("GetPool", pb.GetPoolRequest(pool_ref=pool))

    async def get_pools(self) -> list[Pool]:
        """List pools, oldest first."""
        return await self._pages(
            lambda token: call(
                SERVICE, "ListPools", pb.ListPoolsRequest(page_token=token), pb.ListPoolsResponse, page_from_proto
            )
        )

    async def get_pool_addresses(self, pool: str) -> list[Reservation]:
        """List the addresses that are not free, each with why, in their order."""
        return await self._pages(
            lambda token: call(
                SERVICE,
                "ListAddresses",
                pb.ListAddressesRequest(pool_ref=pool, page_token=token),
                pb.ListAddressesResponse,
                addresses_from_proto,
            )
        )

    async def delete_pool(self, pool: str) -> Pool:
        """Delete a pool of which no address is in use."""
        return await self._pool("DeletePool", pb.DeletePoolRequest(pool_ref=pool))

    async def _pool(self, method: str, request: Message) -> Pool:
        return await self._transport.unary(call(SERVICE, method, request, pb.Pool, pool_from_proto))
