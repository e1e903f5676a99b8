"""AdminService."""

import asyncio
from datetime import UTC, datetime
from importlib.metadata import version

from buoy.v1 import admin_pb2

from buoy_server.codec.scalars import timestamp
from buoy_server.core.errors import Malformed
from buoy_server.core.fsck.nodes import Live
from buoy_server.core.lookup import Caller
from buoy_server.core.state import Kind
from buoy_server.feed.compactor import Compactor
from buoy_server.rpc import checks
from buoy_server.rpc.backend import Backend
from buoy_server.rpc.fsck import Kernels, look_at_kernels
from buoy_server.storage.fsck import check_store

MAX_VIOLATIONS = 1000


class AdminService:
    """The server itself."""

    def __init__(self, backend: Backend, compactor: Compactor) -> None:
        self._backend = backend
        self._compactor = compactor
        self._started = datetime.now(UTC)
        self._checking = asyncio.Lock()

    async def GetServer(self, _request: admin_pb2.GetServerRequest, _caller: Caller) -> admin_pb2.ServerInfo:
        """Return what the server is and how far it has come."""
        backend, view = self._backend, self._backend.view
        return admin_pb2.ServerInfo(
            version=version("buoy-server"),
            cluster_id=backend.cluster_id,
            revision=view.revision,
            compact_revision=backend.feed.floor,
            start_time=timestamp(self._started),
            interfaces=sum(view.count(Kind.INTERFACE, "live_node", node) for node in view.keys(Kind.NODE)),
            watches=backend.feed.watches,
            agents=len(backend.presence.connected),
            storage_problem=backend.writer.failure.message if backend.writer.failure else "",
        )

    async def CompactLedger(self, request: admin_pb2.CompactLedgerRequest, _caller: Caller) -> admin_pb2.CompactLedgerResponse:
        """Drop history; a repeat finds nothing to drop, so that its request id is only checked."""
        checks.optional(checks.uuid, request.request_id, "request_id")
        if request.revision < 0:
            raise Malformed("a revision is not negative", field="revision")
        return admin_pb2.CompactLedgerResponse(compact_revision=await self._compactor.compact(request.revision))

    async def CheckLedger(self, request: admin_pb2.CheckLedgerRequest, _caller: Caller) -> admin_pb2.CheckLedgerResponse:
        """Check the database and what nodes confirmed, in a thread of its own; one check at a time, as it reads everything."""
        async with self._checking:
            live = Live(self._backend.presence.connected, datetime.now(UTC))
            found = await asyncio.to_thread(check_store, self._backend.store, live)
            kernels = await look_at_kernels(self._backend) if request.kernels else Kernels()
        violations = [*found.violations, *kernels.violations]
        told = [
            admin_pb2.LedgerViolation(check=each.check, about=each.about, found=each.found, advice=each.advice)
            for each in violations[:MAX_VIOLATIONS]
        ]
        more = len(violations) - len(told)
        return admin_pb2.CheckLedgerResponse(
            revision=found.revision,
            objects=found.objects,
            violations=told,
            more=more,
            floats_looked_at=kernels.looked_at,
            floats=kernels.floats,
        )
