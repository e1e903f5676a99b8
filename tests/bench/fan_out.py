"""Row 9: changes to 100 and 1,000 watchers, against etcd: events a second while writers run flat out, and one change at a time.

Every watcher watches everything. 64 writers change metadata of 16 interfaces, durably; etcd is given the same objects under
16 keys, with its defaults. Events count from the first change until the last watcher has the last of them: who takes changes
faster than it delivers them gains nothing by that (changes/s stand beside). The lean client fails where two watchers have seen
different things, or not exactly the changes that were answered. A change without watchers is timed too: what an isolated one
takes longer is what it takes after the commit.
"""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

import grpc
from buoy.v1 import interface_pb2, interface_pb2_grpc
from buoy_server.codec import packing
from google.protobuf.struct_pb2 import Value

from tests.bench import furnishing, lean_client, servers
from tests.bench.comparison import Comparison, median_ratio
from tests.bench.disk import disk
from tests.bench.lean_client import Watch
from tests.bench.servers import Running

ROUNDS = 3
OBJECTS, VALUES = 16, 64
PLAN = ("-isolated=60", "-gap=50ms", "-seconds=4", "-in-flight=64", "-each=100")
# By watchers: events/s at least, isolated at most, as ratios to etcd.
TARGETS = {100: (0.8, 1.3), 1000: (1.5, 2.5)}

BUOY_WATCH = Watch("/buoy.v1.InterfaceService/WatchInterface", b"", ready=2, events=1, revision="4")
# WatchRequest.create_request with the key "i" and the end "j"; WatchResponse: created 3, events 11; Event.kv.mod_revision: 2.3.
ETCD_WATCH = Watch("/etcdserverpb.Watch/Watch", b"\x0a\x06\x0a\x01i\x12\x01j", ready=3, events=11, revision="2.3", open=True)


@dataclass(frozen=True, slots=True)
class Side:
    """A server, how it is watched, and the changes that it is asked for."""

    server: Running
    watch: Watch
    method: str
    changes: Sequence[bytes]

    def run(self, watchers: int) -> dict[str, Any]:
        """Measures it once."""
        arguments = [f"-method={self.method}", f"-watchers={watchers}", *PLAN, *self.watch.arguments]
        return lean_client.run("fanout", self.server.target, arguments, self.changes)


def measure() -> list[Comparison]:
    """Measures both in turns, with few watchers and with many."""
    with tempfile.TemporaryDirectory(prefix="buoy-bench-", dir=disk()) as name, ExitStack() as opened:
        ours = furnished(opened.enter_context(servers.buoy(Path(name))))
        sides = [ours]
        if which("etcd"):
            sides.append(_etcd(opened.enter_context(servers.etcd(Path(name))), ours))
        return [row for watchers in TARGETS for row in _rows(sides, watchers)]


def _rows(sides: Sequence[Side], watchers: int) -> list[Comparison]:
    rounds = [[side.run(watchers) for side in sides] for _ in range(ROUNDS)]

    def row(what: str, unit: str, figure: Any, target: float | None = None, *, least: bool = False) -> Comparison:
        figures = [(figure(one[0]), figure(one[1]) if len(one) > 1 else None) for one in rounds]
        return Comparison("9", what, *median_ratio(figures), unit, target, "etcd watch", least=least)

    rate, isolated = TARGETS[watchers]
    after = "  of that after the commit"
    return [
        row(f"events delivered, {watchers} watchers", "1/s", lambda one: one["Delivered"] / one["Seconds"], rate, least=True),
        row("  changes taken meanwhile", "1/s", lambda one: one["Changes"] / one["WriteSeconds"]),
        row(f"one change to the last of {watchers} watchers, p50", "ms", lambda one: one["Isolated"]),
        row(after, "ms", lambda one: max(one["Isolated"] - one["Alone"], 0.001), isolated),
    ]


def furnished(server: Running) -> Side:
    """A buoy-server with the objects that are changed and watched."""
    uuids = furnishing.interfaces(server.target, OBJECTS)
    changes = [
        interface_pb2.SetInterfaceMetadataItemRequest(
            interface_uuid=uuid, key="colour", value=Value(string_value=f"value-{number:03}")
        )
        for number in range(VALUES)
        for uuid in uuids
    ]
    method = "/buoy.v1.InterfaceService/SetInterfaceMetadataItem"
    return Side(server, BUOY_WATCH, method, [change.SerializeToString() for change in changes])


def _etcd(server: Running, ours: Side) -> Side:
    """Gives etcd the objects as Buoy answers them after a change."""
    with grpc.insecure_channel(ours.server.target) as channel:
        stub: Any = interface_pb2_grpc.InterfaceServiceStub(channel)
        asked = interface_pb2.SetInterfaceMetadataItemRequest.FromString
        bodies = [stub.SetInterfaceMetadataItem(asked(change)).SerializeToString() for change in ours.changes[:OBJECTS]]
    puts = [_put(f"i{number:02}".encode(), body) for number, body in enumerate(bodies)]
    return Side(server, ETCD_WATCH, "/etcdserverpb.KV/Put", puts)


def _put(key: bytes, value: bytes) -> bytes:
    """A PutRequest: key 1, value 2."""
    return packing.field(1, key) + packing.field(2, value)
