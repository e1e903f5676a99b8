"""Waiting for a condition with a deadline: tests never just sleep."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")
# Seconds after which what must come is given up: far more than it takes on a slow machine that does other work as well.
PATIENCE = float(os.environ.get("BUOY_PATIENCE", "60"))


class WaitTimeoutError(AssertionError):
    """A condition did not come true before its deadline."""


def wait_for(what: str, look: Callable[[], Seen], *, seconds: float = PATIENCE, every: float = 0.005) -> Seen:
    """Calls `look` until it returns something true, and returns that; after `seconds` says what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise WaitTimeoutError(f"waited {seconds:g} s in vain for {what}; last seen: {seen!r}")
        time.sleep(every)
