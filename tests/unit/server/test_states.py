"""The tables of states: complete, and nothing leaves what is final."""

from enum import StrEnum
from typing import Any

import pytest
from buoy_server.core import states
from hypothesis import given
from hypothesis import strategies as st

TABLES = [
    (states.InterfaceState, states.INTERFACE_MOVES),
    (states.FloatingPhase, states.FLOATING_MOVES),
    (states.InstanceState, states.INSTANCE_MOVES),
    (states.NetworkState, states.NETWORK_MOVES),
    (states.NodeState, states.NODE_MOVES),
]


@pytest.mark.parametrize(("members", "moves"), TABLES)
def test_every_state_has_a_row(members: type[StrEnum], moves: states.Moves[StrEnum]) -> None:
    assert set(moves) == set(members)
    assert all(targets <= set(members) for targets in moves.values())


@pytest.mark.parametrize(("members", "moves"), [table for table in TABLES if "DELETED" in table[0].__members__])
def test_nothing_leaves_deleted(members: type[StrEnum], moves: states.Moves[StrEnum]) -> None:
    assert moves[members["DELETED"]] == frozenset()


@given(st.data())
def test_a_move_is_in_the_table_or_refused(data: st.DataObject) -> None:
    table: Any = data.draw(st.sampled_from(TABLES))
    members, moves = table
    old, new = data.draw(st.sampled_from(list(members))), data.draw(st.sampled_from(list(members)))
    if new is old or new in moves[old]:
        assert states.move(moves, old, new) is new
    else:
        with pytest.raises(ValueError, match="no way from"):
            states.move(moves, old, new)


def test_an_interface_lives_as_documented() -> None:
    of = states.InterfaceState
    assert states.INTERFACE_MOVES[of.INITIAL] == {of.CREATED, of.DELETED, of.ERROR}
    assert states.INTERFACE_MOVES[of.CREATED] == {of.DELETED, of.ERROR}
    assert states.INTERFACE_MOVES[of.ERROR] == {of.DELETED}
