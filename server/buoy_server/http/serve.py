"""Serving HTTP in the server's own loop: uvicorn, without its signal handlers, its logs, and its way of ending the process."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from buoy_server.errors import ListenError

KEEP_ALIVE = 75  # seconds; the client asks every 5, and a connection that closes under its request makes it ask again
HEAD_SECONDS = 20.0  # that a connection may take to say what it wants
GRACE = 10  # seconds that requests under way get to finish
BACKLOG = 2048
MAX_CONNECTIONS = 4096


class HttpServer:
    """The HTTP port."""

    def __init__(self, app: ASGIApp, headers: Sequence[tuple[str, str]] = ()) -> None:
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",  # it says a line for each request that is no HTTP
            access_log=False,
            server_header=False,
            proxy_headers=False,  # who calls is who connects: guessing keys is counted by it
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=GRACE,
            limit_concurrency=MAX_CONNECTIONS,
            backlog=BACKLOG,
            headers=list(headers),
        )
        self._server = _Server(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self, target: str) -> str:
        """Serve on HOST:PORT and return it with the port that was bound, or raise ListenError."""
        listener = _bind(target)
        host, port = listener.getsockname()[:2]
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]), name="http")
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def stop(self) -> None:
        """Take no more requests, and let those under way finish."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program that this runs in."""
        yield


class _Protocol(H11Protocol):
    """uvicorn's, and a connection that never says what it wants is closed: uvicorn would keep it for ever."""

    _head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._head = self.loop.call_later(HEAD_SECONDS, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        idle = self._is_idle()
        super().data_received(data)
        if not self._is_idle():
            self._expect_nothing()
        elif idle and self._head is None:
            self._head = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _expect_nothing(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None


def _bind(target: str) -> socket.socket:
    host, _, port = target.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]"), _port(port), type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, ValueError) as error:
        raise ListenError(f"http: {target} is not HOST:PORT of this machine") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise ListenError(f"http: {target} cannot be served: is another server on it? ({error.strerror})") from error
    return listener


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 0xFFFF:  # which getaddrinfo would cut to 16 bits
        raise ValueError(text)
    return int(text)
