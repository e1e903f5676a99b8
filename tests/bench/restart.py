"""Row 4b: an agent starts on a node with 1,000 networks of 100 floats where all is right, against making 1,000 networks anew.

The peer makes as many namespaces, each with a bridge and a veth to the host, through pyroute2. The agent must write nothing.
"""

import tempfile
import time
from pathlib import Path

from pyroute2 import netns as pyroute2_netns

from tests.bench import gateways
from tests.bench.comparison import Comparison
from tests.bench.disk import disk
from tests.bench.view_memory import memory_of
from tests.support import netns
from tests.support.netns import Nic

NETWORKS, EACH = 1_000, 100
MEMORY_MB = 200
MADE = 250  # by the peer; what one takes does not depend on how many there are


def measure() -> list[Comparison]:
    """Has the peer make its own, programs the node, kills the agent and starts it again."""
    with netns.namespace("bench-host") as host:
        peer = netns.call(host, _peer, host) * NETWORKS / MADE
    netns.settle()
    with (
        tempfile.TemporaryDirectory(prefix="buoy-bench-", dir=disk()) as name,
        gateways.opened("bench-", Path(name), NETWORKS, EACH) as stage,
    ):
        stage.start_server()
        agent = stage.agents[gateways.NODE]
        agent.variables |= _kept_bytecode(Path(name))
        gateways.start_agent(stage)
        agent.kill()
        found = gateways.start_agent(stage)
        memory = memory_of(agent.pid) / 1e6
        gateways.purge(stage)
    what = f"restart, {NETWORKS:,} networks, all right"
    return [
        Comparison("4b", what, found.seconds, peer, "s", 0.3, f"{NETWORKS:,} namespaces, veths and bridges by pyroute2"),
        Comparison("4b", "  its writes, plus one", found.writes + 1, 1, "", 1, "none, plus one"),
        Comparison("4b", "  its memory", memory, MEMORY_MB, "MB", 1, "the 200 MB that it may take"),
    ]


def _kept_bytecode(directory: Path) -> dict[str, str]:
    """Python's own settings for a program that is installed: compiled when it starts first, also where tests are not."""
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(directory / "bytecode")}


def _peer(host: str) -> float:
    """Seconds for all that the peer makes."""
    begin = time.perf_counter()
    for number in range(MADE):
        name = f"bench-made-{number}"
        pyroute2_netns.create(name)
        netns.veth(Nic(host, f"made{number}"), Nic(name, "uplink"))
        netns.bridge(name, "br0")
    took = time.perf_counter() - begin
    for number in range(MADE):
        netns.delete(f"bench-made-{number}")
    return took
