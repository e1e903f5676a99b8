"""Choosing something free: always free, always found when there is one, and not always the same."""

from ipaddress import IPv4Address, summarize_address_range
from random import Random

import pytest
from buoy_server.core.allocation import pick_free
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
