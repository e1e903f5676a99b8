"""Row 7: unary calls a second against a bare grpc.aio echo with the same options, 64 in flight and one at a time.

The lean client asks each in turns, and the round with the median ratio counts. Each FloatInterface is of another interface,
allocates an address, and is on the disk before it is answered; no agent is connected: calls are all that the server does.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from buoy.v1 import interface_pb2

from tests.bench import furnishing, lean_client, servers
from tests.bench.comparison import Comparison, median_ratio
from tests.bench.disk import disk
from tests.bench.servers import Running

ROUNDS, ALONE_ROUNDS = 5, 3
SECONDS = 2.0
FLOATS, ALONE_FLOATS = 8_000, 1_000  # a round
ECHO, GET, FLOAT = "/bench.Bare/Echo", "/buoy.v1.InterfaceService/GetInterface", "/buoy.v1.InterfaceService/FloatInterface"
ALLOWED_MS = 0.7


@dataclass(frozen=True, slots=True)
class Round:
    """What the lean client reported of each, measured one after the other."""

    echo: dict[str, Any]
    get: dict[str, Any]
    float: dict[str, Any]


def measure() -> list[Comparison]:
    """Calls all three, in turns."""
    with (
        tempfile.TemporaryDirectory(prefix="buoy-bench-", dir=disk()) as name,
        servers.buoy(Path(name)) as ours,
        servers.bare(Path(name)) as peer,
    ):
        uuids = iter(furnishing.interfaces(ours.target, ROUNDS * FLOATS + ALONE_ROUNDS * ALONE_FLOATS))
        busy = [_round(ours, peer, uuids, FLOATS, ["-in-flight=64", "-connections=4"]) for _ in range(ROUNDS)]
        alone = [_round(ours, peer, uuids, ALONE_FLOATS, ["-in-flight=1", "-connections=1"]) for _ in range(ALONE_ROUNDS)]
    get = median_ratio([(_rate(one.get), _rate(one.echo)) for one in busy])
    float_ = median_ratio([(_rate(one.float), _rate(one.echo)) for one in busy])
    rows = [
        Comparison("7", "GetInterface, 64 in flight", *get, "1/s", 0.9, "bare grpc.aio echo", least=True),
        Comparison("7", "FloatInterface, durable, 64 in flight", *float_, "1/s", 0.7, "bare grpc.aio echo", least=True),
    ]
    for what, kind in (("GetInterface", "get"), ("FloatInterface, durable", "float")):
        took = [(getattr(one, kind)["P50"], one.echo["P50"]) for one in alone]
        rows.append(Comparison("7", f"{what}, one client, p50", *median_ratio(took), "ms", None, "bare grpc.aio echo"))
        above = median_ratio([(own - echo, ALLOWED_MS) for own, echo in took])
        rows.append(Comparison("7", "  above the echo's", *above, "ms", 1, "the 0.7 ms that it may take"))
    return rows


def _round(ours: Running, peer: Running, uuids: Iterator[str], floats: int, how: list[str]) -> Round:
    chosen = [next(uuids) for _ in range(floats)]
    gets = [interface_pb2.GetInterfaceRequest(interface_uuid=uuid).SerializeToString() for uuid in chosen[:1000]]
    asked = [
        interface_pb2.FloatInterfaceRequest(interface_uuid=uuid, request_id=str(uuid4())).SerializeToString() for uuid in chosen
    ]
    timed = [*how, f"-seconds={SECONDS}"]
    done = Round(
        lean_client.run("calls", peer.target, [f"-method={ECHO}", *timed], gets),
        lean_client.run("calls", ours.target, [f"-method={GET}", *timed], gets),
        lean_client.run("calls", ours.target, [f"-method={FLOAT}", *how], asked),
    )
    if failed := done.echo["Failed"] + done.get["Failed"] + done.float["Failed"]:
        raise RuntimeError(f"{failed} calls were refused")
    return done


def _rate(report: dict[str, Any]) -> float:
    return float(report["Answered"]) / float(report["Seconds"])
