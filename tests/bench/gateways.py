"""A node that carries many floats: their database, and its agent.

Networks with as many interfaces as asked for, each floated. The driver is `adopt` and nobody has made the NICs, as the node has
said and the server knows: floats are programmed all the same, and no namespace for each instance is wanted.
"""

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from buoy_agent.errors import NicMissingError
from buoy_server.core.model import (
    AnyRecord,
    Driver,
    Instance,
    InstanceId,
    Interface,
    InterfaceId,
    Network,
    NetworkId,
    Node,
    Pool,
    PoolId,
)
from buoy_server.core.ranges import AddressRange
from buoy_server.core.states import FloatingPhase, InstanceState, InterfaceState, NetworkState

from tests.bench import population
from tests.lab import processes
from tests.lab import stage as stages
from tests.lab.stage import Stage
from tests.lab.world import EXTERNAL_INTERFACE
from tests.support import netns
from tests.support.waiting import wait_for

NODE, NETWORK = "node1", "net"
SECONDS = 120.0
_POOL, _FIRST = "100.64.0.0/13", IPv4Address("100.64.0.0")


def populate(path: Path, networks: int, each: int) -> None:
    """Makes the database of a server."""
    for _ in population.write(path, _records(networks, each)):
        pass


def _records(networks: int, each: int) -> Iterator[AnyRecord]:
    chance = random.Random(networks * each)
    pool = Pool(uuid=PoolId(population.new_uuid(chance)), name="gateways", ranges=(AddressRange.parse(_POOL),))
    block = IPv4Network("10.0.0.0/14" if networks == 1 else "10.0.0.0/24")
    yield pool
    yield Node(name=NODE)
    for number in range(networks):
        network = Network(
            uuid=NetworkId(population.new_uuid(chance)),
            namespace="system",
            name=f"{NETWORK}{number}",
            netblock=block,
            state=NetworkState.CREATED,
            metadata={},
        )
        yield network
        for host in range(each):
            yield from _interface(network, host, _FIRST + number * each + host, pool, chance)


def _interface(network: Network, host: int, floating: IPv4Address, pool: Pool, chance: random.Random) -> Iterator[AnyRecord]:
    macaddr = "02:01:" + int(floating).to_bytes(4).hex(":")
    missing = str(NicMissingError(macaddr))
    failed = replace(population.active_float(pool, floating), phase=FloatingPhase.FAILED, reason=missing)
    instance = Instance(
        uuid=InstanceId(population.new_uuid(chance)),
        namespace="system",
        name=f"{network.name}-{host}",
        node=NODE,
        driver=Driver.ADOPT,
        state=InstanceState.CREATED,
        metadata={},
    )
    interface = Interface(
        uuid=InterfaceId(population.new_uuid(chance)),
        namespace="system",
        instance_uuid=instance.uuid,
        network_uuid=network.uuid,
        node=NODE,
        macaddr=macaddr,
        ipv4=network.netblock.network_address + 2 + host,
        order=0,
        state=InterfaceState.CREATED,
        state_reason=missing,
        floating=failed,
        metadata={},
        observed_generation=1,
    )
    yield instance
    yield interface
    yield from population.reservations(interface, pool)


@dataclass(frozen=True, slots=True)
class InSync:
    """What an agent said when it was in sync: how long after its start, and what it had written by then."""

    seconds: float
    writes: int
    floats: int


@contextmanager
def opened(prefix: str, directory: Path, networks: int, each: int) -> Iterator[Stage]:
    """A stage with that database, nothing started yet; the node announces by route."""
    with stages.opened(prefix, directory, directory) as stage:
        populate(stage.place.database, networks, each)
        stage.agents[NODE].variables["BUOY_ANNOUNCE"] = "route"
        yield stage


def start_agent(stage: Stage) -> InSync:
    """Starts the node's agent, and waits until it is in sync."""
    agent = stage.agents[NODE]
    agent.log.unlink(missing_ok=True)
    begin = time.time()
    agent.start()
    line = wait_for("the agent to be in sync", lambda: _said(agent.log), seconds=SECONDS) or {}
    moment = datetime.fromisoformat(str(line["timestamp"])).timestamp()
    return InSync(moment - begin, int(str(line["writes"])), int(str(line["floats"])))


def purge(stage: Stage) -> None:
    """Takes everything of the agent's off the node, which is far quicker than deleting its namespaces one by one."""
    stage.agents[NODE].stop()
    site = stage.world.node(NODE)
    options = ["--external-interface", EXTERNAL_INTERFACE, "--netns-prefix", site.netns_prefix]
    netns.run(site.netns, [processes.BIN / "buoy-agent", "purge", *options])


def _said(log: Path) -> dict[str, object] | None:
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return next((json.loads(line) for line in lines if '"in sync"' in line and line.endswith("}")), None)
