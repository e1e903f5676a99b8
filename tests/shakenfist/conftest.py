"""One world for all tests of a session, with a server that wants tokens; each test has a namespace of its own in it."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from buoy_client import BuoyClient

from tests.lab import stage as stages
from tests.lab.stage import Stage
from tests.lab.world import POOL_RANGE
from tests.shakenfist.client import ShakenFist
from tests.shakenfist.tenant import Tenant

NODE = "node1"
NUMBERS = count(1)
SECRET = "a secret of the test"  # noqa: S105 - of a world that ends with the tests


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The world, running, with one node and a pool; who comes without a token is refused."""
    directory = tmp_path_factory.mktemp("stage")
    prefix = f"sf{os.environ.get('PYTEST_XDIST_WORKER', '')}-"
    with stages.opened(prefix, directory, directory, insecure=False) as running:
        running.start_server()
        with system(running) as client:
            made = client.add_namespace_key("system", f"agent-{NODE}", node=NODE)
            running.place.key_file(NODE).write_text(str(made.key), encoding="ascii")
            client.create_pool("floating", [POOL_RANGE])
        running.start_agent(NODE)
        yield running


@pytest.fixture
def tenant(stage: Stage, tmp_path: Path) -> Iterator[Tenant]:
    """A namespace with a key, and the client in it; nothing of it is left at the end but what is deleted."""
    namespace = f"tenant-{next(NUMBERS):03d}"
    with system(stage) as client:
        client.create_namespace(namespace)
        client.add_namespace_key(namespace, "test", SECRET)
        made = Tenant(stage, namespace, client, ShakenFist(stage.place.http, namespace, SECRET, tmp_path), tmp_path)
        yield made
        made.delete_all()
        client.delete_namespace(namespace)


@pytest.fixture
def admin(stage: Stage, tmp_path: Path) -> ShakenFist:
    """The client in the namespace `system`."""
    return ShakenFist(stage.place.http, "system", stage.cli.key, tmp_path)


def system(stage: Stage) -> BuoyClient:
    """The SDK in the namespace `system`."""
    return BuoyClient(stage.place.target, namespace="system", key=stage.cli.key)
