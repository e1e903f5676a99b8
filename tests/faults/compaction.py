"""Dropping history, as an operator does."""

from typing import Any

import grpc
from buoy.v1 import admin_pb2, admin_pb2_grpc


async def compact(channel: grpc.aio.Channel, oldest: int) -> None:
    """Let the server forget what is older than a revision."""
    admin: Any = admin_pb2_grpc.AdminServiceStub(channel)
    await admin.CompactLedger(admin_pb2.CompactLedgerRequest(revision=oldest))


async def compact_until_it_dies(channel: grpc.aio.Channel, oldest: int) -> None:
    """Let a server forget that dies of it."""
    try:
        await compact(channel, oldest)
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            raise
