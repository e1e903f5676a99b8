"""An agent with a key, against a real server that takes nobody without one; its kernel is in memory."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from buoy.v1.namespace_pb2_grpc import NamespaceServiceStub
from buoy_agent import settings
from buoy_agent.app import Agent
from buoy_agent.errors import ConfigurationError
from buoy_agent.kernel.fake import FakeKernel
from buoy_agent.sync import token
from buoy_client import AsyncBuoyClient
from buoy_server.auth import throttle
from buoy_server.bootstrap import bootstrap
from buoy_server.server import Options, Server
from buoy_server.storage.database import open_database
from structlog.testing import capture_logs

from tests.server.waiting import wait_until_async

pytestmark = pytest.mark.anyio
SECRET = "agent~hunter2hunter2"  # noqa: S105  nobody's
REQUIRED = ["--node", "node1", "--external-interface", "eth0"]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused tries follow each other at once, however many there are, and nobody's settings count."""
    monkeypatch.setattr(token, "_FIRST", 0.02)
    monkeypatch.setattr(token, "_LONGEST", 0.02)
    for limit in ("FAILURES", "PEER_FAILURES", "NAMESPACE_FAILURES"):
        monkeypatch.setattr(throttle, limit, 1_000_000)
    for name in ("KEY", "KEY_FILE", "NAMESPACE", "CONFIG", "SERVER"):
        monkeypatch.delenv(f"BUOY_{name}", raising=False)


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    with capture_logs() as lines:
        yield lines


@dataclass(frozen=True)
class World:
    """A server, its operator, and where the agent's key stands."""

    target: str
    system: AsyncBuoyClient
    key_file: Path


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    database = open_database(f"sqlite:///{tmp_path}/buoy.db")
    secret = await bootstrap(database.store)
    server = Server(database.store, Options(), [f"unix://{tmp_path}/buoy.sock"])
    try:
        (target,) = await server.start()
        async with AsyncBuoyClient(target, namespace="system", key=secret) as system:
            yield World(target, system, tmp_path / "key")
    finally:
        await server.stop()
        database.close()


@asynccontextmanager
async def agent(world: World, *options: str) -> AsyncIterator[FakeKernel]:
    """A running agent of node1."""
    kernel = FakeKernel()
    running_agent = Agent(settings.load(["--server", world.target, *REQUIRED, *options]), kernel, kernel)
    task = asyncio.create_task(running_agent.run())
    try:
        yield kernel
        assert not task.done(), "the agent gave up"
    finally:
        running_agent.stop()
        await task


async def give_key(world: World, node: str) -> list[str]:
    """Make the key of a node's agent, and give the agent's options."""
    await world.system.add_namespace_key("system", "agent", SECRET, node=node)
    world.key_file.write_text(f"{SECRET}\n")
    return ["--key-file", str(world.key_file)]


async def connected(world: World) -> bool:
    return any(node.name == "node1" and node.connected for node in await world.system.get_nodes())


def refusals(logs: list[Any], event: str, code: str) -> list[Any]:
    return [line for line in logs if line["event"] == event and line.get("code") == code]


async def test_an_agent_with_its_nodes_key_does_its_work(world: World, logs: list[Any]) -> None:
    async with agent(world, *await give_key(world, "node1")) as kernel:
        await wait_until_async(lambda: connected(world), "the node is connected")
        await world.system.create_network("net", "10.0.0.0/24")
        await world.system.create_instance("vm", ["net"], wait=True)
        assert kernel.writes
    assert SECRET not in str(logs)
    assert "Bearer" not in str(logs)


async def test_an_agent_with_another_nodes_key_is_refused_and_keeps_trying(world: World, logs: list[Any]) -> None:
    async def refused_twice() -> bool:
        return len(refusals(logs, "stream lost", "PERMISSION_DENIED")) >= 2

    options = await give_key(world, "node2")
    async with agent(world, *options):
        await wait_until_async(refused_twice, "the agent was refused twice")
        assert await world.system.get_nodes() == []
        await give_key(world, "node1")
        await wait_until_async(lambda: connected(world), "the right key is taken")
    line = refusals(logs, "stream lost", "PERMISSION_DENIED")[0]
    assert (line["log_level"], line["detail"]) == ("warning", "the key is for the agent of node node2")
    assert "`buoy namespace key set system agent-node1 --node node1`" in line["hint"]


