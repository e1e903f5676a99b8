"""Random choice of something free, without a list of what is free.

The candidates 0..size-1 are probed from a random start with a random stride that has no factor in common with the size: a
walk that meets each of them exactly once. With a share f of them free it takes 1/f probes on average.
"""

import math
from collections.abc import Callable
from random import Random


def pick_free(size: int, taken: Callable[[int], bool], random: Random) -> int | None:
    """Return a random number of 0..size-1 that is not taken, or None when all are."""
    if size < 1:
        return None
    start, stride = random.randrange(size), _stride(size, random)
    for step in range(size):
        candidate = (start + step * stride) % size
        if not taken(candidate):
            return candidate
    return None


def _stride(size: int, random: Random) -> int:
    while True:
        stride = random.randint(1, size)
        if math.gcd(stride, size) == 1:
            return stride
