"""PoolService, as far as it is about single addresses: what tenants reserve and have."""

from buoy.v1 import pool_pb2
from google.protobuf.message import Message

from buoy_server.core import lookup
from buoy_server.core.commands.reserving import ReleaseAddress, ReserveAddress
from buoy_server.core.lookup import Caller
from buoy_server.core.model import reservation_key
from buoy_server.core.state import Kind
from buoy_server.rpc import checks, paging
from buoy_server.rpc.backend import Backend

Answer = Message | bytes


class AddressMethods:
    """Single addresses of pools."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def ReserveAddress(self, request: pool_pb2.ReserveAddressRequest, caller: Caller) -> Answer:
        """Reserve an address for a namespace."""
        command = ReserveAddress(
            namespace=checks.optional_text(checks.name, request.namespace, "namespace"),
            address=checks.optional(checks.address, request.address, "address"),
            pool_ref=checks.optional_text(checks.ref, request.pool, "pool"),
            comment=checks.comment(request.comment, "comment"),
        )
        return await self._backend.change(command, caller, request)

    async def ReleaseAddress(self, request: pool_pb2.ReleaseAddressRequest, caller: Caller) -> Answer:
        """End the reservation of an address."""
        command = ReleaseAddress(address=checks.address(request.address, "address"))
        return await self._backend.change(command, caller, request)

    async def ListReservedAddresses(self, request: pool_pb2.ListReservedAddressesRequest, caller: Caller) -> Answer:
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

    async def GetAddress(self, request: pool_pb2.GetAddressRequest, caller: Caller) -> Answer:
        """Return the record of an address."""
        record = lookup.address(self._backend.view, caller, checks.address(request.address, "address"))
        return self._backend.view.body(Kind.RESERVATION, record.key) or b""
