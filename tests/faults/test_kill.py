"""kill -9 of the server under load, at every point of the write path and anywhere."""

from pathlib import Path

import pytest

from tests.faults.soak import ROUNDS, chance
from tests.faults.victim import Victim, killed

pytestmark = pytest.mark.anyio

POINTS = ("before_commit", "after_commit", "before_notify", "before_reply")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def _hold(victim: Victim, faults: int) -> None:
    assert victim.wrong == []
    assert victim.faults == faults
    assert all(watcher.watch.position for watcher in victim.watchers)


@pytest.mark.timeout(200 + 100 * ROUNDS)
async def test_a_server_that_dies_at_a_point_of_the_write_path_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    seeded = chance("failpoints")
    points = [f"{point}:{seeded.randrange(60, 160)}" for point in POINTS * ROUNDS] + ["mid_compaction"]
    _hold(await killed(tmp_path, points, seeded), len(points))


@pytest.mark.timeout(200 + 100 * ROUNDS)
async def test_a_server_that_is_killed_at_any_moment_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    points = [""] * 2 * ROUNDS
    _hold(await killed(tmp_path, points, chance("kill -9")), len(points))
