"""Calls of pools of floating addresses."""

from collections.abc import Iterable
from datetime import timedelta

from buoy.v1 import pool_pb2 as pb
from google.protobuf.duration_pb2 import Duration
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


def addresses_from_proto(response: pb.ListAddressesResponse | pb.ListQuarantineResponse) -> Page[Reservation]:
    """Give one page of addresses."""
    return [reservation_from_proto(item) for item in response.addresses], response.next_page_token


def range_list(ranges: Iterable[object] | None) -> pb.RangeList | None:
    """Give ranges as the message that says that they are given."""
    return None if ranges is None else pb.RangeList(ranges=[str(item) for item in ranges])


def rest_to_proto(duration: float | timedelta | None) -> Duration | None:
    """Give a length of time where there is one."""
    return None if duration is None else duration_to_proto(duration)


class PoolOperations(BaseOperations):
    """Calls of pools; every `pool` is a uuid or a name. What changes them is for `system`."""

    async def create_pool(
        self,
        name: str,
        ranges: Iterable[object],
        *,
        exclusions: Iterable[object] = (),
        quarantine: float | timedelta | None = None,
        drain: bool = False,
        low_percent: int | None = None,
    ) -> Pool:
        """Create a pool of blocks ("192.168.20.0/24" or "first-last").

        `quarantine` is in seconds, 300 by default; it runs low when fewer than `low_percent` of its addresses, 10 by default,
        are free.
        """
        request = pb.CreatePoolRequest(
            name=name,
            ranges=[str(item) for item in ranges],
            exclusions=[str(item) for item in exclusions],
            quarantine=rest_to_proto(quarantine),
            drain=drain,
            low_percent=low_percent,
        )
        return await self._pool("CreatePool", request)

    async def update_pool(
        self,
        pool: str,
        *,
        ranges: Iterable[object] | None = None,
        exclusions: Iterable[object] | None = None,
        quarantine: float | timedelta | None = None,
        drain: bool | None = None,
        low_percent: int | None = None,
        if_revision: int = 0,
    ) -> Pool:
        """Change what is given of a pool, also one in use; with `if_revision` only if nothing changed it since that.

        Ranges and exclusions are all that it has from now on. An address that is in use outside of them is a FailedPrecondition
        that names it.
        """
        request = pb.UpdatePoolRequest(
            pool_ref=pool,
            ranges=range_list(ranges),
            exclusions=range_list(exclusions),
            quarantine=rest_to_proto(quarantine),
            drain=drain,
            low_percent=low_percent,
            if_revision=if_revision,
        )
        return await self._pool("UpdatePool", request)

    async def get_pool(self, pool: str) -> Pool:
        """Give one pool, to `system` with its usage."""
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

    async def get_pool_quarantine(self, pool: str) -> list[Reservation]:
        """List the addresses that rest after their release, each with its last owner, why, and until when."""
        return await self._pages(
            lambda token: call(
                SERVICE,
                "ListQuarantine",
                pb.ListQuarantineRequest(pool_ref=pool, page_token=token),
                pb.ListQuarantineResponse,
                addresses_from_proto,
            )
        )

    async def lift_quarantine(self, address: object) -> Reservation:
        """End the rest of an address: it is free at once. Gives its record as it was."""
        return await self._record("LiftQuarantine", pb.LiftQuarantineRequest(address=str(address)))

    async def extend_quarantine(self, address: object, duration: float | timedelta) -> Reservation:
        """Let an address rest for so long from now (seconds), and be handed out to nobody else before."""
        request = pb.ExtendQuarantineRequest(address=str(address), duration=duration_to_proto(duration))
        return await self._record("ExtendQuarantine", request)

    async def delete_pool(self, pool: str) -> Pool:
        """Delete a pool of which no address is in use."""
        return await self._pool("DeletePool", pb.DeletePoolRequest(pool_ref=pool))

    async def _pool(self, method: str, request: Message) -> Pool:
        return await self._transport.unary(call(SERVICE, method, request, pb.Pool, pool_from_proto))

    async def _record(self, method: str, request: Message) -> Reservation:
        return await self._transport.unary(call(SERVICE, method, request, pb.Reservation, reservation_from_proto))
