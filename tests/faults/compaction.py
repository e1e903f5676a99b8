"""Dropping history, as retention does."""

import grpc

from tests.server.running import Running


async def compact(server: Running, oldest: int) -> None:
    """Let the server forget what is older than a revision."""
    server.server._backend.feed.raise_floor(oldest)


async def compact_until_it_dies(channel: grpc.aio.Channel) -> None:
    """Ask for compactions until the server is gone."""
    raise NotImplementedError
