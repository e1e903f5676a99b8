"""PoolService."""

from datetime import timedelta

from buoy.v1 import pool_pb2
from google.protobuf.message import Message

from buoy_server.codec.records import pool_to_proto
from buoy_server.core import addresses, lookup
from buoy_server.core.commands.pools import CreatePool, DeletePool
from buoy_server.core.errors import Malformed
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Pool, reservation_key
from buoy_server.core.state import Kind
from buoy_server.rpc import checks, paging
from buoy_server.rpc.addresses import AddressMethods
from buoy_server.rpc.backend import Backend

Answer = Message | bytes


class PoolService(AddressMethods):
    """Pools of floating addresses."""

    def __init__(self, backend: Backend, quarantine: timedelta) -> None:
        super().__init__(backend)
        self._quarantine = quarantine

    async def CreatePool(self, request: pool_pb2.CreatePoolRequest, caller: Caller) -> Answer:
        """Create a pool."""
        if not request.ranges:
            raise Malformed("a pool needs at least one range", field="ranges")
        command = CreatePool(
            name=checks.name(request.name, "name"),
            ranges=checks.ranges(request.ranges, "ranges"),
            exclusions=checks.ranges(request.exclusions, "exclusions"),
            quarantine=checks.quarantine(request.quarantine if request.HasField("quarantine") else None, self._quarantine),
        )
        return await self._backend.change(command, caller, request, lambda made: _with_usage(*made))

    async def GetPool(self, request: pool_pb2.GetPoolRequest, _caller: Caller) -> Answer:
        """Return one pool with its usage."""
        return self._shown(lookup.pool(self._backend.view, checks.ref(request.pool_ref, "pool_ref")))

    async def ListPools(self, request: pool_pb2.ListPoolsRequest, _caller: Caller) -> Answer:
        """List pools, oldest first."""
        view = self._backend.view
        by_age = {f"{pool.create_time}/{pool.uuid}": pool for pool in lookup.pools(view)}
        page = paging.page_of(self._backend, request)
        return page.answer(
            paging.smallest_first(by_age, page.after),
            lambda age: self._shown(by_age[age]).SerializeToString(),
            pool_pb2.ListPoolsResponse(),
        )

    async def DeletePool(self, request: pool_pb2.DeletePoolRequest, caller: Caller) -> Answer:
        """Delete a pool of which no address is in use."""
        command = DeletePool(pool_ref=checks.ref(request.pool_ref, "pool_ref"))
        return await self._backend.change(command, caller, request, pool_to_proto)

    async def ListAddresses(self, request: pool_pb2.ListAddressesRequest, _caller: Caller) -> Answer:
        """List the addresses of a pool that are not free."""
        view = self._backend.view
        pool = lookup.pool(view, checks.ref(request.pool_ref, "pool_ref"))
        page = paging.page_of(self._backend, request)
        taken = paging.by_address(view.find(Kind.RESERVATION, "pool", pool.uuid))
        return page.answer(
            paging.smallest_first(taken, page.after),
            lambda text: view.body(Kind.RESERVATION, reservation_key(None, paging.address_of(text))),
            pool_pb2.ListAddressesResponse(),
        )

    def _shown(self, pool: Pool) -> pool_pb2.Pool:
        return _with_usage(pool, addresses.usage(self._backend.view, pool))


def _with_usage(pool: Pool, usage: dict[str, int]) -> pool_pb2.Pool:
    message = pool_to_proto(pool)
    message.usage.CopyFrom(pool_pb2.PoolUsage(**usage))
    return message
