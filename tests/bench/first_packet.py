"""Row 1: from the call of FloatInterface, durably committed, to the first packet that passes; up to 100,000 floats present.

The network that floats one more is the one with all the others. Each number of floats has a server, a database and an agent of
its own; Shaken Fist's four commands run in the first of these worlds, where nothing else is.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
_FIRST, _PEER_FIRST = IPv4Address("10.200.1.0"), IPv4Address("10.201.1.0")
NEUTRON = ((1_000, 1_000, 1 / 20), (5_000, 10_000, 1 / 80))  # its floats, ours, and the target
FLOATS, WARM_UP, PEER_FLOATS = 200, 10, 40


def measure() -> list[Comparison]:
    """Floats one interface after another, here and the way of Shaken Fist."""
    figures: dict[int, list[float]] = {}
    peer: float | None = None
    with tempfile.TemporaryDirectory(prefix="buoy-bench-", dir="/run") as name:  # short, for iptables' lock and Neutron's
        neutron_takes = {floats: neutron.apply(floats, Path(name)) for floats, _, _ in NEUTRON}
    for present in PRESENT:
        with tempfile.TemporaryDirectory(prefix="buoy-bench-", dir=disk()) as name, _stage(Path(name), present) as stage:
            figures[present] = _ours(stage)
            peer = _peer(stage) if present == 0 else peer
    rows = [row for present in PRESENT for row in _rows(present, figures[present], percentile(figures[0], 50), peer)]
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


@contextmanager
def _stage(directory: Path, present: int) -> Iterator[Stage]:
    with gateways.opened("bench-", directory, 1, present) as stage:
        stage.start_server()
        gateways.start_agent(stage)
        stage.wait_connected(gateways.NODE)
        with netns.links(stage.world.client) as ipr:
            ipr.route("add", dst=OURS, gateway=str(stage.world.node(gateways.NODE).address))
            ipr.route("add", dst=PEERS, gateway=shakenfist.LAN_ADDRESS)
        yield stage


def _ours(stage: Stage) -> list[float]:
    client = BuoyClient(stage.place.target)
    client.create_pool("bench", [OURS])
    specs = [InterfaceSpec(f"{gateways.NETWORK}0")]
    instance = client.create_instance("bench", specs, node=gateways.NODE, wait=True, timeout=180)
    nic = client.get_instance_interfaces(instance.uuid)[0].uuid

    def float_(address: IPv4Address) -> None:
        client.float_interface(nic, address)

    def defloat() -> None:
        client.defloat_interface(nic, wait=True)

    with echoing(stage.world.node(gateways.NODE).netns_of(instance.uuid)), prober(stage.world.client) as asked:
        figures = [_one_float(asked, _FIRST + number, float_, defloat) for number in range(FLOATS + WARM_UP)]
    return figures[WARM_UP:]


def _peer(stage: Stage) -> float | None:
    if not find_program("iptables-nft", "iptables"):
        return None
    with shakenfist.network(stage.world) as name, prober(stage.world.client) as asked:
        float_ = partial(shakenfist.float_interface, name)
        figures = [_one_float(asked, _PEER_FIRST + number, float_) for number in range(PEER_FLOATS)]
    return percentile(figures, 50)


def _one_float(
    asked: Prober, address: IPv4Address, float_: Callable[[IPv4Address], None], after: Callable[[], None] = lambda: None
) -> float:
    """Milliseconds from the call to the first packet that passed."""
    asked.begin(address)
    begin = time.perf_counter()
    float_(address)
    took = asked.first_echo() - begin
    after()
    return took * 1000
