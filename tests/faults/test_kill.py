"""The end of a server under load: kill -9 at every point of the write path and anywhere, and an orderly stop."""

import asyncio
import time
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.faults.history import Outcome
from tests.faults.load import under_load
from tests.faults.validators import broken
from tests.faults.victim import Victim, killed, victim
from tests.faults.watcher import following, open_stream
from tests.support import figures
from tests.support.soak import ROUNDS, chance

pytestmark = pytest.mark.anyio

POINTS = ("before_commit", "after_commit", "before_notify", "before_reply")


def _hold(victim: Victim, faults: int) -> None:
    history = victim.history
    acknowledged = [one for one in history.operations if one.outcome is Outcome.OK]
    events = sum(len(stream.events) for watch in history.watches for stream in watch.streams)
    figures.note("server ended under load: wrong in what it left", len(victim.wrong), len(acknowledged), "acknowledged calls")
    figures.note("  gaps, repeats, reorderings on its watches", len(list(broken(history))), events, "events")
    figures.note_times("  from its restart to the next acknowledged call", victim.recoveries)
    assert victim.wrong == []
    assert victim.faults == faults
    assert all(watcher.watch.position for watcher in victim.watchers)


@pytest.mark.timeout(600 + 300 * ROUNDS)
async def test_a_server_that_dies_at_a_point_of_the_write_path_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    seeded = chance("failpoints")
    points = [f"{point}:{seeded.randrange(60, 160)}" for point in POINTS * ROUNDS] + ["mid_compaction"]
    _hold(await killed(tmp_path, points, seeded), len(points))


@pytest.mark.timeout(600 + 300 * ROUNDS)
async def test_a_server_that_is_killed_at_any_moment_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    points = ["kill -9"] * 2 * ROUNDS
    _hold(await killed(tmp_path, points, chance("kill -9")), len(points))


async def test_a_server_that_stops_under_load_says_so_first_and_its_watches_miss_nothing(tmp_path: Path) -> None:
    async with victim(tmp_path, chance("stop")) as one:
        async with following(one.channel, *one.watchers), asyncio.TaskGroup() as tasks:
            said = tasks.create_task(_not_serving(one.channel))
            ended = tasks.create_task(_stream_ended(one.channel))
            async with under_load(one.callers):
                await one.live(["stop"], chance("stop"))
            await one.end()
        _hold(one, 1)
        assert said.result() < ended.result()


async def _not_serving(channel: grpc.aio.Channel) -> float:
    """Return the moment at which health says that the server does not serve any more."""
    health = health_pb2_grpc.HealthStub(channel)  # type: ignore[no-untyped-call] # grpc_health has no types
    call = health.Watch(health_pb2.HealthCheckRequest(service="buoy.v1.InterfaceService"))
    while (await call.read()).status == health_pb2.HealthCheckResponse.SERVING:
        pass
    call.cancel()
    return time.monotonic()


async def _stream_ended(channel: grpc.aio.Channel) -> float:
    """Return the moment at which a watch ends with UNAVAILABLE."""
    call = open_stream(channel, 0)
    try:
        while await call.read():
            pass
    except grpc.aio.AioRpcError as error:
        assert error.code() is grpc.StatusCode.UNAVAILABLE  # noqa: PT017 - pytest.raises takes one statement
    return time.monotonic()
