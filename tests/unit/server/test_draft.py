"""A draft over a view answers as if its entries had been committed; so does a stack of them."""

from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Address

from buoy_server.codec.packing import pack
from buoy_server.core.model import PoolId, Reservation, ReservationType
from buoy_server.core.state import INDEXES, Cause, Draft, Kind, State
from buoy_server.feed.view import View
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.server.world import START

OWNERS = ["a", "b"]
ADDRESSES = [IPv4Address(f"192.0.2.{index}") for index in range(4)]


def _reservation(address: IPv4Address, owner: str, *, resting: bool) -> Reservation:
    base = Reservation(address=address, type=ReservationType.FLOATING, owner=owner, since=START, pool=PoolId("p"))
    if not resting:
        return base
    return replace(base, type=ReservationType.DELETION_HALO, until=START + timedelta(seconds=300))


CHANGES = st.lists(
    st.one_of(
        st.builds(_reservation, st.sampled_from(ADDRESSES), st.sampled_from(OWNERS), resting=st.booleans()),
        st.sampled_from(ADDRESSES),  # forget it
    ),
    max_size=12,
)


def _apply(draft: Draft, changes: list[Reservation | IPv4Address]) -> None:
    for change in changes:
        if isinstance(change, Reservation):
            draft.put(change)
        elif (record := draft.get(Kind.RESERVATION, f"floating/{change}")) is not None:
            draft.forget(record)


def _seen(state: State) -> object:
    objects = {key: state.get(Kind.RESERVATION, key) for key in state.keys(Kind.RESERVATION)}
    indexes = {}
    for name in INDEXES[Kind.RESERVATION]:
        found = {value: set(state.find(Kind.RESERVATION, name, value)) for value in state.values(Kind.RESERVATION, name)}
        indexes[name] = {value: keys for value, keys in found.items() if keys}
    return state.revision, {key: replace(r, create_time=None, update_time=None) for key, r in objects.items() if r}, indexes


def _commit(view: View, draft: Draft) -> None:
    for entry in draft.entries:
        view.apply(entry, pack(entry.after) if entry.after else None)


@given(first=CHANGES, second=CHANGES, third=CHANGES)
def test_a_stack_of_drafts_reads_like_the_committed_view(first: list, second: list, third: list) -> None:  # type: ignore[type-arg]
    view = View()
    base = Draft(view, Cause("Test", "system"), START)
    _apply(base, first)
    _commit(view, base)
    batch = Draft(view, Cause("Test", "system"), START)
    _apply(batch, second)
    command = Draft(batch, Cause("Test", "system"), START)
    _apply(command, third)
    expected = _seen(command)
    batch.absorb(command)
    assert _seen(batch) == expected
    _commit(view, batch)
    assert _seen(view) == expected


@given(first=CHANGES, dropped=CHANGES)
def test_a_dropped_draft_leaves_nothing(first: list, dropped: list) -> None:  # type: ignore[type-arg]
    batch = Draft(View(), Cause("Test", "system"), START)
    _apply(batch, first)
    before = _seen(batch)
    _apply(Draft(batch, Cause("Test", "system"), START), dropped)
    assert _seen(batch) == before


def test_revisions_have_no_gap() -> None:
    draft = Draft(View(), Cause("Test", "system"), START)
    _apply(draft, [_reservation(address, "a", resting=False) for address in ADDRESSES])
    assert [entry.revision for entry in draft.entries] == [1, 2, 3, 4]
