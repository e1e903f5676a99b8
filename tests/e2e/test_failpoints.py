"""A server that ends at a chosen point: what was acknowledged is there, the rest wholly or not at all."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from buoy.v1 import admin_pb2, admin_pb2_grpc, network_pb2, network_pb2_grpc
from buoy_client import BuoyClient
from buoy_server import failpoints
from buoy_server.storage.retention import CHUNK

from tests.lab import processes
from tests.support.waiting import PATIENCE

DURABLE = {"before_commit": False, "after_commit": True, "before_notify": True, "before_reply": True}


@pytest.mark.parametrize(("point", "durable"), DURABLE.items())
def test_a_server_ends_at_its_failpoint_and_has_what_was_durable_by_then(tmp_path: Path, point: str, durable: bool) -> None:
    place = processes.free_place(tmp_path)
    program = processes.server(place, tmp_path / "server.log")
    program.variables["BUOY_FAILPOINT"] = f"{point}:3"
    program.start()
    processes.wait_serving(program, place.target)
    acknowledged = _write_until_it_ends(place)
    assert program.process is not None
    assert program.process.wait(PATIENCE) == failpoints.EXIT_CODE
    program.variables.clear()
    program.start()
    processes.wait_serving(program, place.target)
    stored = sorted(network.name for network in BuoyClient(place.target).get_networks())
    program.stop()
    assert stored == sorted([*acknowledged, f"n{len(acknowledged)}"] if durable else acknowledged)


@pytest.mark.parametrize("point", DURABLE)
def test_a_call_that_broke_off_is_repeated_and_its_change_is_made_once(tmp_path: Path, point: str) -> None:
    place = processes.free_place(tmp_path)
    program = processes.server(place, tmp_path / "server.log")
    program.variables["BUOY_FAILPOINT"] = f"{point}:2"
    request = network_pb2.CreateNetworkRequest(name="net", netblock="10.1.0.0/24", request_id=str(uuid4()))
    program.start()
    processes.wait_serving(program, place.target)
    with grpc.insecure_channel(place.target) as channel:
        create = network_pb2_grpc.NetworkServiceStub(channel).CreateNetwork
        create(network_pb2.CreateNetworkRequest(name="first", netblock="10.2.0.0/24"), timeout=PATIENCE)
        with pytest.raises(grpc.RpcError):
            create(request, timeout=PATIENCE)
    assert program.process is not None
    assert program.process.wait(PATIENCE) == failpoints.EXIT_CODE
    program.variables.clear()
    program.start()
    processes.wait_serving(program, place.target)
    with grpc.insecure_channel(place.target) as channel:
        create = network_pb2_grpc.NetworkServiceStub(channel).CreateNetwork
        answers = {create(request, timeout=PATIENCE).SerializeToString(deterministic=True) for _ in range(2)}
    stored = [network.name for network in BuoyClient(place.target).get_networks()]
    program.stop()
    assert len(answers) == 1
    assert sorted(stored) == ["first", "net"]


def _write_until_it_ends(place: processes.ServerPlace) -> list[str]:
    """By a plain stub, which fails as soon as the server is gone, and for nothing else."""
    acknowledged: list[str] = []
    with grpc.insecure_channel(place.target) as channel:
        create = network_pb2_grpc.NetworkServiceStub(channel).CreateNetwork
        for number in range(10):
            try:
                create(network_pb2.CreateNetworkRequest(name=f"n{number}", netblock=f"10.{number}.0.0/24"), timeout=PATIENCE)
            except grpc.RpcError:
                return acknowledged
            acknowledged.append(f"n{number}")
    raise AssertionError("the server never ended")


def test_a_failpoint_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="BUOY_FAILPOINT: nonsense is none of after_commit, "):
        failpoints._parsed("nonsense")


@contextmanager
def _admin(place: processes.ServerPlace) -> Iterator[Any]:
    with grpc.insecure_channel(place.target) as channel:
        yield admin_pb2_grpc.AdminServiceStub(channel)


def test_a_server_that_ends_in_the_middle_of_a_compaction_has_a_whole_ledger_that_begins_later(tmp_path: Path) -> None:
    place = processes.free_place(tmp_path)
    program = processes.server(place, tmp_path / "server.log")
    program.variables["BUOY_FAILPOINT"] = "mid_compaction"
    program.start()
    processes.wait_serving(program, place.target)
    client = BuoyClient(place.target)
    with ThreadPoolExecutor(16) as many:
        list(many.map(lambda number: client.create_network(f"n{number}", "10.0.0.0/24"), range(2 * CHUNK + 10)))
    with _admin(place) as admin:
        head = admin.GetServer(admin_pb2.GetServerRequest()).revision
        with pytest.raises(grpc.RpcError):
            admin.CompactLedger(admin_pb2.CompactLedgerRequest(revision=head))
    assert program.process is not None
    assert program.process.wait(PATIENCE) == failpoints.EXIT_CODE
    program.variables.clear()
    program.start()
    processes.wait_serving(program, place.target)
    with _admin(place) as admin:
        info = admin.GetServer(admin_pb2.GetServerRequest())
        assert (info.compact_revision, info.revision) == (CHUNK + 1, head)
        assert admin.CompactLedger(admin_pb2.CompactLedgerRequest(revision=head)).compact_revision == head
    assert len(BuoyClient(place.target).get_networks()) == 2 * CHUNK + 10
    program.stop()
