"""A limit on blocking reads: one thread a stream, and no work a message."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watchdog:
    """Calls `bark` when something took longer than its limit; it barks once and is then done."""

    def __init__(self, bark: Callable[[], object]) -> None:
        """Start the thread, with nothing to watch yet."""
        self.barked = False
        self._bark = bark
        self._stopped = False
        self._deadline: float | None = None
        self._wakes_at: float | None = None
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="buoy-watchdog", daemon=True).start()

    @contextmanager
    def within(self, limit: float) -> Iterator[None]:
        """Bark unless the block ends within `limit` seconds."""
        self._set(time.monotonic() + limit)
        try:
            yield
        finally:
            self._deadline = None  # read when the thread next wakes; waking it now would cost each message

    def stop(self) -> None:
        """End the thread without a bark."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _set(self, deadline: float) -> None:
        with self._changed:
            self._deadline = deadline
            if self._wakes_at is None or deadline < self._wakes_at:
                self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while not self._stopped and not self.barked:
                self._wakes_at = self._deadline
                left = None if self._wakes_at is None else self._wakes_at - time.monotonic()
                if left is not None and left <= 0:
                    self.barked = True
                else:
                    self._changed.wait(left)
        if self.barked:
            self._bark()
