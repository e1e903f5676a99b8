"""Each rule notices a history that breaks it, and lets pass one that does not."""

from dataclasses import replace

import pytest

from tests.faults.history import (
    CREATED,
    DELETED,
    SNAPSHOT,
    UPDATED,
    Change,
    Chosen,
    History,
    Message,
    Operation,
    Outcome,
    Seen,
    Stream,
    Watch,
)
from tests.faults.load import LEAST, VoidError, refuse_void
from tests.faults.validators import RULES, Rule, broken, lost, not_once

A, B = "a", "b"

# Revision 4 is of something that is no interface; 5 and 6 are one transaction.
CHANGES = (
    Change(1, 1, A, CREATED, b"a1", "r1", node="n1"),
    Change(2, 2, B, CREATED, b"b2", "r2", node="n2"),
    Change(3, 3, A, UPDATED, b"a3", "r3", node="n1"),
    Change(5, 6, A, UPDATED, b"a5", "r5", node="n1"),
    Change(6, 6, B, DELETED, b"b6", "r5", node="n2"),
    Change(7, 7, A, UPDATED, b"a7", "r7", node="n1"),
)
EVENT = {change.revision: Seen(change.revision, change.uuid, change.type, change.body) for change in CHANGES}


def _sent(*revisions: int, upto: int = 0) -> Message:
    return Message(upto or revisions[-1], tuple(EVENT[revision] for revision in revisions))


def _watch(*streams: Stream, chosen: Chosen | None = None) -> Watch:
    return Watch("watch", chosen or Chosen(), list(streams))


def _snapshot(revision: int, *events: Seen) -> list[Message]:
    return [Message(0, tuple(replace(event, revision=0, type=SNAPSHOT) for event in events)), Message(revision, synced=True)]


def _rule(name: str) -> Rule:
    return next(rule for rule in RULES if rule.__name__ == name)


RIGHT = [
    _watch(Stream(1, [_sent(1), _sent(2, 3), Message(4), _sent(5, 6), _sent(7), Message(7)])),
    _watch(Stream(1, [_sent(1), _sent(2)]), Stream(3, [_sent(3), _sent(5, 6)]), Stream(7), Stream(7, [_sent(7)])),
    _watch(Stream(0, [*_snapshot(3, EVENT[2], EVENT[3]), _sent(5, 6), _sent(7)])),
    _watch(Stream(0, [*_snapshot(3, EVENT[2], EVENT[3])]), Stream(4, [_sent(5, 6)]), Stream(0, _snapshot(7, EVENT[7]))),
    _watch(Stream(1, [_sent(1, 3), _sent(5, upto=6), Message(6), _sent(7)]), chosen=Chosen(node="n1")),
    _watch(Stream(0, [*_snapshot(6, EVENT[6]), Message(7)]), chosen=Chosen(uuid=B)),
    _watch(Stream(0)),
]


@pytest.mark.parametrize("watch", RIGHT)
def test_a_right_history_passes(watch: Watch) -> None:
    assert broken(History(CHANGES, [watch])) == []


