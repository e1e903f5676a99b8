"""Fixtures: a server with a pool, a network and a connected node."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.server.agent import ScriptedAgent, agent
from tests.server.running import Running, running


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path / "buoy.db") as started:
        await started.furnish()
        yield started


@pytest.fixture
async def node(server: Running) -> AsyncIterator[ScriptedAgent]:
    async with agent(server) as connected:
        yield connected
