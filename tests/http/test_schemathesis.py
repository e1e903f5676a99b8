"""schemathesis makes requests from the description, good ones and bad ones: every answer is one that the description has."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from buoy.v1 import agent_pb2, pool_pb2

from tests.http.site import Site
from tests.server.tenants import Tenants

pytestmark = pytest.mark.anyio

# A request that is well formed may still name what is not there; what was deleted is shown for an hour.
NOT_CHECKED = "positive_data_acceptance,use_after_free"


@pytest.fixture
async def furnished(world: Tenants) -> AsyncIterator[Tenants]:
    """Return a server with a pool and a connected node, so that instances can be made."""
    system = world.tokens["system"]
    pool = pool_pb2.CreatePoolRequest(name="floating", ranges=["192.0.2.0/24"])
    await world.server.pools.CreatePool(pool, metadata=system)
    node = world.server.agents.WatchNode(agent_pb2.WatchNodeRequest(node="n1"), metadata=world.tokens["agent"])
    await node.read()
    yield world
    node.cancel()


async def run(target: str, token: str, directory: Path, *options: str) -> tuple[int, str]:
    """Run schemathesis over a server's description; return its exit code and what it said.

    With one worker: hypothesis parses the source of lambdas, and Python 3.11 counts its depth for all threads together.
    """
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).with_name("schemathesis")), "run", f"http://{target}/openapi.json"),
        *("--header", f"Authorization: {token}", "--seed", "1", "--workers", "1", "--no-color"),
        *("--exclude-checks", NOT_CHECKED, "--request-timeout", "60", "--suppress-health-check", "too_slow", *options),
        cwd=directory,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


@pytest.mark.parametrize(("who", "phases", "examples"), [("system", "coverage,fuzzing", "5"), ("a", "fuzzing", "3")])
@pytest.mark.usefixtures("furnished")
async def test_every_answer_is_one_that_the_description_has(
    secured: Site, world: Tenants, tmp_path: Path, who: str, phases: str, examples: str
) -> None:
    token = dict(world.tokens[who])["authorization"]
    code, said = await run(secured.target, token, tmp_path, "--phases", phases, "--max-examples", examples)
    assert code == 0, said
    assert "Tested: " in said
