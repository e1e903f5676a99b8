"""Random choice of something free, without a list of what is free.

Of numbers: the candidates 0..size-1 are probed from a random start with a random stride that has no factor in common with the
size, a walk that meets each of them exactly once. With a share f of them free it takes 1/f probes on average, which is little
where the numbers are never used up: MAC addresses, VXLAN numbers.

Of addresses, which are used up: a few are probed at random. When all of those are taken, the way goes down through blocks, of
each of which is known how many of its addresses are taken: into a random one that has room, and into a random one of its parts.
A pool's blocks are of 2^16, 2^10 and 2^4 addresses: at most 64 questions on each level (256 on the highest one in a /8),
however full it is. A private network's are of 2^8: one number more for each record would cost a server with a million of them
five seconds of its start, and no network has so many interfaces.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Address
from itertools import pairwise
from random import Random
from typing import SupportsInt

from buoy_server.core.ranges import AddressSpace

PROBES = 8  # nine in ten allocations end here while a quarter of the space is free
SCARCE = 16  # where less than this part of a space is free, probing is not worth it
POOL_LEVELS = (16, 10, 4)
NETWORK_LEVELS = (8,)
_WHOLE = 1 << 32  # marks a number as an address: as a block of one


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


def block_of(address: SupportsInt, bits: int) -> int:
    """Return the block of 2^bits addresses that one is in: their common prefix, after a bit that tells how long it is."""
    return (_WHOLE | int(address)) >> bits


def pick_address(
    space: AddressSpace,
    levels: Sequence[int],
    taken_in: Callable[[int], int],
    taken: Callable[[IPv4Address], bool],
    random: Random,
    free: int | None = None,
) -> IPv4Address | None:
    """Return a random address of a space that is not taken, or None when all are; `free`: how many are not, where it is known.

    `taken_in` says of a block on one of the levels, as `block_of` names it, how many addresses of the space are taken in there.
    """
    if not space.size:
        return None
    for _ in range(0 if free is not None and free * SCARCE < space.size else PROBES):
        address = space[random.randrange(space.size)]
        if not taken(address):
            return address
    block = next((top for top in _tops(space, levels[0], random) if _room(space, top, levels[0], taken_in)), None)
    if block is None:
        return None
    for above, bits in pairwise(levels):
        block = next(part for part in _parts(block, above - bits, random) if _room(space, part, bits, taken_in))
    addresses = (IPv4Address(number - _WHOLE) for number in _parts(block, levels[-1], random))
    return next(address for address in addresses if not taken(address) and address in space)


def _tops(space: AddressSpace, bits: int, random: Random) -> Iterator[int]:
    """Yield the blocks of 2^bits addresses that a space has addresses in, from a random one on; some more than once."""
    start = int(space[random.randrange(space.size)])
    spans = [
        (first, first + end - begin) for first, begin, end in zip(space.firsts, space.numbers, space.numbers[1:], strict=False)
    ]
    later = [(max(first, start), end) for first, end in spans if end > start]
    earlier = [(first, min(end, start)) for first, end in spans if first < start]
    for first, end in later + earlier:
        yield from range((_WHOLE | first) >> bits, ((_WHOLE | end - 1) >> bits) + 1)


def _parts(block: int, bits: int, random: Random) -> Iterator[int]:
    """Yield the 2^bits parts of a block, from a random one on."""
    count = 1 << bits
    start = random.randrange(count)
    return (block << bits | (start + step) % count for step in range(count))


def _room(space: AddressSpace, block: int, bits: int, taken_in: Callable[[int], int]) -> bool:
    """Whether something is free in a block."""
    first = (block << bits) - _WHOLE
    return space.within(first, 1 << bits) > taken_in(block)
