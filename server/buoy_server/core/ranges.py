"""Ranges of addresses, as a pool has them: "192.0.2.0/24" or "192.0.2.10-192.0.2.20"."""

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
    """Ranges less exclusions, as disjoint spans of integers, with every address numbered from 0."""

    spans: tuple[tuple[int, int], ...]  # (first, length)

    @classmethod
    def of(cls, ranges: Iterable[AddressRange], exclusions: Sequence[AddressRange] = ()) -> "AddressSpace":
        """Build the space of all addresses that are in a range and in no exclusion."""
        spans: list[tuple[int, int]] = []
        for wanted in sorted(ranges, key=lambda range_: range_.first):
            spans.extend(_without(wanted, exclusions))
        return cls(tuple(spans))

    @property
    def size(self) -> int:
        """How many addresses."""
        return sum(length for _, length in self.spans)

    def __getitem__(self, index: int) -> IPv4Address:
        for first, length in self.spans:
            if index < length:
                return IPv4Address(first + index)
            index -= length
        raise IndexError(index)

    def __contains__(self, address: IPv4Address) -> bool:
        number = int(address)
        return any(first <= number < first + length for first, length in self.spans)


def _without(wanted: AddressRange, exclusions: Sequence[AddressRange]) -> Iterator[tuple[int, int]]:
    start, end = int(wanted.first), int(wanted.last)
    for hole in sorted(exclusions, key=lambda range_: range_.first):
        if not wanted.overlaps(hole) or int(hole.last) < start:
            continue
        if int(hole.first) > start:
            yield start, int(hole.first) - start
        start = int(hole.last) + 1
    if start <= end:
        yield start, end - start + 1
