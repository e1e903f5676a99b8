"""Fixtures: a server with a pool, a network and a connected node, and its HTTP port."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.http.site import Site, site
from tests.server.agent import ScriptedAgent, agent
from tests.server.running import Running, running
from tests.server.tenants import Tenants, tenants
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


@pytest.fixture
async def http(server: Running) -> AsyncIterator[Site]:
    async with site(server) as served:
        yield served


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Tenants]:
    async with tenants(tmp_path / "tenants.db") as started:
        yield started


@pytest.fixture
async def secured(world: Tenants) -> AsyncIterator[Site]:
    async with site(world.server) as served:
        yield served
