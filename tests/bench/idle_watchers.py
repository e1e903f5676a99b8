"""Row 10: memory of an idle watcher, 5,000 open on 50 connections, against a bare grpc.aio stream and etcd's watch.

The difference in resident memory between 200 watchers and 5,200, divided by 5,000: what a server needs once is not counted,
and of a connection each of its 100 watchers bears its share.
"""

import tempfile
import time
from pathlib import Path
from shutil import which

from tests.bench import lean_client, servers
from tests.bench.comparison import Comparison
from tests.bench.disk import disk
from tests.bench.fan_out import BUOY_WATCH, ETCD_WATCH
from tests.bench.lean_client import Watch
from tests.bench.servers import Running

FIRST, MORE = 200, 5_000
SETTLED_SECONDS = 1.0
BARE_WATCH = Watch("/bench.Bare/Hold", b"", ready=2)


def measure() -> list[Comparison]:
    """Opens them on each server, one after the other."""
    with tempfile.TemporaryDirectory(prefix="buoy-bench-", dir=disk()) as name:
        directory = Path(name)
        with servers.buoy(directory) as server:
            ours = _each(server, BUOY_WATCH)
        with servers.bare(directory) as server:
            bare = _each(server, BARE_WATCH)
        etcd = None
        if which("etcd"):
            with servers.etcd(directory) as server:
                etcd = _each(server, ETCD_WATCH)
    return [
        Comparison("10", "memory of an idle watcher", ours, bare, "KB", 1.2, "bare grpc.aio stream"),
        Comparison("10", "memory of an idle watcher", ours, etcd, "KB", 0.7, "etcd watch"),
    ]


def _each(server: Running, watch: Watch) -> float:
    with lean_client.held(server.target, watch) as held:
        held.more(FIRST)
        before = _settled(server)
        held.more(MORE)
        return (_settled(server) - before) / MORE


def _settled(server: Running) -> float:
    """Its memory, when that has not changed for a while."""
    seen, since = server.resident(), time.monotonic()
    while time.monotonic() < since + SETTLED_SECONDS:
        time.sleep(0.05)
        if (now := server.resident()) != seen:
            seen, since = now, time.monotonic()
    return seen
