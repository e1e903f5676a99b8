"""Time as this process lives it: of a time in which it was not let run, next to nothing counts.

A download through namespaces is all this process's own work and the kernel's. So a gap in it that is long by this clock was one
of the network; by a wall clock it may as well be another program that had the processor.
"""

import threading
import time

_TICK = 0.01


class _Clock:
    """Counts ticks in a thread: one that comes late counts for two at most."""

    def __init__(self) -> None:
        self._counted = 0.0, time.monotonic()
        threading.Thread(target=self._tick, name="awake", daemon=True).start()

    def now(self) -> float:
        """Seconds from its start on."""
        seconds, last = self._counted
        return seconds + min(time.monotonic() - last, 2 * _TICK)

    def _tick(self) -> None:
        while True:
            time.sleep(_TICK)
            seconds, last = self._counted
            now = time.monotonic()
            self._counted = seconds + min(now - last, 2 * _TICK), now


_starting = threading.Lock()
_clocks: list[_Clock] = []


def awake() -> float:
    """Seconds that this process has been awake, from the first call on."""
    with _starting:
        if not _clocks:
            _clocks.append(_Clock())
    return _clocks[0].now()
