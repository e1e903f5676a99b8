"""A watcher that writes down what it is sent: it reads when it is told to, goes on where it was, and is lean."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import grpc
from buoy.v1 import interface_pb2
from google.protobuf.duration_pb2 import Duration

from tests.faults.history import Chosen, Stream, Watch, message

METHOD = "/buoy.v1.InterfaceService/WatchInterface"
PROGRESS = Duration(nanos=100_000_000)
DEADLINE = 120.0  # seconds


def open_stream(channel: grpc.aio.Channel, start: int, chosen: Chosen | None = None, progress: Duration = PROGRESS) -> Any:
    """Open a stream whose messages are left as bytes."""
    wanted = chosen or Chosen()
    request = interface_pb2.WatchInterfaceRequest(
        interface_uuid=wanted.uuid,
        instance_ref=wanted.instance,
        network_ref=wanted.network,
        node=wanted.node,
        namespace=wanted.namespace,
        start_revision=start,
        progress_interval=progress,
    )
    call: Any = channel.unary_stream(METHOD)
    return call(request.SerializeToString(), wait_for_ready=True)


class Watcher:
    """One watch; `name` is for the words of a broken rule."""

    def __init__(self, name: str, chosen: Chosen | None = None) -> None:
        self.watch = Watch(name, chosen or Chosen())
        self._call: Any = None

    @property
    def reading(self) -> bool:
        """Whether a stream is open."""
        return self._call is not None

    def open(self, channel: grpc.aio.Channel, start: int | None = None) -> None:
        """Open a stream: at a revision, or where the one before had come to; with a snapshot where there was none."""
        self.stop()
        if start is None:
            start = self._next()
        self.watch.streams.append(Stream(start))
        self._call = open_stream(channel, start, self.watch.chosen)

    def stop(self) -> None:
        """Break off."""
        if self._call is not None:
            self._call.cancel()
            self._call = None

    async def read(self) -> bool:
        """Take one message; False when the stream ended, which it notes."""
        stream = self.watch.streams[-1]
        try:
            async with asyncio.timeout(DEADLINE):
                sent = await self._call.read()
        except grpc.aio.AioRpcError as error:
            stream.ended = error.code().name
            self._call = None
            return False
        stream.messages.append(message(sent))
        return True

    async def read_until(self, revision: int) -> None:
        """Read until it has come to a revision, or the stream ended."""
        while self.watch.position < revision or not self.watch.streams[-1].messages:
            if not await self.read():
                return

    async def follow(self, channel: grpc.aio.Channel) -> NoReturn:
        """Read for ever, and go on where it was whenever the server went away."""
        while True:
            self.open(channel)
            while await self.read():
                pass
            ended = self.watch.streams[-1].ended
            if ended not in ("UNAVAILABLE", "OUT_OF_RANGE"):
                raise AssertionError(f"{self.watch.name}: a stream ended with {ended}")

    def _next(self) -> int:
        streams = self.watch.streams
        if not streams or streams[-1].ended == "OUT_OF_RANGE" or not streams[-1].position:
            return 0
        return streams[-1].position + 1


@asynccontextmanager
async def following(channel: grpc.aio.Channel, *watchers: Watcher) -> AsyncIterator[None]:
    """Watchers that read for the length of a `with`; what went wrong with one of them is raised at its end."""
    tasks = [asyncio.create_task(watcher.follow(channel), name=watcher.watch.name) for watcher in watchers]
    try:
        yield
    finally:
        for watcher, task in zip(watchers, tasks, strict=True):
            watcher.stop()
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if not isinstance(result, asyncio.CancelledError):
                raise result  # why the body failed, if it did
