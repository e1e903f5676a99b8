"""A steady stream of questions to an address, one each few milliseconds, that tells how long nothing was answered."""

import contextlib
import socket
import threading
import time
from ipaddress import IPv4Address
from types import TracebackType
from typing import Self

from tests.support.netns import inside
from tests.support.probes import ECHO_PORT

PACE = 0.002


class Steady:
    """Asks a UDP echo in the background, from one socket; `longest_gap` is the longest time between two answers."""

    def __init__(self, netns: str, address: IPv4Address) -> None:
        with inside(netns):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect((str(address), ECHO_PORT))
        self._socket.settimeout(PACE)
        self._stop = threading.Event()
        self._last: float | None = None
        self.answers = 0
        self.longest_gap = 0.0
        self._thread = threading.Thread(target=self._ask, name="steady", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends it."""
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _ask(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(OSError):  # nobody answers at the moment
                self._socket.send(b"there?")
                self._socket.recv(100)
                self._note(time.monotonic())
            self._stop.wait(PACE)

    def _note(self, now: float) -> None:
        if self._last is not None:
            self.longest_gap = max(self.longest_gap, now - self._last)
        self._last = now
        self.answers += 1
