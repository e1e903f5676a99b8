"""The threads that the server and the agent keep for what blocks: each has its own, since they share no code."""

import asyncio
from collections.abc import Iterator
from threading import Event, current_thread

import pytest
from buoy_agent.sync.worker import Worker as AgentsWorker
from buoy_server.feed.worker import Worker as ServersWorker

pytestmark = pytest.mark.anyio
Worker = AgentsWorker | ServersWorker


@pytest.fixture(params=[AgentsWorker, ServersWorker], ids=["agent", "server"])
def worker(request: pytest.FixtureRequest) -> Iterator[Worker]:
    made: Worker = request.param("blocking")
    yield made
    made.close()


def _refuse(words: str) -> None:
    raise ValueError(words)


def _exit() -> None:
    raise SystemExit


async def test_it_returns_and_raises_what_is_done_in_its_thread(worker: Worker) -> None:
    assert await worker.do(lambda: current_thread().name) == "blocking"
    with pytest.raises(ValueError, match="no such thing"):
        await worker.do(_refuse, "no such thing")
    assert await worker.do(divmod, 7, 2) == (3, 1)


async def test_the_loop_runs_on_meanwhile_and_things_are_done_in_their_order(worker: Worker) -> None:
    let_go, done = Event(), list[int]()
    blocked = asyncio.ensure_future(worker.do(let_go.wait))
    others = [asyncio.ensure_future(worker.do(done.append, number)) for number in range(3)]
    await asyncio.sleep(0)
    assert (blocked.done(), done) == (False, [])
    let_go.set()
    await asyncio.gather(blocked, *others)
    assert done == [0, 1, 2]


async def test_who_goes_away_stops_nothing(worker: Worker) -> None:
    let_go, done = Event(), list[str]()
    gone = [asyncio.ensure_future(worker.do(do)) for do in (let_go.wait, lambda: _refuse("nobody hears this"))]
    await asyncio.sleep(0)
    for waiting in gone:
        waiting.cancel()
    let_go.set()
    await worker.do(done.append, "the next")
    assert done == ["the next"]


async def test_a_thread_that_was_asked_to_exit_goes_on(worker: Worker) -> None:
    with pytest.raises(SystemExit):
        await worker.do(_exit)
    assert await worker.do(divmod, 7, 2) == (3, 1)


async def test_who_comes_after_the_end_is_told(worker: Worker) -> None:
    worker.close()
    with pytest.raises(RuntimeError, match="closed"):
        await worker.do(divmod, 7, 2)


async def test_closing_finishes_what_was_given(worker: Worker) -> None:
    done = list[str]()
    given = asyncio.ensure_future(worker.do(done.append, "the last"))
    await asyncio.sleep(0)
    worker.close()
    assert done == ["the last"]
    await given