WRONG = [
    ("ordered", _watch(Stream(1, [_sent(2), _sent(1)]))),
    ("ordered", _watch(Stream(1, [_sent(1), Message(4), Message(3)]))),
    ("unique", _watch(Stream(1, [_sent(1), _sent(1)]))),
    ("unique", _watch(Stream(1, [_sent(1), _sent(2)]), Stream(2, [_sent(2)]))),
    ("reliable", _watch(Stream(1, [_sent(1), _sent(3)]))),
    ("reliable", _watch(Stream(1, [Message(3)]))),
    ("reliable", _watch(Stream(1, [_sent(1), Message(2, (Seen(2, "c", CREATED, b"c"), Seen(4, "c", UPDATED, b"c")))]))),
    ("reliable", _watch(Stream(5, [_sent(3), _sent(5, 6)]))),
    ("atomic", _watch(Stream(5, [_sent(5), _sent(6)]))),
    ("resumable", _watch(Stream(1, [_sent(1), _sent(2)]), Stream(4, [_sent(5, 6)]))),
    ("resumable", _watch(Stream(1, [_sent(1), _sent(2, upto=3)]), Stream(4, [_sent(5, 6)]))),
    ("resumable", _watch(Stream(1, [_sent(1), _sent(2)]), Stream(3, [_sent(5, 6)]))),
    ("bookmarkable", _watch(Stream(1, [_sent(1), Message(2), _sent(2)]))),
    ("bookmarkable", _watch(Stream(1, [_sent(1), Message(2)]), Stream(2, [_sent(2)]))),
    ("bookmarkable", _watch(Stream(1, [_sent(1, 2, upto=1)]))),
    ("filtered", _watch(Stream(1, [_sent(1, 2)]), chosen=Chosen(node="n1"))),
    ("filtered", _watch(Stream(1, [Message(1, (replace(EVENT[1], body=b"a3"),))]))),
    ("filtered", _watch(Stream(1, [Message(1, (replace(EVENT[1], type=UPDATED),))]))),
    ("filtered", _watch(Stream(0, _snapshot(3, EVENT[3])))),
    ("filtered", _watch(Stream(0, _snapshot(3, EVENT[1], EVENT[2])))),
    ("filtered", _watch(Stream(0, _snapshot(7, EVENT[6], EVENT[7])))),
]


@pytest.mark.parametrize(("name", "watch"), WRONG)
def test_each_rule_notices_what_breaks_it(name: str, watch: Watch) -> None:
    assert list(_rule(name)(watch, CHANGES))
    assert any(words.startswith(f"{name}: watch: ") for words in broken(History(CHANGES, [watch])))


def test_every_rule_has_a_history_that_breaks_it() -> None:
    assert {name for name, _ in WRONG} == {rule.__name__ for rule in RULES}


def _operation(request_id: str, outcome: Outcome, revision: int = 0, uuid: str = A) -> Operation:
    return Operation(request_id, "SetInterfaceMetadataItem", uuid, 0.0, 1.0, outcome, revision)


def test_what_was_acknowledged_and_is_not_there_is_noticed() -> None:
    kept = [_operation("r3", Outcome.OK, 3), _operation("x", Outcome.UNKNOWN), _operation("y", Outcome.FAIL)]
    assert lost(kept, CHANGES) == []
    assert len(lost([_operation("r4", Outcome.OK, 4), _operation("r3", Outcome.OK, 3, uuid=B)], CHANGES)) == 2


def test_an_attempt_with_two_effects_or_none_is_noticed() -> None:
    twice = (*CHANGES, replace(CHANGES[-1], revision=8, transaction=8))
    once = [_operation("r7", Outcome.UNKNOWN), _operation("r7", Outcome.OK, 7), _operation("r5", Outcome.OK, 5)]
    assert not_once(once, CHANGES) == []
    assert len(not_once(once, twice)) == 1
    assert len(not_once([_operation("never", Outcome.OK, 7), _operation("r3", Outcome.FAIL)], CHANGES)) == 2


@pytest.mark.parametrize(("count", "takes"), [(LEAST - 1, 1.5), (LEAST, 1.0), (LEAST * 2, 0.5), (0, 1.0)])
def test_a_run_in_which_too_little_happened_side_by_side_is_void(count: int, takes: float) -> None:
    operations = [_acknowledged(float(start), start + takes) for start in range(count)]
    with pytest.raises(VoidError):
        refuse_void(operations, 0.0, 1000.0)
    refuse_void([*operations, *(_acknowledged(float(start), start + 1.5) for start in range(LEAST))], 0.0, 1000.0)


def test_what_was_acknowledged_outside_of_the_run_makes_it_no_less_void() -> None:
    with pytest.raises(VoidError):
        refuse_void([_acknowledged(0.0, 1.0)] * LEAST, 1.5, 2.0)


def _acknowledged(start: float, end: float) -> Operation:
    return Operation("r", "FloatInterface", A, start, end, Outcome.OK, 1)