async def test_an_agent_without_a_key_says_what_it_needs(world: World, logs: list[Any]) -> None:
    async def refused() -> bool:
        return len(refusals(logs, "stream lost", "UNAUTHENTICATED")) >= 2

    async with agent(world):
        await wait_until_async(refused, "the agent was refused twice")
    assert "--key-file" in refusals(logs, "stream lost", "UNAUTHENTICATED")[0]["hint"]


async def test_a_deleted_key_ends_the_stream_and_tears_nothing_down(world: World, logs: list[Any]) -> None:
    async def refused() -> bool:
        return len(refusals(logs, "no token", "UNAUTHENTICATED")) >= 2

    async with agent(world, *await give_key(world, "node1")) as kernel:
        await wait_until_async(lambda: connected(world), "the node is connected")
        await world.system.create_network("net", "10.0.0.0/24")
        await world.system.create_instance("vm", ["net"], wait=True)
        writes = kernel.writes
        await world.system.delete_namespace_key("system", "agent")
        await wait_until_async(refused, "the agent asked in vain twice")
        world.key_file.unlink()
        world.key_file.write_text("agent~another-secret")
        await world.system.add_namespace_key("system", "agent", "agent~another-secret", node="node1")
        await wait_until_async(lambda: connected(world), "the new key of the file is taken")
        assert kernel.writes == writes
        (plugged,) = await world.system.get_interfaces()
        await world.system.delete_interface(plugged.uuid, wait=True)


async def test_a_token_that_is_old_is_renewed_and_one_that_is_not_is_kept(world: World) -> None:
    await give_key(world, "node1")
    now = [0.0]
    async with grpc.aio.insecure_channel(world.target) as channel:
        tokens = token.AgentToken(NamespaceServiceStub(channel), "node1", "system", lambda: SECRET, lambda: now[0])
        first = await tokens.metadata()
        now[0] = 719
        assert await tokens.metadata() is first
        now[0] = 720
        second = await tokens.metadata()
        assert second is not first
        await world.system.delete_namespace_key("system", "agent")
        now[0] = 720 + 720
        assert await tokens.metadata() is second


async def test_both_of_an_agents_tasks_share_one_token(world: World) -> None:
    await give_key(world, "node1")
    async with grpc.aio.insecure_channel(world.target) as channel:
        tokens = token.AgentToken(NamespaceServiceStub(channel), "node1", "system", lambda: SECRET)
        first, second = await asyncio.gather(tokens.metadata(), tokens.metadata())
    assert first is second


@pytest.mark.parametrize(("content", "words"), [(None, "No such file"), (" \n", "is empty")])
async def test_a_key_file_that_holds_no_key_is_said_at_the_start(tmp_path: Path, content: str | None, words: str) -> None:
    if content is not None:
        (tmp_path / "key").write_text(content)
    with pytest.raises(ConfigurationError, match=words):
        settings.load(["--server", "x", *REQUIRED, "--key-file", str(tmp_path / "key")])


async def test_a_key_comes_from_the_environment_or_the_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "agent.toml").write_text(f'key = "{SECRET}"\n')
    found = settings.load(["--server", "x", *REQUIRED, "--config", str(tmp_path / "agent.toml")])
    assert (found.read_key(), found.namespace) == (SECRET, "system")
    assert SECRET not in repr(found)
    monkeypatch.setenv("BUOY_KEY", "agent~another-secret")
    assert settings.load(["--server", "x", *REQUIRED]).read_key() == "agent~another-secret"
    monkeypatch.delenv("BUOY_KEY")
    assert settings.load(["--server", "x", *REQUIRED]).read_key() is None


async def test_a_shells_namespace_and_key_do_not_go_with_a_key_file_of_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUOY_NAMESPACE", "red")
    monkeypatch.setenv("BUOY_KEY", "first~a-tenants-secret")
    (tmp_path / "key").write_text(SECRET)
    found = settings.load(["--server", "x", *REQUIRED, "--key-file", str(tmp_path / "key")])
    assert (found.read_key(), found.namespace) == (SECRET, "system")
    chosen = settings.load(["--server", "x", *REQUIRED, "--key-file", str(tmp_path / "key"), "--namespace", "blue"])
    assert (chosen.read_key(), chosen.namespace) == (SECRET, "blue")
    monkeypatch.setenv("BUOY_KEY_FILE", str(tmp_path / "key"))
    assert settings.load(["--server", "x", *REQUIRED]).namespace == "red"
