"""The wire of `AsyncBuoyClient`."""

import asyncio
import time
from typing import Any, TypeVar

import grpc
from buoy.v1.interface_pb2 import WatchInterfaceRequest, WatchInterfaceResponse
from google.protobuf.message import Message

from buoy_client.call import Call
from buoy_client.errors import Cancelled, Unavailable
from buoy_client.transport.port import Answer, Lock, Metadata
from buoy_client.transport.settings import GLANCE, PROBE_PATH, PROBE_REQUEST, WATCH_PATH, channel_options, unreachable
from buoy_client.transport.status import cluster_in, error_from_call

Response = TypeVar("Response", bound=Message)


class AioStream:
    """A stream of grpc.aio."""

    def __init__(self, call: Any) -> None:
        """Take the call of grpc.aio."""
        self._call = call
        self._cancelled = False

    async def read(self, limit: float) -> WatchInterfaceResponse | None:
        """Give the next message, None at a clean end."""
        try:
            async with asyncio.timeout(limit):
                message = await self._call.read()
        except grpc.aio.AioRpcError as error:
            raise error_from_call(error) from None
        except asyncio.CancelledError:
            if self._cancelled and not self._task_is_cancelled():
                raise Cancelled("the stream was closed") from None
            raise
        return None if message is grpc.aio.EOF else message

    def cancel(self) -> None:
        """End the stream; a read that waits ends with Cancelled."""
        self._cancelled = True
        self._call.cancel()

    def _task_is_cancelled(self) -> bool:
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0


class AioPause:
    """A sleep that another task can cut short."""

    def __init__(self) -> None:
        """Start uncut."""
        self._cut = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Sleep, but not past `cut`."""
        try:
            async with asyncio.timeout(seconds):
                await self._cut.wait()
        except TimeoutError:
            return

    def cut(self) -> None:
        """End this sleep and every later one at once."""
        self._cut.set()


class AioWire:
    """A grpc.aio channel; it opens on first use, in the loop of that use."""

    def __init__(self, target: str, timeout: float, connect_timeout: float) -> None:
        """Take the settings; nothing is opened yet."""
        self.target = target
        self.timeout = timeout
        self._connect_timeout = connect_timeout
        self._connected = False
        self._opened: grpc.aio.Channel | None = None

    @property
    def _channel(self) -> grpc.aio.Channel:
        if self._opened is None:
            self._opened = grpc.aio.insecure_channel(self.target, options=channel_options())
        return self._opened

    async def connect(self) -> None:
        """Make the first connection."""
        if not self._connected and not await self._ready(self._connect_timeout):
            raise Unavailable(unreachable(self.target, self._connect_timeout), reason="UNREACHABLE")
        self._connected = True

    async def unary(self, call: Call[Response, Any], metadata: Metadata = (), limit: float | None = None) -> Answer[Response]:
        """Make a call, within so many seconds."""
        deadline = time.monotonic() + (self.timeout if limit is None else limit)
        await self.connect()
        method: Any = self._channel.unary_unary(
            call.path,
            request_serializer=type(call.request).SerializeToString,
            response_deserializer=call.response_type.FromString,
        )
        try:
            limit = max(deadline - time.monotonic(), GLANCE)
            made = method(call.request, timeout=limit, metadata=metadata, wait_for_ready=True)
            return Answer(await made, cluster_in(await made.trailing_metadata()))
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED and not await self._ready(GLANCE):
                raise Unavailable(unreachable(self.target, self.timeout), reason="UNREACHABLE") from None
            raise error_from_call(error) from None

    async def watch(self, request: WatchInterfaceRequest, metadata: Metadata = ()) -> AioStream:
        """Open a stream."""
        method: Any = self._channel.unary_stream(
            WATCH_PATH,
            request_serializer=WatchInterfaceRequest.SerializeToString,
            response_deserializer=WatchInterfaceResponse.FromString,
        )
        return AioStream(method(request, metadata=metadata, wait_for_ready=True))

    def pause(self) -> AioPause:
        """Give something to sleep on."""
        return AioPause()

    def lock(self) -> Lock:
        """Give something that one call holds while others wait."""
        return asyncio.Lock()

    async def close(self) -> None:
        """Close the channel."""
        if self._opened is not None:
            await self._opened.close()

    async def _ready(self, limit: float) -> bool:
        probe: Any = self._channel.unary_unary(PROBE_PATH)
        try:
            await probe(PROBE_REQUEST, timeout=limit, wait_for_ready=True)
        except grpc.aio.AioRpcError as error:
            return error.code() not in {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE}
        return True
