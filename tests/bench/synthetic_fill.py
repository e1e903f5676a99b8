"""A view that says that most of a /8 pool is taken, without a record for each of sixteen million addresses.

What is taken is drawn leaf by leaf (the smallest blocks that are counted), as many in each as chance would have it, and counted
exactly for the blocks above: an allocation meets what it would meet in a pool that was filled at random.
"""

from array import array
from bisect import bisect
from collections.abc import Hashable, Sequence
from ipaddress import IPv4Address, IPv4Network
from itertools import accumulate
from math import comb
from random import Random
from socket import inet_aton
from typing import cast

from buoy_server.core.allocation import POOL_LEVELS
from buoy_server.core.model import FLOATING_SPACE
from buoy_server.core.state import Kind
from buoy_server.feed.view import View

LEAF = POOL_LEVELS[-1]
_SIZE = 1 << LEAF
_WHOLE = 1 << 32
_SPACE = f"{FLOATING_SPACE}/"


class Fill:
    """What is taken of a block beside the addresses that have a record: a share of it, none among those from first to last."""

    def __init__(self, block: IPv4Network, share: float, first: IPv4Address, last: IPv4Address) -> None:
        self._base = int(block.network_address) >> LEAF
        leaves = block.num_addresses >> LEAF
        recorded = range((int(first) >> LEAF) - self._base, (int(last) >> LEAF) - self._base + 1)
        drawn = _drawn(leaves, share)
        self._taken = array("B", [0 if leaf in recorded else count for leaf, count in enumerate(drawn)])
        sums = array("I", accumulate(self._taken, initial=0))
        self.total = sums[-1]
        self._in_block = {
            (_WHOLE >> bits) | (self._base >> bits - LEAF) + number: sums[end] - sums[start]
            for bits in POOL_LEVELS
            for number, start in enumerate(range(0, leaves, 1 << bits - LEAF))
            for end in [start + (1 << bits - LEAF)]
        }

    def in_block(self, block: int) -> int:
        """How many addresses of a block are taken."""
        return self._in_block[block]

    def has(self, number: int) -> bool:
        """Whether an address is taken."""
        leaf = (number >> LEAF) - self._base
        return (number * 37 + leaf * 11) % _SIZE < self._taken[leaf]  # 37 is odd: each place of a leaf once


def _drawn(leaves: int, share: float) -> Sequence[int]:
    """Draw how many of the addresses of each leaf are taken."""
    chance = Random(64)
    upto = list(accumulate(comb(_SIZE, taken) * share**taken * (1 - share) ** (_SIZE - taken) for taken in range(_SIZE + 1)))
    return [min(bisect(upto, chance.random()), _SIZE) for _ in range(leaves)]


class FilledView(View):
    """A view with a fill, as far as an allocation asks."""

    fill: Fill | None = None

    def has(self, kind: Kind, key: str) -> bool:
        """Whether there is an object with that key, or the fill has the address."""
        if self.fill is not None and key.startswith(_SPACE) and self.fill.has(int.from_bytes(inet_aton(key[len(_SPACE) :]))):
            return True
        return super().has(kind, key)

    def count(self, kind: Kind, index: str, value: Hashable) -> int:
        """How many objects stand under a value in an index, with those of the fill."""
        found = super().count(kind, index, value)
        if self.fill is None or kind is not Kind.RESERVATION:
            return found
        if index == "taken_in_pool":
            return found + self.fill.in_block(cast("tuple[str, int]", value)[1])
        return found + self.fill.total if index == "pool_type" and cast("tuple[str, str]", value)[1] == "in_use" else found
