"""The writer over a store that keeps answers, refuses to keep a second one under a key, and fails when it is told to."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from buoy_server.core.command import Context
from buoy_server.core.commands.namespaces import CreateNamespace
from buoy_server.core.errors import DomainError, NameInUse, RequestIdReused, StorageUnavailable
from buoy_server.core.lookup import Caller
from buoy_server.core.state import Draft, Kind
from buoy_server.feed.answers import Answer, Attempt
from buoy_server.feed.entry import Committed
from buoy_server.feed.feed import Feed
from buoy_server.feed.view import View
from buoy_server.feed.writer import SETTLE_TURNS, Writer

pytestmark = pytest.mark.anyio

SYSTEM = Caller("system")


class MemoryStore:
    """Keeps what is appended; `fails` is raised by the next append, `away` by every look at the answers."""

    def __init__(self) -> None:
        self.appends: list[list[str]] = []
        self.kept: dict[bytes, Answer] = {}
        self.looks: list[Sequence[bytes]] = []
        self.fails: Exception | None = None
        self.away: DomainError | None = None

    def append(self, entries: Sequence[Committed], answers: Sequence[Answer]) -> Mapping[bytes, Answer]:
        fails, self.fails = self.fails, None
        if fails:
            raise fails
        if kept := self._found([answer.key for answer in answers]):
            return kept
        self.appends.append([entry.key for entry in entries])
        self.kept |= {answer.key: answer for answer in answers}
        return {}

    def answers(self, keys: Sequence[bytes]) -> Mapping[bytes, Answer]:
        self.looks.append(keys)
        if self.away:
            raise self.away
        return self._found(keys)

    def probe(self) -> None:
        pass

    def read(self, after: int, limit: int) -> Sequence[Committed]:
        raise NotImplementedError

    def _found(self, keys: Sequence[bytes]) -> Mapping[bytes, Answer]:
        return {key: self.kept[key] for key in keys if key in self.kept}


@dataclass
class Site:
    """A writer over a store, and the hand to make calls."""

    store: MemoryStore
    view: View
    writer: Writer

    async def create(self, name: str, key: str = "", request: str = "") -> Any:
        """Create a namespace, in an attempt where a key is given."""
        attempt = Attempt(f"id of {key}", key.encode(), (request or name).encode()) if key else None
        command = CreateNamespace(name=name)
        return await self.writer.respond(
            command, SYSTEM, "CreateNamespace", lambda made: f"{made.name}@{made.revision}".encode(), attempt
        )

    async def at_once(self, *calls: tuple[str, ...]) -> list[Any]:
        """Make calls in one batch, and return what each is told, errors too."""
        return await asyncio.gather(*(self.create(*call) for call in calls), return_exceptions=True)

    async def staggered(self, first: str, second: str) -> None:
        """Make two calls, the second some turns of the loop after the first."""
        begun = asyncio.create_task(self.create(first))
        for _ in range(SETTLE_TURNS // 2):
            await asyncio.sleep(0)
        await self.create(second)
        await begun


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    store, view = MemoryStore(), View()
    writer = Writer(store, view, Feed(store, 0))
    yield Site(store, view, writer)
    await writer.close()


def _kinds(told: list[Any]) -> list[Any]:
    return [type(one) if isinstance(one, Exception) else one for one in told]


async def test_without_repeats_nothing_is_looked_up(site: Site) -> None:
    assert await site.at_once(("a", "1"), ("b",), ("c", "3")) == [b"a@1", b"b@2", b"c@3"]
    assert (site.store.appends, site.store.looks) == ([["a", "b", "c"]], [])
    assert set(site.store.kept) == {b"1", b"3"}


async def test_a_lone_command_waits_for_others_only_where_there_were_some_a_moment_ago(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("buoy_server.feed.writer.SETTLE_SECONDS", 3600.0)  # turns alone count, however long they are
    await site.staggered("a", "b")
    assert site.store.appends == [["a"], ["b"]]
    await site.at_once(("c",), ("d",))
    await site.staggered("e", "f")
    assert site.store.appends[2:] == [["c", "d"], ["e", "f"]]


async def test_a_repeat_that_is_refused_by_the_rules_gets_the_first_answer(site: Site) -> None:
    first = await site.create("a", "1")
    assert _kinds(await site.at_once(("a", "1"), ("a", "2"), ("a",))) == [first, NameInUse, NameInUse]
    assert site.store.looks == [[b"1", b"2"]]
    assert site.view.revision == 1


async def test_repeats_that_conflict_are_told_and_the_others_are_decided_again(site: Site) -> None:
    """Another server answered those first: nothing in this one's view says so."""
    for key, request in ((b"1", b"a"), (b"3", b"something else")):
        site.store.kept[key] = Answer(key, request, b"first", site.writer._clock())
    told = await site.at_once(("a", "1"), ("b", "2"), ("c", "3"), ("d",))
    assert _kinds(told) == [b"first", b"b@1", RequestIdReused, b"d@2"]
    assert site.store.appends == [["b", "d"]]
    assert set(site.view.keys(Kind.NAMESPACE)) == {"b", "d"}


async def test_one_id_twice_in_a_batch_is_decided_once(site: Site) -> None:
    told = await site.at_once(("a", "1"), ("a", "1"), ("b", "1"), ("c", "2"))
    assert _kinds(told) == [b"a@1", b"a@1", RequestIdReused, b"c@2"]
    assert site.store.appends == [["a", "c"]]


async def test_an_attempt_that_is_refused_and_then_succeeds_in_one_batch_has_one_answer(site: Site) -> None:
    await site.create("a")
    assert await site.at_once(("a", "1", "same"), ("b", "1", "same")) == [b"b@2", b"b@2"]


@pytest.mark.parametrize("failure", [StorageUnavailable("away"), OSError("no such disk")])
async def test_a_failed_commit_keeps_no_answer_and_the_repeat_makes_the_change(site: Site, failure: Exception) -> None:
    site.store.fails = failure
    assert _kinds(await site.at_once(("a", "1"), ("a", "1"))) == [StorageUnavailable, StorageUnavailable]
    assert (site.store.kept, site.view.revision) == ({}, 0)
    assert site.writer.failure is not None
    assert await site.create("a", "1") == b"a@1"
    assert site.writer.failure is None


async def test_a_refusal_is_not_given_while_it_is_unknown_whether_it_is_a_repeat(site: Site) -> None:
    first = await site.create("a", "1")
    site.store.away = StorageUnavailable("away")
    assert _kinds(await site.at_once(("a", "1"), ("a",), ("b",))) == [StorageUnavailable, NameInUse, b"b@2"]
    site.store.away = None
    assert await site.create("a", "1") == first


async def test_an_answer_is_kept_also_where_nothing_changed(site: Site) -> None:
    class Nothing:
        def decide(self, draft: Draft, context: Context) -> bytes:
            del draft, context
            return b"nothing"

    attempt = Attempt("id", b"1", b"r")
    for _ in range(2):
        assert await site.writer.respond(Nothing(), SYSTEM, "Nothing", bytes, attempt) == b"nothing"
    assert (site.store.appends, set(site.store.kept)) == ([[]], {b"1"})


async def test_the_cause_has_the_request_id(site: Site) -> None:
    await site.at_once(("a", "1"), ("b",))
    entries = site.writer._feed._ring
    assert [entry.cause.request_id for entry in entries] == ["id of 1", ""]
