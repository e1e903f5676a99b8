"""Moments at which a test may end the process, as kill -9 would just then.

BUOY_FAILPOINT=NAME ends it the first time that point is reached, NAME:N the N-th time. Unset, a point costs one comparison.
"""

import os

EXIT_CODE = 77

POINTS = frozenset(
    {
        "before_commit",  # the rows are written, the transaction is not committed
        "after_commit",  # durable, and nobody in the process knows
        "before_notify",  # the writer knows; the view and the feed do not
        "before_reply",  # everybody knows but the callers
        "mid_compaction",  # some chunks are deleted, others not
    }
)


def _parsed(text: str) -> tuple[str, int]:
    name, _, count = text.partition(":")
    if text and (name not in POINTS or not (count or "1").isdecimal()):
        raise ValueError(f"BUOY_FAILPOINT: {text} is none of {', '.join(sorted(POINTS))}, each with or without :N")
    return name, int(count or 1)


_name, _left = _parsed(os.environ.get("BUOY_FAILPOINT", ""))


def reach(name: str) -> None:
    """End the process at once if it is to end at this point."""
    if name == _name:
        _end_in_time()


def _end_in_time() -> None:
    global _left  # noqa: PLW0603 - one process, one point
    _left -= 1
    if _left <= 0:
        os._exit(EXIT_CODE)
