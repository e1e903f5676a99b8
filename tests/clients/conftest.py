"""A scripted server on a unix socket, and a clean environment for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.scripted_server import ScriptedServer
from tests.clients.scripted_world import World
from tests.support.waiting import PATIENCE


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of whoever runs the tests."""
    for name in ("SERVER", "CONFIG", "TIMEOUT", "OUTPUT", "NAMESPACE", "KEY", "PROFILE"):
        monkeypatch.delenv(f"BUOY_{name}", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line waits for a connection for as long as a test does, not as a person would."""
    monkeypatch.setattr("buoy_client.cli.session.PATIENCE", PATIENCE)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ScriptedServer]:
    """A running scripted server."""
    with ScriptedServer(f"unix://{tmp_path}/buoy.sock") as running:
        yield running


@pytest.fixture
def world(server: ScriptedServer) -> World:
    """What the server knows."""
    return server.world
