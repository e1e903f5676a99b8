"""Fixtures: a server with a pool, a network and a connected node."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.agent import ScriptedAgent, agent
from tests.server.running import Running, running
from tests.server.waiting import give_servers_time


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    give_servers_time(monkeypatch)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path / "buoy.db") as started:
        await started.furnish()
        yield started


@pytest.fixture
async def node(server: Running) -> AsyncIterator[ScriptedAgent]:
    async with agent(server) as connected:
        yield connected
