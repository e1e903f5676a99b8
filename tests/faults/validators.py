"""What every watch of every history must keep: each rule returns how it was broken, in words; nothing when it was kept.

After etcd's robustness tests, whose watch validators bear the same names.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from tests.faults.history import DELETED, Change, Chosen, History, Operation, Outcome, Seen, Stream, Watch

Rule = Callable[[Watch, Sequence[Change]], Iterator[str]]


def ordered(watch: Watch, changes: Sequence[Change]) -> Iterator[str]:
    """Revisions never go back, neither those of events nor those of marks."""
    del changes
    for stream in watch.streams:
        for before, after in pairwise(stream.events):
            if after.revision < before.revision:
                yield f"event {after.revision} came after {before.revision}"
        marks = [message.revision for message in stream.messages if message.revision]
        yield from (f"mark {after} came after {before}" for before, after in pairwise(marks) if after < before)


def unique(watch: Watch, changes: Sequence[Change]) -> Iterator[str]:
    """No change comes twice, also not over several streams."""
    del changes
    for streams in _legs(watch):
        counted = Counter(event.revision for stream in streams for event in stream.events)
        yield from (f"event {revision} came {count} times" for revision, count in counted.items() if count > 1)


def reliable(watch: Watch, changes: Sequence[Change]) -> Iterator[str]:
    """Every change that is meant comes, up to where the stream says that it has come, and nothing comes that did not happen."""
    for stream in watch.streams:
        due = _meant(watch.chosen, changes, stream.origin, stream.position)
        yield from _difference(due, stream.events)


def atomic(watch: Watch, changes: Sequence[Change]) -> Iterator[str]:
    """The changes of one transaction come in one message."""
    transaction = {change.revision: change.transaction for change in changes}
    for stream in watch.streams:
        where: dict[int, int] = {}
        for number, message in enumerate(stream.messages):
            for written in {transaction.get(event.revision, event.revision) for event in message.events if event.revision}:
                if where.setdefault(written, number) != number:
                    yield f"transaction {written} came in messages {where[written]} and {number}"


def resumable(watch: Watch, changes: Sequence[Change]) -> Iterator[str]:
    """A stream that goes on where another broke off leaves no gap and repeats nothing: together they are one stream."""
    for streams in _legs(watch):
        for before, after in pairwise(streams):
            if after.start != before.position + 1:
                yield f"a stream that had come to {before.position} was resumed at {after.start}"
        events = [event for stream in streams for event in stream.events]
        yield from _difference(_meant(watch.chosen, changes, streams[0].origin, streams[-1].position), events)


def bookmarkable(watch: Watch, changes: Sequence[Change]) -> Iterator[str]:
    """A mark says what was sent: nothing comes later that is not after it, and it is of a revision that there is."""
    del changes
    for streams in _legs(watch):
        marked = 0
        for message in (message for stream in streams for message in stream.messages):
            if message.revision and message.events and message.revision < message.events[-1].revision:
                yield f"mark {message.revision} came with event {message.events[-1].revision}"
            late = [event.revision for event in message.events if 0 < event.revision <= marked]
            yield from (f"event {revision} came after mark {marked}" for revision in late)
            marked = max(marked, message.revision)


def filtered(watch: Watch, changes: Sequence[Change]) -> Iterator[str]:
    """Only what is meant comes, as it was after the change; a snapshot has all that was there, and nothing else."""
    known = {change.revision: change for change in changes}
    for stream in watch.streams:
        for event in stream.events:
            change = known.get(event.revision)
            if change is not None and not watch.chosen.takes(change):
                yield f"event {event.revision} is not meant"
            elif change is not None and (change.uuid, change.type, change.body) != (event.uuid, event.type, event.body):
                yield f"event {event.revision} is not what the ledger has"
        if not stream.start and stream.origin:
            yield from _snapshot(watch.chosen, stream, changes)


RULES: tuple[Rule, ...] = (ordered, unique, reliable, atomic, resumable, bookmarkable, filtered)


def broken(history: History) -> list[str]:
    """Every way in which a watch of a history broke a rule."""
    return [
        f"{rule.__name__}: {watch.name}: {words}"
        for watch in history.watches
        for rule in RULES
        for words in rule(watch, history.changes)
    ]


def lost(operations: Sequence[Operation], changes: Sequence[Change]) -> list[str]:
    """The operations that were acknowledged and are not in the ledger."""
    kept = {(change.uuid, change.revision) for change in changes}
    return [
        f"{operation.method} of {operation.uuid} was acknowledged at {operation.revision}, and is not there"
        for operation in operations
        if operation.outcome is Outcome.OK and (operation.uuid, operation.revision) not in kept
    ]


def not_once(operations: Sequence[Operation], changes: Sequence[Change]) -> list[str]:
    """The attempts that did not have exactly one effect; all of them are of calls that change something."""
    effects: dict[str, set[int]] = {}
    for change in changes:
        effects.setdefault(change.request_id, set()).add(change.transaction)
    ended = {operation.request_id: operation for operation in operations}  # an attempt's last outcome counts
    return [
        f"{operation.method} of {operation.uuid}, {operation.outcome}, had {len(effects.get(name, ()))} effects"
        for name, operation in ended.items()
        if len(effects.get(name, ())) not in _ALLOWED[operation.outcome]
    ]


_ALLOWED = {Outcome.OK: (1,), Outcome.FAIL: (0,), Outcome.UNKNOWN: (0, 1)}


def _legs(watch: Watch) -> Iterator[list[Stream]]:
    """Yield the streams that belong together: a snapshot begins anew."""
    leg: list[Stream] = []
    for stream in watch.streams:
        if not stream.start and leg:
            yield leg
            leg = []
        leg.append(stream)
    if leg:
        yield leg


def _meant(chosen: Chosen, changes: Sequence[Change], after: int, upto: int) -> list[int]:
    return [change.revision for change in changes if after < change.revision <= upto and chosen.takes(change)]


def _difference(due: Sequence[int], events: Sequence[Seen]) -> Iterator[str]:
    came = {event.revision for event in events}
    yield from (f"change {revision} never came" for revision in due if revision not in came)
    yield from (f"event {revision} is of no change that is due" for revision in sorted(came - set(due)))


def _snapshot(chosen: Chosen, stream: Stream, changes: Sequence[Change]) -> Iterator[str]:
    there: dict[str, Change] = {}
    for change in changes:
        if change.revision <= stream.origin and chosen.takes(change):
            there[change.uuid] = change
    due = {uuid: change.body for uuid, change in there.items() if change.type != DELETED or chosen.uuid}
    came = {event.uuid: event.body for event in stream.snapshot}
    yield from (f"the snapshot at {stream.origin} has not {uuid}" for uuid in due.keys() - came.keys())
    yield from (f"the snapshot at {stream.origin} has {uuid}, which was not there" for uuid in came.keys() - due.keys())
    yield from (
        f"the snapshot at {stream.origin} has another {uuid}" for uuid in due.keys() & came.keys() if due[uuid] != came[uuid]
    )
