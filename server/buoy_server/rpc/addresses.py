"""PoolService, as far as it is about single addresses: what tenants reserve and have."""

import asyncio

from buoy.v1 import address_pb2, event_pb2, pool_pb2
from google.protobuf.message import Message

from buoy_server.codec.records import RESERVATION_TYPES
from buoy_server.codec.scalars import timestamp
from buoy_server.core import lookup
from buoy_server.core.commands.reserving import ReleaseAddress, ReserveAddress
from buoy_server.core.history import Period
from buoy_server.core.lookup import SYSTEM, Caller
from buoy_server.core.model import reservation_key
from buoy_server.core.state import Cause, Kind
from buoy_server.rpc import checks, paging
from buoy_server.rpc.backend import Backend
from buoy_server.rpc.events import DEFAULT_PAGE, revision_after

Answer = Message | bytes


class AddressMethods:
    """Single addresses of pools."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def ReserveAddress(self, request: address_pb2.ReserveAddressRequest, caller: Caller) -> Answer:
        """Reserve an address for a namespace."""
        command = ReserveAddress(
            namespace=checks.optional_text(checks.name, request.namespace, "namespace"),
            address=checks.optional(checks.address, request.address, "address"),
            pool_ref=checks.optional_text(checks.ref, request.pool, "pool"),
            comment=checks.comment(request.comment, "comment"),
        )
        return await self._backend.change(command, caller, request)

    async def ReleaseAddress(self, request: address_pb2.ReleaseAddressRequest, caller: Caller) -> Answer:
        """End the reservation of an address."""
        command = ReleaseAddress(address=checks.address(request.address, "address"))
        return await self._backend.change(command, caller, request)

    async def ListReservedAddresses(self, request: address_pb2.ListReservedAddressesRequest, caller: Caller) -> Answer:
        """List the addresses that are reserved for namespaces."""
        view = self._backend.view
        named = checks.optional_text(checks.name, request.namespace, "namespace")
        page = paging.page_of(self._backend, request)
        kept = paging.by_address(lookup.kept_addresses(view, caller, named))
        return page.answer(
            paging.smallest_first(kept, page.after),
            lambda text: view.body(Kind.RESERVATION, reservation_key(None, paging.address_of(text))),
            pool_pb2.ListReservedAddressesResponse(),
        )

    async def GetAddress(self, request: address_pb2.GetAddressRequest, caller: Caller) -> Answer:
        """Return the record of an address."""
        record = lookup.address(self._backend.view, caller, checks.address(request.address, "address"))
        return self._backend.view.body(Kind.RESERVATION, record.key) or b""

    async def GetAddressHistory(self, request: address_pb2.GetAddressHistoryRequest, caller: Caller) -> Answer:
        """Say who had an address."""
        address = checks.address(request.address, "address")
        at = checks.moment(request.time, "time") if request.HasField("time") else None
        page = paging.page_of(self._backend, request, DEFAULT_PAGE)
        before, rights = revision_after(page), _rights(caller)
        found = await asyncio.to_thread(self._backend.store.address_history, address, at, rights, before, page.size + 1)
        bodies = {f"{period.revision}": _period_to_proto(period).SerializeToString() for period in found}
        return page.answer(bodies, bodies.get, pool_pb2.GetAddressHistoryResponse())


def _rights(caller: Caller) -> list[tuple[str, int]] | None:
    """Return the namespaces whose history a caller sees, each with the revision that it was made at; None: all."""
    if caller.namespace == SYSTEM:
        return None
    return [(name, caller.since.get(name, 0)) for name in (caller.namespace, *caller.trusted_by)]


def _period_to_proto(period: Period) -> pool_pb2.AddressPeriod:
    holder = period.holder
    return pool_pb2.AddressPeriod(
        address=str(period.address),
        type=RESERVATION_TYPES.to_proto(holder.type),
        namespace=holder.namespace,
        node=holder.node,
        interface_uuid=holder.interface_uuid,
        instance_uuid=holder.instance_uuid,
        instance_name=holder.instance_name,
        network_uuid=holder.network_uuid,
        network_name=holder.network_name,
        pool=holder.pool,
        since=timestamp(period.since),
        until=timestamp(period.until),
        asked=_cause_to_proto(period.asked),
        ended=_cause_to_proto(period.ended) if period.ended else None,
        revision=period.revision,
    )


def _cause_to_proto(cause: Cause) -> event_pb2.Cause:
    return event_pb2.Cause(method=cause.method, actor=cause.actor, request_id=cause.request_id)
