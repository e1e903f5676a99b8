"""Dropping history, as retention does."""

from tests.server.running import Running


async def compact(server: Running, oldest: int) -> None:
    """Let the server forget what is older than a revision."""
    server.server._backend.feed.raise_floor(oldest)
