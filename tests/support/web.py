"""A small web inside namespaces: a server that says who asks, a client, and a download that tells whether it ever stalled."""

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from types import TracebackType
from typing import Any, Self

from tests.support.awake import awake
from tests.support.netns import inside
from tests.support.waiting import PATIENCE

PORT = 8080
CHUNK = b"x" * 1000


@dataclass(frozen=True, slots=True)
class Page:
    """What a server answered: its own name, the address that it saw the request come from, and the one it was asked at."""

    served_by: str
    seen_source: IPv4Address
    seen_target: IPv4Address


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, name: str, pace: float) -> None:
        self.name, self.pace = name, pace
        super().__init__(("0.0.0.0", PORT), _Handler)  # noqa: S104 - a namespace of our own

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of clients that went away: that is what they are for."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Answers `/endless` with a slow stream without end, and all else with who asks whom."""
        self.send_response(200)
        self.end_headers()
        if self.path == "/endless":
            self._drip()
        else:
            source, target = self.client_address[0], self.connection.getsockname()[0]
            page = {"served_by": self.server.name, "seen_source": source, "seen_target": target}
            self.wfile.write(json.dumps(page).encode())

    def _drip(self) -> None:
        while True:
            self.wfile.write(CHUNK)
            time.sleep(self.server.pace)

    def log_message(self, *args: Any) -> None:
        """Keeps the log quiet."""


@contextmanager
def http_server(netns: str, name: str, *, pace: float = 0.01) -> Iterator[None]:
    """Serves pages on port 8080 of the namespace; a chunk of an endless download comes every `pace` seconds."""
    with inside(netns):
        server = _Server(name, pace)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name=f"http-{name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def fetch(netns: str, address: IPv4Address, *, timeout: float = PATIENCE, source: IPv4Address | None = None) -> Page:
    """Fetches the page at this address from inside the namespace; raises OSError where it does not get in."""
    own = None if source is None else (str(source), 0)
    connection = http.client.HTTPConnection(str(address), PORT, timeout=timeout, source_address=own)
    try:
        with inside(netns):
            connection.connect()
        connection.request("GET", "/")
        answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return Page(answer["served_by"], IPv4Address(answer["seen_source"]), IPv4Address(answer["seen_target"]))


def reaches(netns: str, address: IPv4Address, *, timeout: float = 0.7) -> bool:
    """Whether a page can be fetched from inside the namespace, soon: only for what must not be. What must be is fetched."""
    try:
        fetch(netns, address, timeout=timeout)
    except OSError:
        return False
    return True


class Download:
    """An endless download that goes on in the background."""

    def __init__(self, netns: str, address: IPv4Address, *, timeout: float = PATIENCE) -> None:
        """Starts it; raises OSError where it does not get in."""
        with inside(netns):
            self._socket = socket.create_connection((str(address), PORT), timeout)
        self._socket.settimeout(None)
        self._socket.sendall(b"GET /endless HTTP/1.0\r\n\r\n")
        self._last = awake()
        self._gap = 0.0
        self.received = 0
        self.ended = False
        self._thread = threading.Thread(target=self._read, name="download", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def longest_gap(self) -> float:
        """The longest time without a byte so far, the present one too, in seconds in which this process was let run."""
        return max(self._gap, 0.0 if self.ended else awake() - self._last)

    @property
    def silence(self) -> float:
        """For how many such seconds nothing has come."""
        return awake() - self._last

    def close(self) -> None:
        """Ends it."""
        with contextlib.suppress(OSError):  # it may have ended by itself
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _read(self) -> None:
        while self._take():
            now = awake()
            self._gap, self._last = max(self._gap, now - self._last), now
        self.ended = True

    def _take(self) -> int:
        try:
            size = len(self._socket.recv(65536))
        except OSError:
            return 0
        self.received += size
        return size
