"""Choosing something free: always free, always found when there is one, and not always the same."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, summarize_address_range
from random import Random

import pytest
from buoy_server.core.allocation import NETWORK_LEVELS, POOL_LEVELS, block_of, pick_address, pick_free
from buoy_server.core.ranges import AddressRange, AddressSpace
from hypothesis import given
from hypothesis import strategies as st


@given(size=st.integers(0, 300), seed=st.integers(), data=st.data())
def test_picks_what_is_free_or_says_none(size: int, seed: int, data: st.DataObject) -> None:
    taken = data.draw(st.sets(st.integers(0, max(size - 1, 0))))
    free = set(range(size)) - taken
    chosen = pick_free(size, taken.__contains__, Random(seed))
    assert chosen in free if free else chosen is None


@given(seed=st.integers())
def test_probes_each_candidate_once(seed: int) -> None:
    probed: list[int] = []

    def taken(index: int) -> bool:
        probed.append(index)
        return True

    assert pick_free(97, taken, Random(seed)) is None
    assert sorted(probed) == list(range(97))


def test_is_random() -> None:
    assert len({pick_free(1 << 24, lambda _: False, Random(seed)) for seed in range(50)}) > 45


ADDRESSES = st.integers(1 << 24, (1 << 24) + 64).map(IPv4Address)
RANGES = st.tuples(ADDRESSES, ADDRESSES).map(lambda pair: AddressRange(min(pair), max(pair)))


def _all(ranges: list[AddressRange]) -> set[IPv4Address]:
    return {address for one in ranges for net in summarize_address_range(one.first, one.last) for address in net}


@given(wanted=RANGES, exclusions=st.lists(RANGES, max_size=4))
def test_a_space_is_its_ranges_less_its_exclusions(wanted: AddressRange, exclusions: list[AddressRange]) -> None:
    space = AddressSpace.of([wanted], exclusions)
    expected = _all([wanted]) - _all(exclusions)
    assert [space[index] for index in range(space.size)] == sorted(expected)
    assert all((address in space) == (address in expected) for address in _all([wanted]))
    with pytest.raises(IndexError):
        space[space.size]


@pytest.mark.parametrize("text", ["192.0.2.0/24", "192.0.2.10-192.0.2.20", "192.0.2.7", "192.0.2.8/31", "192.0.2.8/32"])
def test_a_range_reads_back_as_it_was_written(text: str) -> None:
    assert str(AddressRange.parse(text)) == text


@pytest.mark.parametrize("text", ["", "192.0.2.1/24", "192.0.2.20-192.0.2.10", "192.0.2", "x-y", "192.0.2.0/33", "::1"])
def test_no_range(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        AddressRange.parse(text)


LEVELS = {*POOL_LEVELS, *NETWORK_LEVELS}


class Taken:
    """What is taken of a space, as the indexes count it; `asked` counts the questions."""

    def __init__(self, addresses: Iterable[IPv4Address] = ()) -> None:
        self.addresses = set(addresses)
        self.blocks = Counter(block_of(address, bits) for address in self.addresses for bits in LEVELS)
        self.asked = 0
        self.free: int | None = None

    def pick(self, space: AddressSpace, seed: int, levels: Sequence[int] = POOL_LEVELS) -> IPv4Address | None:
        """Choose one that is not taken."""

        def asked(answer: Callable[[IPv4Address], bool]) -> Callable[[IPv4Address], bool]:
            def ask(address: IPv4Address) -> bool:
                self.asked += 1
                return answer(address)

            return ask

        def taken_in(block: int) -> int:
            self.asked += 1
            return self.blocks[block]

        return pick_address(space, levels, taken_in, asked(self.addresses.__contains__), Random(seed), self.free)


@given(
    ranges=st.lists(RANGES, min_size=1, max_size=3),
    exclusions=st.lists(RANGES, max_size=2),
    levels=st.sampled_from([POOL_LEVELS, NETWORK_LEVELS]),
    seed=st.integers(),
    data=st.data(),
)
def test_an_address_is_found_wherever_one_is_free(
    ranges: list[AddressRange], exclusions: list[AddressRange], levels: Sequence[int], seed: int, data: st.DataObject
) -> None:
    disjoint: list[AddressRange] = []
    for range_ in ranges:
        disjoint += [] if any(range_.overlaps(other) for other in disjoint) else [range_]
    space = AddressSpace.of(disjoint, exclusions)
    everything = _all(disjoint) - _all(exclusions)
    left = data.draw(st.sets(st.sampled_from(sorted(everything)), max_size=2)) if everything else set()
    taken = Taken(everything - left)
    taken.free = data.draw(st.sampled_from([None, len(left)]))
    chosen = taken.pick(space, seed, levels)
    assert chosen in left if left else chosen is None


@given(range_=RANGES, exclusions=st.lists(RANGES, max_size=3), first=ADDRESSES, count=st.integers(0, 70))
def test_a_space_counts_what_is_within(
    range_: AddressRange, exclusions: list[AddressRange], first: IPv4Address, count: int
) -> None:
    expected = [address for address in _all([range_]) - _all(exclusions) if 0 <= int(address) - int(first) < count]
    assert AddressSpace.of([range_], exclusions).within(int(first), count) == len(expected)


class AllBut(Taken):
    """A whole /8 of which only some addresses are free: nobody could write down the others."""

    def __init__(self, free: Iterable[IPv4Address]) -> None:
        super().__init__()
        self.addresses = _Complement(free)
        self.blocks = _Full(Counter(block_of(address, bits) for address in free for bits in LEVELS))


class _Complement(set[IPv4Address]):
    def __contains__(self, address: object) -> bool:
        return not super().__contains__(address)


class _Full(Counter[int]):
    def __missing__(self, block: int) -> int:
        return 0

    def __getitem__(self, block: int) -> int:
        return (1 << 33 - block.bit_length()) - self.get(block, 0)


@pytest.mark.parametrize("seed", range(5))
def test_the_last_free_address_of_a_slash_8_is_found_with_a_few_hundred_questions(seed: int) -> None:
    eight = AddressSpace.of([AddressRange.parse("10.0.0.0/8")])
    only = eight[Random(seed).randrange(eight.size)]
    taken = AllBut([only])
    assert taken.pick(eight, seed) == only
    assert taken.asked <= 8 + 256 + 64 + 64 + 16


def test_each_free_address_has_its_chance_when_few_are_left() -> None:
    space = AddressSpace.of([AddressRange.parse("10.0.0.0/14")])
    chance = Random(7)
    free = [space[index] for index in chance.sample(range(space.size), 20)]
    taken = AllBut(free)
    assert {taken.pick(space, seed) for seed in range(800)} == set(free)
