"""The feed against a model: whoever follows sees what concerns them, once, in order, whole transactions at a time."""

import asyncio
import random
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from buoy_server.core.errors import Compacted, RevisionInFuture, ShuttingDown
from buoy_server.core.model import Node
from buoy_server.core.state import Cause, Kind
from buoy_server.feed import feed as feed_module
from buoy_server.feed import subscriptions, tick
from buoy_server.feed.entry import Committed
from buoy_server.feed.feed import Feed
from buoy_server.feed.subscriptions import Topic, topics_of
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.anyio

TOPICS = [("node", name) for name in "abcd"]


@pytest.fixture(autouse=True)
def topics_by_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each entry of these tests be about the topic that its key names."""
    monkeypatch.setattr(subscriptions, "topics_of", lambda entry: [("node", entry.key)])


class Ledger:
    """A ledger in memory."""

    def __init__(self) -> None:
        self.entries: list[Committed] = []

    def read(self, after: int, limit: int) -> Sequence[Committed]:
        return self.entries[after : after + limit]

    def write(self, keys: Sequence[str]) -> list[Committed]:
        """Append one transaction."""
        first = len(self.entries) + 1
        last = first + len(keys) - 1
        node = Node(name="n")
        cause, now = Cause("Test", "test"), datetime.now(UTC)
        written = [Committed(first + index, last, Kind.NODE, key, 0, node, b"x", cause, now) for index, key in enumerate(keys)]
        self.entries += written
        return written


async def _follow(
    feed: Feed, topics: Collection[Topic], after: int, planned: Sequence[str], *, eager: bool
) -> list[tuple[int, str]]:
    """Follow until all that is planned has come; return what concerned the topics. Whoever has more to come is woken for it."""
    last = max((index + 1 for index, key in enumerate(planned) if ("node", key) in topics), default=0)
    seen = []
    with feed.subscribe(topics, after, eager=eager) as subscription:
        while subscription.position < len(planned):
            before = subscription.position
            entries = await feed.follow(subscription, 30.0 if before < last else 0.0)
            assert subscription.position >= before
            if entries:
                assert entries[-1].revision == entries[-1].transaction == subscription.position
                assert entries[0].revision > before
            seen += [(entry.revision, entry.key) for entry in entries if ("node", entry.key) in topics]
            if random.random() < 0.3:
                await asyncio.sleep(0)
    return seen


@settings(
    phases=[Phase.explicit, Phase.reuse, Phase.generate]
)  # a reader that is not woken waits: shrinking would take for ever
@given(
    batches=st.lists(st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=5), min_size=1, max_size=4), max_size=25),
    readers=st.lists(
        st.tuples(st.sets(st.sampled_from(TOPICS), min_size=1), st.integers(0, 25), st.booleans()), min_size=1, max_size=6
    ),
    capacity=st.sampled_from([1, 3, 1000]),
    serving=st.sampled_from([0.0, 25e-6, 1e-3]),
)
def test_every_reader_sees_what_concerns_it_exactly_once_in_order(
    batches: list[list[list[str]]], readers: list[tuple[set[Topic], int, bool]], capacity: int, serving: float
) -> None:
    async def scenario() -> None:
        ledger = Ledger()
        feed = Feed(ledger, 0, capacity=capacity)
        planned = [key for batch in batches for keys in batch for key in keys]
        following = []
        for index, batch in enumerate(batches):
            for topics, start, eager in readers:
                if start == index:  # it begins somewhere in what is there
                    after = random.choice([entry.transaction for entry in ledger.entries] or [0])
                    task = asyncio.create_task(_follow(feed, topics, after, planned, eager=eager))
                    following.append((topics, after, task))
            feed.publish([entry for keys in batch for entry in ledger.write(keys)])
            await asyncio.sleep(0)
        for topics, after, task in following:
            async with asyncio.timeout(60):
                seen = await task
            wanted = [(e.revision, e.key) for e in ledger.entries if e.revision > after and ("node", e.key) in topics]
            assert seen == wanted

    previous, tick.SERVING = tick.SERVING, serving
    page, feed_module.PAGE = feed_module.PAGE, 7
    try:
        asyncio.run(scenario())
    finally:
        tick.SERVING, feed_module.PAGE = previous, page


async def test_a_reader_is_not_woken_for_what_does_not_concern_it() -> None:
    ledger = Ledger()
    feed = Feed(ledger, 0)
    with feed.subscribe((TOPICS[0],), 0) as neighbour:
        waiting = asyncio.create_task(feed.follow(neighbour, 3600))
        await asyncio.sleep(0)
        for _ in range(100):
            feed.publish(ledger.write(["b"]))
            await asyncio.sleep(0)
        assert not waiting.done()
        feed.publish(ledger.write(["a"]))
        async with asyncio.timeout(60):
            entries = await waiting
        assert [entry.revision for entry in entries] == [101]  # and is not made to read what came before either


async def test_what_is_older_than_the_floor_is_compacted_also_for_who_lags() -> None:
    ledger = Ledger()
    feed = Feed(ledger, 0)
    for _ in range(5):
        feed.publish(ledger.write(["a"]))
    with feed.subscribe((TOPICS[0],), 1) as lagging, feed.subscribe((TOPICS[0],), 2) as at_the_edge:
        feed.raise_floor(3)
        with pytest.raises(Compacted) as refused:
            await feed.follow(lagging, 60)
        assert refused.value.compact_revision == 3
        assert [entry.revision for entry in await feed.follow(at_the_edge, 60)] == [3, 4, 5]


async def test_a_compaction_while_the_ledger_is_read_leaves_no_gap() -> None:
    ledger = Ledger()
    feed = Feed(ledger, 0, capacity=1)
    for _ in range(10):
        feed.publish(ledger.write(["a"]))
    read = ledger.read

    def compacted_meanwhile(after: int, limit: int) -> Sequence[Committed]:
        feed.raise_floor(4)
        return read(after + 3, limit)

    ledger.read = compacted_meanwhile  # type: ignore[method-assign]
    with feed.subscribe((TOPICS[0],), 0) as reader, pytest.raises(Compacted):
        await feed.follow(reader, 60)


async def test_a_revision_from_the_future_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger()
    feed = Feed(ledger, 0)
    monkeypatch.setattr(feed_module, "FUTURE_WAIT", 3600.0)
    waiting = asyncio.create_task(feed.reach(2, "min_revision"))
    await asyncio.sleep(0)
    feed.publish(ledger.write(["a"]))
    await asyncio.sleep(0)
    assert not waiting.done()
    feed.publish(ledger.write(["a"]))
    await waiting
    monkeypatch.setattr(feed_module, "FUTURE_WAIT", 0.01)
    with pytest.raises(RevisionInFuture) as refused:
        await feed.reach(3, "min_revision")
    assert refused.value.field == "min_revision"


async def test_many_readers_are_woken_over_several_turns_and_all_of_them() -> None:
    ledger = Ledger()
    feed = Feed(ledger, 0)
    with ExitStack() as stack:
        readers = [stack.enter_context(feed.subscribe((TOPICS[0],), 0)) for _ in range(3 * subscriptions.SLICE)]
        waiting = [asyncio.create_task(feed.follow(reader, 3600)) for reader in readers]
        await asyncio.sleep(0)
        feed.publish(ledger.write(["a"]))
        done = [0]
        while done[-1] < len(waiting):
            await asyncio.sleep(0)
            done.append(sum(task.done() for task in waiting))
        assert max(later - earlier for earlier, later in pairwise(done)) <= subscriptions.SLICE
        assert all([len(await task) == 1 for task in waiting])


async def test_closing_ends_every_wait() -> None:
    feed = Feed(Ledger(), 0)
    with feed.subscribe((TOPICS[0],), 0) as reader:
        waiting = [asyncio.create_task(feed.follow(reader, 3600)), asyncio.create_task(feed.reach(1, "min_revision"))]
        await asyncio.sleep(0)
        feed.close()
        for task in waiting:
            with pytest.raises(ShuttingDown):
                await task


def test_a_namespace_that_is_forgotten_concerns_its_rights() -> None:
    entry = Committed(1, 1, Kind.NAMESPACE, "blue", 0, None, None, Cause("Test", "test"), datetime.now(UTC))
    assert list(topics_of(entry)) == [("rights", "blue")]
