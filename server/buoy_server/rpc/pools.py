"""PoolService."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from buoy.v1 import pool_pb2
from google.protobuf.message import Message

from buoy_server.codec.records import pool_to_proto, reservation_to_proto
from buoy_server.core import levels, lookup
from buoy_server.core.commands.pools import CreatePool, DeletePool, UpdatePool
from buoy_server.core.commands.quarantine import ExtendQuarantine, LiftQuarantine
from buoy_server.core.errors import Malformed
from buoy_server.core.lookup import SYSTEM, Caller
from buoy_server.core.model import DEFAULT_LOW_PERCENT, Pool, reservation_key
from buoy_server.core.ranges import AddressRange
from buoy_server.core.state import Kind
from buoy_server.rpc import checks, paging
from buoy_server.rpc.addresses import AddressMethods
from buoy_server.rpc.backend import Backend
from buoy_server.rpc.events import list_events

Answer = Message | bytes


class PoolService(AddressMethods):
    """Pools of floating addresses."""

    def __init__(self, backend: Backend, quarantine: timedelta) -> None:
        super().__init__(backend)
        self._quarantine = quarantine

    async def CreatePool(self, request: pool_pb2.CreatePoolRequest, caller: Caller) -> Answer:
        """Create a pool."""
        command = CreatePool(
            name=checks.name(request.name, "name"),
            ranges=_ranges(request.ranges),
            exclusions=checks.ranges(request.exclusions, "exclusions"),
            quarantine=checks.quarantine(request.quarantine if request.HasField("quarantine") else None, self._quarantine),
            drain=request.drain,
            low_percent=checks.low_percent(request.low_percent) if request.HasField("low_percent") else DEFAULT_LOW_PERCENT,
        )
        return await self._backend.change(command, caller, request, lambda made: _with_usage(*made))

    async def UpdatePool(self, request: pool_pb2.UpdatePoolRequest, caller: Caller) -> Answer:
        """Change what is given of a pool."""
        given = request.HasField
        command = UpdatePool(
            pool_ref=checks.ref(request.pool_ref, "pool_ref"),
            ranges=_ranges(request.ranges.ranges) if given("ranges") else None,
            exclusions=checks.ranges(request.exclusions.ranges, "exclusions") if given("exclusions") else None,
            quarantine=checks.quarantine(request.quarantine, self._quarantine) if given("quarantine") else None,
            drain=request.drain if given("drain") else None,
            low_percent=checks.low_percent(request.low_percent) if given("low_percent") else None,
            if_revision=checks.revision(request.if_revision, "if_revision"),
        )
        return await self._backend.change(command, caller, request, lambda changed: _with_usage(*changed))

    async def GetPool(self, request: pool_pb2.GetPoolRequest, caller: Caller) -> Answer:
        """Return one pool."""
        return self._shown(lookup.pool(self._backend.view, checks.ref(request.pool_ref, "pool_ref")), caller)

    async def ListPools(self, request: pool_pb2.ListPoolsRequest, caller: Caller) -> Answer:
        """List pools, oldest first."""
        view = self._backend.view
        by_age = {f"{pool.create_time}/{pool.uuid}": pool for pool in lookup.pools(view)}
        page = paging.page_of(self._backend, request)
        return page.answer(
            paging.smallest_first(by_age, page.after),
            lambda age: self._shown(by_age[age], caller).SerializeToString(),
            pool_pb2.ListPoolsResponse(),
        )

    async def DeletePool(self, request: pool_pb2.DeletePoolRequest, caller: Caller) -> Answer:
        """Delete a pool of which no address is in use."""
        command = DeletePool(pool_ref=checks.ref(request.pool_ref, "pool_ref"))
        return await self._backend.change(command, caller, request, pool_to_proto)

    async def ListAddresses(self, request: pool_pb2.ListAddressesRequest, _caller: Caller) -> Answer:
        """List the addresses of a pool that are not free."""
        pool = lookup.pool(self._backend.view, checks.ref(request.pool_ref, "pool_ref"))
        keys = self._backend.view.find(Kind.RESERVATION, "pool", pool.uuid)
        return self._records(request, keys, pool_pb2.ListAddressesResponse())

    async def ListPoolEvents(self, request: pool_pb2.ListPoolEventsRequest, _caller: Caller) -> Answer:
        """List what happened to a pool, newest first."""
        pool = lookup.pool(self._backend.view, checks.ref(request.pool_ref, "pool_ref"))
        found: Message = await list_events(self._backend, pool.uuid, request, pool_pb2.ListPoolEventsResponse())
        return found

    async def ListQuarantine(self, request: pool_pb2.ListQuarantineRequest, _caller: Caller) -> Answer:
        """List the addresses of a pool that rest."""
        pool = lookup.pool(self._backend.view, checks.ref(request.pool_ref, "pool_ref"))
        keys = lookup.resting(self._backend.view, pool)
        return self._records(request, keys, pool_pb2.ListQuarantineResponse())

    async def LiftQuarantine(self, request: pool_pb2.LiftQuarantineRequest, caller: Caller) -> Answer:
        """End the rest of an address."""
        command = LiftQuarantine(address=checks.address(request.address, "address"))
        return await self._backend.change(command, caller, request, reservation_to_proto)

    async def ExtendQuarantine(self, request: pool_pb2.ExtendQuarantineRequest, caller: Caller) -> Answer:
        """Let an address rest for longer."""
        command = ExtendQuarantine(
            address=checks.address(request.address, "address"), duration=checks.extension(request.duration)
        )
        return await self._backend.change(command, caller, request, reservation_to_proto)

    def _records(self, request: Any, keys: Collection[str], response: Message) -> bytes:
        """Return a page of the records of some addresses, in the order of the addresses."""
        page = paging.page_of(self._backend, request)
        return page.answer(
            paging.smallest_first(paging.by_address(keys), page.after),
            lambda text: self._backend.view.body(Kind.RESERVATION, reservation_key(None, paging.address_of(text))),
            response,
        )

    def _shown(self, pool: Pool, caller: Caller) -> pool_pb2.Pool:
        if caller.namespace == SYSTEM:
            return _with_usage(pool, levels.usage(self._backend.view, pool))
        return _in_short(pool)


def _ranges(texts: Sequence[str]) -> tuple[AddressRange, ...]:
    if not texts:
        raise Malformed("a pool needs at least one range", field="ranges")
    return checks.ranges(texts, "ranges")


def _with_usage(pool: Pool, usage: dict[str, int]) -> pool_pb2.Pool:
    message = pool_to_proto(pool)
    message.usage.CopyFrom(pool_pb2.PoolUsage(**usage))
    return message


def _in_short(pool: Pool) -> pool_pb2.Pool:
    """Return what a tenant needs to know to float from a pool; not how others use it."""
    whole = pool_to_proto(pool)
    return pool_pb2.Pool(uuid=whole.uuid, name=whole.name, ranges=whole.ranges, quarantine=whole.quarantine, drain=whole.drain)
