"""Many watchers at once, lean: their streams are bytes, of which only the revisions are looked at."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import grpc
from buoy.v1 import interface_pb2

from tests.faults.watcher import open_stream

STREAMS = 50  # on one connection
PATIENCE = 240.0  # seconds


class Member:
    """One watcher: the revisions that it was sent, and how far it has come."""

    def __init__(self, channel: grpc.aio.Channel, start: int) -> None:
        self.revisions: list[int] = []
        self.position = start - 1
        self._channel = channel
        self._call: Any = None

    def open(self) -> None:
        """Go on where it was; an open stream is dropped."""
        if self._call is not None:
            self._call.cancel()
        self._call = open_stream(self._channel, self.position + 1)

    async def opened(self) -> None:
        """Go on where it was, and wait for the first message."""
        self.open()
        await self._take()

    async def read_until(self, revision: int) -> None:
        """Read until it has come to a revision."""
        while self.position < revision:
            await self._take()

    async def ended(self) -> grpc.StatusCode:
        """Read until the stream ends, and return with what."""
        try:
            while True:
                await self._take()
        except grpc.aio.AioRpcError as error:
            self._call = None
            return error.code()

    async def _take(self) -> None:
        response = interface_pb2.WatchInterfaceResponse.FromString(await self._call.read())
        self.revisions += [event.revision for event in response.events]
        self.position = max(self.position, response.revision)


@asynccontextmanager
async def crowd(target: str, size: int, start: int) -> AsyncIterator[list[Member]]:
    """So many watchers that have not opened a stream yet, on as many connections as it takes."""
    options = [
        ("grpc.use_local_subchannel_pool", 1),  # a connection of its own for each channel
        ("grpc.http2.bdp_probe", 0),  # the window stays at 64 KiB a stream
        ("grpc.max_reconnect_backoff_ms", 200),
    ]
    async with AsyncExitStack() as stack:
        count = -(-size // STREAMS)
        channels = [await stack.enter_async_context(grpc.aio.insecure_channel(target, options=options)) for _ in range(count)]
        yield [Member(channels[number % count], start) for number in range(size)]


async def all_of(waiting: list[Any]) -> list[Any]:
    """Wait for all of many at once."""
    async with asyncio.timeout(PATIENCE):
        return list(await asyncio.gather(*waiting))
