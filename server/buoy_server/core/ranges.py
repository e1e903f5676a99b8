"""Ranges of addresses, as a pool has them: "192.0.2.0/24" or "192.0.2.10-192.0.2.20"."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network


@dataclass(frozen=True, slots=True)
class AddressRange:
    """All addresses from `first` to `last`; a `block` was given in CIDR form and reserves three of its own."""

    first: IPv4Address
    last: IPv4Address
    block: bool = False

    @classmethod
    def parse(cls, text: str) -> "AddressRange":
        """Read a CIDR block, "first-last" or one address; anything else is a ValueError that says why."""
        if "-" in text:
            first, last = (IPv4Address(part.strip()) for part in text.split("-", 1))
            if last < first:
                raise ValueError(f"{last} comes before {first}")
            return cls(first, last)
        if "/" in text:
            network = IPv4Network(text)
            return cls(network.network_address, network.broadcast_address, block=True)
        return cls(IPv4Address(text), IPv4Address(text))

    def __str__(self) -> str:
        if self.block:
            return f"{self.first}/{32 - (self.size - 1).bit_length()}"
        return f"{self.first}-{self.last}" if self.size > 1 else str(self.first)

    @property
    def size(self) -> int:
        """How many addresses."""
        return int(self.last) - int(self.first) + 1

    def __contains__(self, address: IPv4Address) -> bool:
        return self.first <= address <= self.last

    def overlaps(self, other: "AddressRange") -> bool:
        """Whether any address is in both."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True)
class AddressSpace:
    """Ranges less exclusions, as disjoint spans of integers in order, with every address numbered from 0."""

    firsts: tuple[int, ...]  # of each span
    numbers: tuple[int, ...]  # that of each span's first address; and last, how many addresses there are

    @classmethod
    def of(cls, ranges: Iterable[AddressRange], exclusions: Sequence[AddressRange] = ()) -> "AddressSpace":
        """Build the space of all addresses that are in a range and in no exclusion."""
        holes = sorted(exclusions, key=lambda range_: range_.first)
        firsts, numbers = [], [0]
        for wanted in sorted(ranges, key=lambda range_: range_.first):
            for first, length in _without(wanted, holes):
                firsts.append(first)
                numbers.append(numbers[-1] + length)
        return cls(tuple(firsts), tuple(numbers))

    @property
    def size(self) -> int:
        """How many addresses."""
        return self.numbers[-1]

    def below(self, address: int) -> int:
        """How many addresses of it come before one, which may be any."""
        span = bisect_right(self.firsts, address) - 1
        return 0 if span < 0 else min(self.numbers[span] + address - self.firsts[span], self.numbers[span + 1])

    def within(self, first: int, count: int) -> int:
        """How many addresses of it are among so many from one on."""
        span = bisect_right(self.firsts, first) - 1
        if span >= 0 and first + count <= self.firsts[span] + self.numbers[span + 1] - self.numbers[span]:
            return count
        return self.below(first + count) - self.below(first)

    def __getitem__(self, index: int) -> IPv4Address:
        if not 0 <= index < self.size:
            raise IndexError(index)
        span = bisect_right(self.numbers, index) - 1
        return IPv4Address(self.firsts[span] + index - self.numbers[span])

    def __contains__(self, address: IPv4Address) -> bool:
        number = int(address)
        return self.below(number) < self.below(number + 1)


def _without(wanted: AddressRange, holes: Sequence[AddressRange]) -> Iterator[tuple[int, int]]:
    start, end = int(wanted.first), int(wanted.last)
    for hole in holes:
        if not wanted.overlaps(hole) or int(hole.last) < start:
            continue
        if int(hole.first) > start:
            yield start, int(hole.first) - start
        start = int(hole.last) + 1
    if start <= end:
        yield start, end - start + 1
