"""Row 1: from the call of FloatInterface, durably committed, to the first packet that passes; up to 100,000 floats present.

The network that floats one more is the one with all the others. Each number of floats has a server, a database and an agent of
its own, which take turns; Shaken Fist's four commands run beside the first of them, where nothing else is.
"""

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path

from buoy_client import BuoyClient, InterfaceSpec

from tests.bench import gateways, neutron, shakenfist
from tests.bench.comparison import Comparison, percentile
from tests.bench.disk import disk
from tests.bench.probing import Prober, echoing, prober
from tests.bench.programs import find_program
from tests.lab.stage import Stage
from tests.support import netns

OURS, PEERS = "10.200.0.0/16", "10.201.0.0/16"
PRESENT = (0, 1_000, 10_000, 100_000)
FIRST, PEER_FIRST = IPv4Address("10.200.1.0"), IPv4Address("10.201.1.0")
NEUTRON = ((1_000, 1_000, 1 / 20), (5_000, 10_000, 1 / 80))  # its floats, ours, and the target
TURNS, FLOATS, PEER_FLOATS = 10, 20, 4


def measure() -> list[Comparison]:
    """Floats one interface after another, in all worlds and the way of Shaken Fist in turns: all meet the same weather."""
    with ExitStack() as opened:
        name = opened.enter_context(tempfile.TemporaryDirectory(prefix="buoy-bench-", dir="/run"))  # short, for iptables' lock
        neutron_takes = {floats: neutron.apply(floats, Path(name)) for floats, _, _ in NEUTRON}
        worlds = {present: opened.enter_context(_world(present)) for present in PRESENT}
        peer = opened.enter_context(_peer(worlds[0].stage))
        figures: dict[int, list[float]] = {present: [] for present in PRESENT}
        peers: list[float] = []
        for turn in range(TURNS + 1):  # the first one warms up
            for present, world in worlds.items():
                figures[present] += [world.float_next() for _ in range(FLOATS)][: turn * FLOATS]
            peers += [peer() for _ in range(PEER_FLOATS)][: turn * PEER_FLOATS] if peer else []
    theirs = percentile(peers, 50) if peers else None
    rows = [row for present in PRESENT for row in _rows(present, figures[present], percentile(figures[0], 50), theirs)]
    for floats, present, limit in NEUTRON:
        what, against = f"first packet, {present:,} floats present, p50", f"Neutron's IptablesManager.apply at {floats:,}"
        rows.append(Comparison("1", what, percentile(figures[present], 50), neutron_takes[floats], "ms", limit, against))
    return rows


def _rows(present: int, figures: list[float], alone: float, peer: float | None) -> Iterator[Comparison]:
    p50, p99 = percentile(figures, 50), percentile(figures, 99)
    what = f"first packet, {present:,} floats present, "
    yield Comparison("1", what + "p50", p50, peer, "ms", 0.1, "Shaken Fist's four commands, p50")
    yield Comparison("1", what + "p99", p99, p50, "ms", 3, "its own p50")
    if present:
        yield Comparison("1", what + "p50", p50, alone, "ms", 1.1 if present == PRESENT[-1] else None, "none present, p50")


@dataclass(slots=True)
class _World:
    """A server, a node with so many floats, and one more interface on it, which floats at one address after the other."""

    stage: Stage
    client: BuoyClient
    nic: str
    asked: Prober
    address: IPv4Address = FIRST

    def float_next(self) -> float:
        """Milliseconds from the call to the first packet; then the address is given up, and let go of."""
        self.address += 1
        took = _first_packet(self.asked, self.address, lambda address: self.client.float_interface(self.nic, address))
        self.client.defloat_interface(self.nic, wait=True)
        return took


@contextmanager
def _world(present: int) -> Iterator[_World]:
    with (
        tempfile.TemporaryDirectory(prefix="buoy-bench-", dir=disk()) as name,
        gateways.opened(f"bench{len(str(present))}-", Path(name), 1, present) as stage,
    ):
        stage.start_server()
        gateways.start_agent(stage)
        stage.wait_connected(gateways.NODE)
        with netns.links(stage.world.client) as ipr:
            ipr.route("add", dst=OURS, gateway=str(stage.world.node(gateways.NODE).address))
            ipr.route("add", dst=PEERS, gateway=shakenfist.LAN_ADDRESS)
        client = BuoyClient(stage.place.target)
        client.create_pool("bench", [OURS])
        spec = InterfaceSpec(f"{gateways.NETWORK}0")
        instance = client.create_instance("bench", [spec], node=gateways.NODE, wait=True, timeout=180)
        nic = client.get_instance_interfaces(instance.uuid)[0].uuid
        with echoing(stage.world.node(gateways.NODE).netns_of(instance.uuid)), prober(stage.world.client) as asked:
            yield _World(stage, client, nic, asked)


@contextmanager
def _peer(stage: Stage) -> Iterator[Callable[[], float] | None]:
    """Floats the next address the way of Shaken Fist, beside a world; None where its programs are not here."""
    if not find_program("iptables-nft", "iptables"):
        yield None
        return
    numbers = itertools.count(1)
    with shakenfist.network(stage.world) as name, prober(stage.world.client) as asked:
        yield lambda: _first_packet(asked, PEER_FIRST + next(numbers), partial(shakenfist.float_interface, name))


def _first_packet(asked: Prober, address: IPv4Address, float_: Callable[[IPv4Address], object]) -> float:
    asked.begin(address)
    begin = time.perf_counter()
    float_(address)
    return (asked.first_echo() - begin) * 1000
