"""What all calls of a client share, written once for both clients: its token, and how far its answers have brought it.

A token is asked for when first needed, shared by all calls, and renewed before it expires.

A token may end early, when its key was deleted or changed: a call that is refused for it is made once more, with another token.
Neither key nor token stands in the repr of anything here.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from buoy.v1.interface_pb2 import WatchInterfaceRequest, WatchInterfaceResponse
from buoy.v1.namespace_pb2 import CreateTokenRequest, CreateTokenResponse
from google.protobuf.message import Message

from buoy_client.call import Call, call
from buoy_client.config import Config
from buoy_client.errors import BuoyError, FailedPrecondition, Unauthenticated
from buoy_client.position import Position
from buoy_client.transport.port import Answer, Clock, Lock, Metadata, Pause, WatchStream, Wire

Response = TypeVar("Response", bound=Message)
Result = TypeVar("Result")

RENEW_AT = 0.8  # of a token's life
TRY_AGAIN = 5.0  # seconds after an early renewal that failed


@dataclass(frozen=True, slots=True)
class Identity:
    """Who calls: a namespace, by one of its keys."""

    namespace: str
    key: str = field(repr=False)


def identity_of(config: Config) -> Identity | None:
    """Give who the settings say calls, None where there is no key."""
    return Identity(config.namespace, config.key) if config.namespace and config.key else None


@dataclass(frozen=True, slots=True)
class Token:
    """What calls bear, and until when (seconds of the clock)."""

    metadata: Metadata = field(repr=False)
    renew_at: float
    expires_at: float


class TokenSource(Protocol):
    """Gives the token of a call."""

    async def get(self) -> Token:
        """Give a token that has not expired; raises what CreateToken was refused with."""

    def refused(self, token: Token) -> None:
        """Take note that the server refused a token, or raise Unauthenticated where there is no other to be had."""


class NoTokens:
    """For who has no key: works where the server runs --insecure."""

    async def get(self) -> Token:
        """Give nothing to bear."""
        return Token((), 0, 0)

    def refused(self, token: Token) -> None:
        """Say what is missing."""
        del token
        raise Unauthenticated("no token: the server takes nobody without a key", reason="NO_KEY") from None


class Tokens:
    """The one token of a client; whoever needs it while it is asked for waits for the answer."""

    def __init__(self, ask: Callable[[], Awaitable[CreateTokenResponse]], lock: Lock, clock: Clock) -> None:
        """Take how to ask for a token."""
        self._ask, self._lock, self._clock = ask, lock, clock
        self._token: Token | None = None

    async def get(self) -> Token:
        """Give the token, a new one where it is old."""
        token = self._token
        if token is None or self._clock() >= token.renew_at:
            async with self._lock:
                token = self._token
                if token is None or self._clock() >= token.renew_at:
                    token = self._token = await self._renewed(token)
        return token

    def refused(self, token: Token) -> None:
        """Forget a token, unless another has taken its place already."""
        if self._token is not None and self._token.metadata == token.metadata:
            self._token = None

    async def _renewed(self, old: Token | None) -> Token:
        now = self._clock()
        try:
            answer = await self._ask()
        except BuoyError:
            if old is None or now >= old.expires_at:
                raise
            return replace(old, renew_at=min(now + TRY_AGAIN, old.expires_at))
        metadata = (("authorization", f"Bearer {answer.access_token}"),)
        return Token(metadata, now + RENEW_AT * answer.expires_in, now + answer.expires_in)


class LoggedInStream:
    """A stream that tells when its token was refused, and how far it has come."""

    def __init__(self, stream: WatchStream, tokens: TokenSource, token: Token, position: Position) -> None:
        """Take the open stream, and what it bears."""
        self._stream, self._tokens, self._token, self._position = stream, tokens, token, position
        self._cluster_id = ""

    async def read(self, limit: float) -> WatchInterfaceResponse | None:
        """Give the next message."""
        try:
            response = await self._stream.read(limit)
        except Unauthenticated:
            self._tokens.refused(self._token)
            raise
        if response is not None:
            self._cluster_id = response.cluster_id or self._cluster_id
            self._position.told(self._cluster_id, response)
        return response

    def cancel(self) -> None:
        """End the stream."""
        self._stream.cancel()


class LoggedIn:
    """A transport whose calls bear a token, and whose reads see what it was told before, over a wire that knows of neither."""

    def __init__(self, wire: Wire, identity: Identity | None, clock: Clock = time.monotonic) -> None:
        """Take the wire; nothing is sent yet."""
        self.target = wire.target
        self._wire = wire
        self._position = Position()
        self._tokens: TokenSource = NoTokens()
        if identity is not None:
            request = CreateTokenRequest(namespace=identity.namespace, key=identity.key)
            asked = call("NamespaceService", "CreateToken", request, CreateTokenResponse, as_it_is)

            async def ask() -> CreateTokenResponse:
                return (await wire.unary(asked)).message

            self._tokens = Tokens(ask, wire.lock(), clock)

    @property
    def cluster_id(self) -> str:
        """The cluster that answered last; empty before."""
        return self._position.cluster_id

    async def connect(self) -> None:
        """Make the first connection."""
        await self._wire.connect()

    async def unary(self, call: Call[Response, Result]) -> Result:
        """Make a call, and once more where the server is of another cluster than the revision that the call asked for."""
        deadline = time.monotonic() + self._wire.timeout
        self._position.ask(call.request)
        try:
            answer = await self._answer(call, deadline)
        except FailedPrecondition as error:
            if not self._position.overtaken(call.request, error):
                raise
            self._position.ask(call.request)
            answer = await self._answer(call, deadline)
        self._position.told(answer.cluster_id, answer.message)
        return call.parse(answer.message)

    async def watch(self, request: WatchInterfaceRequest) -> WatchStream:
        """Open a stream."""
        token = await self._tokens.get()
        return LoggedInStream(await self._wire.watch(request, token.metadata), self._tokens, token, self._position)

    def pause(self) -> Pause:
        """Give something to sleep on."""
        return self._wire.pause()

    async def close(self) -> None:
        """Close the channel."""
        await self._wire.close()

    async def _answer(self, call: Call[Response, Any], deadline: float) -> Answer[Response]:
        """Make a call, and once more with another token where the server does not take this one any more."""
        token = await self._tokens.get()
        try:
            return await self._wire.unary(call, token.metadata, deadline - time.monotonic())
        except Unauthenticated:
            self._tokens.refused(token)
        token = await self._tokens.get()
        return await self._wire.unary(call, token.metadata, deadline - time.monotonic())


def as_it_is(answer: CreateTokenResponse) -> CreateTokenResponse:
    """Give an answer without reading it."""
    return answer
