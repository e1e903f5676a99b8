"""One world with its server and agents for all tests of a session; each test makes networks and instances of its own in it."""

import os
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from buoy_client import BuoyClient
from buoy_server.storage.fsck import check_database

from tests.e2e.tenant import Tenant
from tests.lab import stage as stages
from tests.lab.stage import Stage
from tests.lab.world import POOL_RANGE


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The world, running, with a pool `floating`."""
    directory = tmp_path_factory.mktemp("stage")
    prefix = f"e2e{os.environ.get('PYTEST_XDIST_WORKER', '')}-"
    with stages.opened(prefix, directory, directory) as running:
        running.start_server()
        for node in running.agents.values():
            node.start()
        running.wait_connected(*running.agents)
        BuoyClient(running.place.target).create_pool("floating", [POOL_RANGE])
        yield running


@pytest.fixture(autouse=True)
def fsck(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test on the stage: nothing in the server's database breaks what must hold, at any moment."""
    yield
    if "stage" in request.fixturenames:
        stage: Stage = request.getfixturevalue("stage")
        assert check_database(stage.place.database_url).violations == ()


@pytest.fixture
def tenant(stage: Stage, request: pytest.FixtureRequest) -> Iterator[Tenant]:
    """A namespace of the test's own, with what it makes deleted at the end."""
    with _tenant(stage, "mine", request) as made:
        yield made


@pytest.fixture
def other_tenant(stage: Stage, request: pytest.FixtureRequest) -> Iterator[Tenant]:
    """A second one."""
    with _tenant(stage, "theirs", request) as made:
        yield made


@contextmanager
def _tenant(stage: Stage, prefix: str, request: pytest.FixtureRequest) -> Iterator[Tenant]:
    with ExitStack() as keep:
        made = Tenant(stage, f"{prefix}-{zlib.crc32(request.node.nodeid.encode()):08x}", keep)
        yield made
        keep.close()
        made.delete_all()
