"""Row 11: a defloat ends its live flows, 5,000 of 100,000 in the namespace, against `conntrack -D` for the same address.

Ours looks for them in both directions and then again, until there is none; the peer in one direction, once.
"""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Interface
from pathlib import Path

from buoy_agent.core.spec import Address
from buoy_agent.kernel import conntrack
from buoy_agent.kernel.netlink import Channel

from tests.bench import tables
from tests.bench.comparison import Comparison, median_ratio
from tests.bench.programs import find_program, program, run
from tests.support import netns
from tests.support.netns import Nic

FLOATS, EACH, ROUNDS = 20, 5_000, 5
_SYSCTL = Path("/proc/sys/net")
_COUNT, _SILENT = _SYSCTL / "netfilter/nf_conntrack_count", _SYSCTL / "netfilter/nf_conntrack_udp_timeout"


def measure() -> list[Comparison]:
    """Cuts the flows of one float, in turns."""
    with _line("bench-cut") as (outside, router):
        rounds = netns.call(router, _rounds, outside, router)
    what = f"ends {EACH:,} of {FLOATS * EACH:,} flows, both ways, verified"
    return [Comparison("11", what, *median_ratio(rounds), "ms", 0.3, "conntrack -D")]


@contextmanager
def _line(prefix: str) -> Iterator[tuple[str, str]]:
    """Somebody outside, behind whom is a network's namespace, behind which is nobody: flows begin and are not answered."""
    outside, router = f"{prefix}-out", f"{prefix}-net"
    with netns.namespace(outside), netns.namespace(router):
        netns.veth(Nic(outside, "eth0", IPv4Interface("172.16.0.1/24")), Nic(router, "uplink", IPv4Interface("172.16.0.2/24")))
        netns.bridge(router, "br0")
        with netns.links(outside) as links:
            links.route("add", dst=f"{tables.FLOATS}/16", gateway="172.16.0.2")
        with netns.links(router) as links:
            index = links.link_lookup(ifname="br0")[0]
            links.route("add", dst="10.0.0.0/14", oif=index)
            links.neigh("add", dst=str(tables.FIXED), lladdr="02:00:00:00:00:02", ifindex=index, state="permanent")
        netns.call(router, (_SYSCTL / "ipv4/ip_forward").write_text, "1")
        yield outside, router


def _rounds(outside: str, router: str) -> list[tuple[float, float | None]]:
    floats = [floating for floating, _ in tables.pairs(FLOATS)]
    with tables.opened(router) as (table, channel):
        _silent_flows_stay()
        to_one = [(floating, tables.pairs(1)[0][1]) for floating in floats]  # all lead to where the neighbour is known
        table.add(to_one, [])
        for floating in floats[1:]:
            _flows(outside, floating)
        has_peer = find_program("conntrack") is not None

        def timed(cut: Callable[[], None]) -> float:
            _flows(outside, floats[0])
            before = _count()
            begin = time.perf_counter()
            cut()
            took = (time.perf_counter() - begin) * 1000
            if before - _count() < EACH or before < FLOATS * EACH:
                raise RuntimeError(f"of {before} flows {before - _count()} were cut, where {EACH} should be")
            return took

        return [
            (
                timed(lambda: _cut(channel, floats[0])),
                timed(lambda: run(program("conntrack"), "-D", "-d", str(tables.FLOATS))) if has_peer else None,
            )
            for _ in range(ROUNDS)
        ]


def _cut(channel: Channel, floating: Address) -> None:
    conntrack.cut(channel, [floating], verify=True)


def _silent_flows_stay() -> None:
    _SILENT.write_text("600", encoding="ascii")
    name, value = conntrack.EVENTS
    (_SYSCTL / name).write_text(value, encoding="ascii")


def _count() -> int:
    return int(_COUNT.read_text(encoding="ascii"))


def _flows(outside: str, floating: Address) -> None:
    """Begins the flows to one float: from one port to many."""
    with netns.inside(outside), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        address = ".".join(map(str, floating))
        for port in range(1, EACH + 1):
            client.sendto(b"x", (address, port))
