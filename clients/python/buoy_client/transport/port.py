"""The port between the SDK's logic and grpc.

The logic is written once, as coroutines. The blocking transport's methods never suspend: they block instead, so that such a
coroutine runs to its end in one step (see `blocking.py`). Errors are always the SDK's own.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from buoy.v1.interface_pb2 import WatchInterfaceRequest, WatchInterfaceResponse
from google.protobuf.message import Message

from buoy_client.call import Call

Response = TypeVar("Response", bound=Message)
Result = TypeVar("Result")
Metadata = tuple[tuple[str, str], ...]
Lock = AbstractAsyncContextManager[object]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Answer(Generic[Response]):
    """The answer to a call, and the cluster that gave it (empty: it did not say)."""

    message: Response
    cluster_id: str


class WatchStream(Protocol):
    """One open stream; it is always cancelled by whoever opened it."""

    async def read(self, limit: float) -> WatchInterfaceResponse | None:
        """Give the next message, None at a clean end; TimeoutError after `limit` seconds, and the stream is then over."""

    def cancel(self) -> None:
        """End the stream; safe to repeat, and from another thread where the transport blocks."""


class Pause(Protocol):
    """A sleep that can be cut short."""

    async def wait(self, seconds: float) -> None:
        """Sleep, but not past `cut`."""

    def cut(self) -> None:
        """End this sleep and every later one at once."""


class Transport(Protocol):
    """Makes calls to one server, as whoever it is logged in."""

    target: str

    @property
    def cluster_id(self) -> str:
        """The cluster that answered last; empty before."""

    async def connect(self) -> None:
        """Make the first connection; raises Unavailable (UNREACHABLE) in time. Later calls wait for the channel instead."""

    async def unary(self, call: Call[Response, Result]) -> Result:
        """Make a call, within the client's timeout."""

    async def watch(self, request: WatchInterfaceRequest) -> WatchStream:
        """Open a stream; it waits for the channel, and fails in `read`."""

    def pause(self) -> Pause:
        """Give something to sleep on."""

    async def close(self) -> None:
        """Close the channel; what still runs ends."""


class Wire(Protocol):
    """What a transport is made on: a grpc channel, blocking or not, whose calls bear the metadata that they are given."""

    target: str
    timeout: float

    async def connect(self) -> None:
        """Make the first connection, as `Transport.connect`."""

    async def unary(self, call: Call[Response, Any], metadata: Metadata = (), limit: float | None = None) -> Answer[Response]:
        """Make a call, within so many seconds (`timeout` by default)."""

    async def watch(self, request: WatchInterfaceRequest, metadata: Metadata = ()) -> WatchStream:
        """Open a stream, as `Transport.watch`."""

    def pause(self) -> Pause:
        """Give something to sleep on."""

    def lock(self) -> Lock:
        """Give something that one call holds while others wait."""

    async def close(self) -> None:
        """Close the channel; what still runs ends."""
