"""Calls of the server itself, for its operators."""

from buoy.v1 import admin_pb2 as pb

from buoy_client.call import call
from buoy_client.convert import check_from_proto, server_from_proto
from buoy_client.operations.base import BaseOperations
from buoy_client.server_models import Compaction, LedgerCheck, ServerInfo

SERVICE = "AdminService"


class AdminOperations(BaseOperations):
    """Calls of the server itself; for `system`."""

    async def get_server(self) -> ServerInfo:
        """Give what the server is and how far it has come."""
        return await self._transport.unary(call(SERVICE, "GetServer", pb.GetServerRequest(), pb.ServerInfo, server_from_proto))

    async def check_ledger(self, *, kernels: bool = False) -> LedgerCheck:
        """Check all objects, the database against the ledger, and what nodes have confirmed; changes nothing.

        With `kernels`, nodes are asked as well what their kernels have of active floats.
        """
        return await self._transport.unary(
            call(SERVICE, "CheckLedger", pb.CheckLedgerRequest(kernels=kernels), pb.CheckLedgerResponse, check_from_proto)
        )

    async def compact_ledger(self, revision: int = 0) -> Compaction:
        """Drop history before a revision, 0: what retention says. Watches behind it take a fresh snapshot by themselves."""
        return await self._transport.unary(
            call(
                SERVICE,
                "CompactLedger",
                pb.CompactLedgerRequest(revision=revision),
                pb.CompactLedgerResponse,
                lambda answer: Compaction(answer.compact_revision),
            )
        )
