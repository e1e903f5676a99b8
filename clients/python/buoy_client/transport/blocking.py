"""The wire of `BuoyClient`: coroutines that block and never suspend."""

import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, TypeVar

import grpc
from buoy.v1.interface_pb2 import WatchInterfaceRequest, WatchInterfaceResponse
from google.protobuf.message import Message

from buoy_client.call import Call
from buoy_client.errors import Unavailable
from buoy_client.transport.port import Answer, Lock, Metadata
from buoy_client.transport.settings import GLANCE, PROBE_PATH, PROBE_REQUEST, WATCH_PATH, channel_options, unreachable
from buoy_client.transport.status import cluster_in, error_from_call
from buoy_client.transport.watchdog import Watchdog

Response = TypeVar("Response", bound=Message)


class BlockingStream:
    """A stream whose reads block; a watchdog ends a read that takes too long."""

    def __init__(self, call: Any) -> None:
        """Take the call of grpc, which is both the stream and its handle."""
        self._call = call
        self._messages: Iterator[WatchInterfaceResponse] = iter(call)
        self._watchdog = Watchdog(call.cancel)

    async def read(self, limit: float) -> WatchInterfaceResponse | None:
        """Give the next message, None at a clean end."""
        try:
            with self._watchdog.within(limit):
                return next(self._messages, None)
        except grpc.RpcError as error:
            if self._watchdog.barked:
                raise TimeoutError from None
            raise error_from_call(error) from None

    def cancel(self) -> None:
        """End the stream."""
        self._watchdog.stop()
        self._call.cancel()


class BlockingPause:
    """A sleep that another thread can cut short."""

    def __init__(self) -> None:
        """Start uncut."""
        self._cut = threading.Event()

    async def wait(self, seconds: float) -> None:
        """Block for some seconds, but not past `cut`."""
        self._cut.wait(seconds)

    def cut(self) -> None:
        """End this sleep and every later one at once."""
        self._cut.set()


class BlockingLock:
    """A lock among threads."""

    def __init__(self) -> None:
        """Start free."""
        self._lock = threading.Lock()

    async def __aenter__(self) -> None:
        """Block until it is ours."""
        self._lock.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Set it free."""
        self._lock.release()


class BlockingWire:
    """A grpc channel that blocks its caller."""

    def __init__(self, target: str, timeout: float, connect_timeout: float) -> None:
        """Open the channel; nothing is sent yet."""
        self.target = target
        self.timeout = timeout
        self._connect_timeout = connect_timeout
        self._connected = False
        self._channel = grpc.insecure_channel(target, options=channel_options())

    async def connect(self) -> None:
        """Make the first connection."""
        if not self._connected and not self._ready(self._connect_timeout):
            raise Unavailable(unreachable(self.target, self._connect_timeout), reason="UNREACHABLE")
        self._connected = True

    async def unary(self, call: Call[Response, Any], metadata: Metadata = (), limit: float | None = None) -> Answer[Response]:
        """Make a call, within so many seconds."""
        deadline = time.monotonic() + (self.timeout if limit is None else limit)
        await self.connect()
        method = self._channel.unary_unary(
            call.path,
            request_serializer=type(call.request).SerializeToString,
            response_deserializer=call.response_type.FromString,
        )
        try:
            limit = max(deadline - time.monotonic(), GLANCE)
            response, made = method.with_call(call.request, timeout=limit, metadata=metadata, wait_for_ready=True)
            return Answer(response, cluster_in(made.trailing_metadata()))
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED and not self._ready(GLANCE):
                raise Unavailable(unreachable(self.target, self.timeout), reason="UNREACHABLE") from None
            raise error_from_call(error) from None

    async def watch(self, request: WatchInterfaceRequest, metadata: Metadata = ()) -> BlockingStream:
        """Open a stream."""
        method = self._channel.unary_stream(
            WATCH_PATH,
            request_serializer=WatchInterfaceRequest.SerializeToString,
            response_deserializer=WatchInterfaceResponse.FromString,
        )
        return BlockingStream(method(request, metadata=metadata, wait_for_ready=True))

    def pause(self) -> BlockingPause:
        """Give something to sleep on."""
        return BlockingPause()

    def lock(self) -> Lock:
        """Give something that one call holds while others wait."""
        return BlockingLock()

    async def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def _ready(self, limit: float) -> bool:
        try:
            probe: Any = self._channel.unary_unary(PROBE_PATH)
            probe(PROBE_REQUEST, timeout=limit, wait_for_ready=True)
        except grpc.RpcError as error:
            return error.code() not in {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE}
        return True
