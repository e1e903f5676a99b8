"""Row 1: from the call of FloatInterface, durably committed, to the first packet that passes."""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

from buoy_client import BuoyClient, InterfaceSpec

from tests.bench import shakenfist
from tests.bench.comparison import Comparison, percentile
from tests.bench.disk import disk
from tests.bench.probing import first_echo
from tests.bench.programs import find_program
from tests.lab import stage as stages
from tests.lab.stage import Stage
from tests.support import netns
from tests.support.probes import udp_echo

OURS, PEERS = "10.200.0.0/16", "10.201.0.0/16"
FLOATS, WARM_UP, PEER_FLOATS = 200, 10, 40


def measure() -> list[Comparison]:
    """Floats one interface after another, here and the way of Shaken Fist."""
    with tempfile.TemporaryDirectory(prefix="buoy-bench-", dir=disk()) as directory, _stage(Path(directory)) as stage:
        ours = _ours(stage)
        peer = _peer(stage)
    p50, p99 = percentile(ours, 50), percentile(ours, 99)
    return [
        Comparison("1", "FloatInterface -> first packet, p50", p50, peer, "ms", 0.1, "Shaken Fist's four commands, p50"),
        Comparison("1", "FloatInterface -> first packet, p99", p99, p50, "ms", 3, "its own p50"),
    ]


@contextmanager
def _stage(directory: Path) -> Iterator[Stage]:
    with stages.opened("bench-", directory, directory) as stage:
        stage.start_server()
        stage.start_agent("node1")
        with netns.links(stage.world.client) as ipr:
            ipr.route("add", dst=OURS, gateway=str(stage.world.node("node1").address))
            ipr.route("add", dst=PEERS, gateway=shakenfist.LAN_ADDRESS)
        yield stage


def _ours(stage: Stage) -> list[float]:
    client = BuoyClient(stage.place.target)
    client.create_pool("bench", [OURS])
    network = client.create_network("bench", "10.0.0.0/24")
    instance = client.create_instance("bench", [InterfaceSpec(network.uuid)], node="node1", wait=True)
    nic = client.get_instance_interfaces(instance.uuid)[0].uuid
    site = stage.world.node("node1")
    with udp_echo(site.netns_of(instance.uuid)):
        figures = [_one_float(stage, client, nic, IPv4Address("10.200.1.0") + number) for number in range(FLOATS + WARM_UP)]
    return figures[WARM_UP:]


def _one_float(stage: Stage, client: BuoyClient, nic: str, address: IPv4Address) -> float:
    caller = threading.Thread(target=client.float_interface, args=(nic, address))
    begin = time.perf_counter()
    caller.start()
    took = first_echo(stage.world.client, address) - begin
    caller.join()
    client.defloat_interface(nic, wait=True)
    return took * 1000


def _peer(stage: Stage) -> float | None:
    if not find_program("iptables-nft", "iptables"):
        return None
    with shakenfist.network(stage.world) as name:
        figures = [_one_peer_float(stage, name, IPv4Address("10.201.1.0") + number) for number in range(PEER_FLOATS)]
    return percentile(figures, 50)


def _one_peer_float(stage: Stage, name: str, address: IPv4Address) -> float:
    runner = threading.Thread(target=shakenfist.float_interface, args=(name, address))
    begin = time.perf_counter()
    runner.start()
    took = first_echo(stage.world.client, address) - begin
    runner.join()
    return took * 1000
