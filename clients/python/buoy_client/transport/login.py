"""Tokens: asked for when first needed, shared by all calls, renewed before they expire. Written once for both clients.

A token may end early, when its key was deleted or changed: a call that is refused for it is made once more, with another token.
Neither key nor token stands in the repr of anything here.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from buoy.v1.interface_pb2 import WatchInterfaceRequest, WatchInterfaceResponse
from buoy.v1.namespace_pb2 import CreateTokenRequest, CreateTokenResponse
from google.protobuf.message import Message

from buoy_client.call import Call, call
from buoy_client.config import Config
from buoy_client.errors import BuoyError, Unauthenticated
from buoy_client.transport.port import Clock, Lock, Metadata, Pause, WatchStream, Wire

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
    """A stream that tells when its token was refused."""

    def __init__(self, stream: WatchStream, tokens: TokenSource, token: Token) -> None:
        """Take the open stream, and what it bears."""
        self._stream, self._tokens, self._token = stream, tokens, token

    async def read(self, limit: float) -> WatchInterfaceResponse | None:
        """Give the next message."""
        try:
            return await self._stream.read(limit)
        except Unauthenticated:
            self._tokens.refused(self._token)
            raise

    def cancel(self) -> None:
        """End the stream."""
        self._stream.cancel()


class LoggedIn:
    """A transport whose calls bear a token, over a wire that knows of none."""

    def __init__(self, wire: Wire, identity: Identity | None, clock: Clock = time.monotonic) -> None:
        """Take the wire; nothing is sent yet."""
        self.target = wire.target
        self._wire = wire
        self._tokens: TokenSource = NoTokens()
        if identity is not None:
            request = CreateTokenRequest(namespace=identity.namespace, key=identity.key)
            asked = call("NamespaceService", "CreateToken", request, CreateTokenResponse, as_it_is)
            self._tokens = Tokens(lambda: wire.unary(asked), wire.lock(), clock)

    async def connect(self) -> None:
        """Make the first connection."""
        await self._wire.connect()

    async def unary(self, call: Call[Response, Result]) -> Result:
        """Make a call, and once more with another token where the server does not take this one any more."""
        deadline = time.monotonic() + self._wire.timeout
        token = await self._tokens.get()
        try:
            return await self._wire.unary(call, token.metadata, deadline - time.monotonic())
        except Unauthenticated:
            self._tokens.refused(token)
        token = await self._tokens.get()
        return await self._wire.unary(call, token.metadata, deadline - time.monotonic())

    async def watch(self, request: WatchInterfaceRequest) -> WatchStream:
        """Open a stream."""
        token = await self._tokens.get()
        return LoggedInStream(await self._wire.watch(request, token.metadata), self._tokens, token)

    def pause(self) -> Pause:
        """Give something to sleep on."""
        return self._wire.pause()

    async def close(self) -> None:
        """Close the channel."""
        await self._wire.close()


def as_it_is(answer: CreateTokenResponse) -> CreateTokenResponse:
    """Give an answer without reading it."""
    return answer
