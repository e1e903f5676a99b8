"""The agent's token: asked for with its key, borne by every call, renewed before it expires.

A server that will not have the key is asked again, more and more rarely: each try counts against the namespace's limit on
guessing, which others share. Whoever needs a token waits meanwhile; what is programmed stays programmed.
"""

import asyncio
import random
import time
from collections.abc import Callable

import grpc
import structlog
from buoy.v1 import namespace_pb2, namespace_pb2_grpc

from buoy_agent.core.retry import backoff

RENEW_AT = 0.8  # of a token's life
_DEADLINE = 10.0
_FIRST, _LONGEST = 1.0, 60.0  # seconds between tries that the server refuses
_AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
_HINTS = {
    grpc.StatusCode.UNAUTHENTICATED: "make a key with `buoy namespace key set system agent-{node} --node {node}`, "
    "and give it with --key-file",
    grpc.StatusCode.PERMISSION_DENIED: "the agent of {node} needs a key of its own: make it with "
    "`buoy namespace key set system agent-{node} --node {node}`",
}
Metadata = tuple[tuple[str, str], ...]
REFUSED = frozenset(_HINTS)
log = structlog.get_logger()


def log_refusal(event: str, error: grpc.aio.AioRpcError, node: str, **more: object) -> None:
    """Logs a call that failed; where the server will not have this agent, as a warning that says what to do."""
    words = {"code": error.code().name, "detail": error.details(), **more}
    if error.code() in _HINTS:
        log.warning(event, **words, hint=_HINTS[error.code()].format(node=node))
    else:
        log.info(event, **words)


def failed_in_a_row(before: int, failure: grpc.StatusCode | None) -> int:
    """How many tries have failed in a row; to wait for a server in vain, as all but the first may, is no failed one."""
    if failure is None:
        return 0
    return 1 if before and failure is grpc.StatusCode.DEADLINE_EXCEEDED else before + 1


class AgentToken:
    """The one token of an agent; without a key it gives nothing to bear, which works with a server that is --insecure."""

    def __init__(
        self,
        stub: "namespace_pb2_grpc.NamespaceServiceAsyncStub",
        node: str,
        namespace: str,
        read_key: Callable[[], str | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stub, self._node, self._namespace, self._read_key, self._clock = stub, node, namespace, read_key, clock
        self._lock = asyncio.Lock()
        self._metadata: Metadata = ()
        self._renew_at = self._expires_at = 0.0

    async def metadata(self) -> Metadata:
        """What a call bears; waits until the server gives a token."""
        async with self._lock:
            attempt = 0
            while self._clock() >= self._renew_at:
                failure = await self._renew(wait_for_ready=attempt > 0)
                if failure is not None and self._clock() < self._expires_at:
                    self._renew_at = min(self._clock() + _LONGEST, self._expires_at)
                elif failure is not None:
                    attempt = failed_in_a_row(attempt, failure)
                    await asyncio.sleep(_delay(failure, attempt))
            return self._metadata

    def refused(self, metadata: Metadata) -> None:
        """A call that bore this was refused: another token is asked for, unless there is one already."""
        if metadata and metadata == self._metadata:
            self._renew_at = self._expires_at = 0.0

    async def _renew(self, *, wait_for_ready: bool) -> grpc.StatusCode | None:
        """Asks for a token; returns what went wrong."""
        now = self._clock()
        try:
            key = self._read_key()
            if key is None:
                self._renew_at = float("inf")
                return None
            request = namespace_pb2.CreateTokenRequest(namespace=self._namespace, key=key)
            answer = await self._stub.CreateToken(request, timeout=_DEADLINE, wait_for_ready=wait_for_ready)
        except OSError as error:
            log.warning("no token: the key file cannot be read", file=error.filename, error=error.strerror)
            return grpc.StatusCode.UNKNOWN
        except grpc.aio.AioRpcError as error:
            log_refusal("no token", error, self._node, namespace=self._namespace)
            return error.code()
        self._metadata = (("authorization", f"Bearer {answer.access_token}"),)
        self._renew_at, self._expires_at = now + RENEW_AT * answer.expires_in, now + answer.expires_in
        return None


def _delay(failure: grpc.StatusCode, attempt: int) -> float:
    fraction = random.random()  # noqa: S311 - spreads the tries, guards nothing
    return backoff(attempt, fraction) if failure in _AWAY else backoff(attempt, fraction, first=_FIRST, longest=_LONGEST)
