"""Faults of the server as a program: refused starts, kill -9, a full disk."""

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from buoy.v1 import network_pb2, network_pb2_grpc
from buoy_client import BuoyClient, BuoyError, ResourceExhausted, Unavailable

from tests.lab import processes
from tests.lab.processes import Program, ServerPlace
from tests.support.small_disk import small_disk
from tests.support.waiting import PATIENCE, wait_for

REFUSED_SETTING, REFUSED_PLACE = 2, 3


@contextmanager
def serving(directory: Path) -> Iterator[tuple[Program, ServerPlace]]:
    """A server that serves, with its data in this directory."""
    place = ServerPlace(directory, processes.free_port())
    program = processes.server(place, directory.with_name(f"{directory.name}.log"))
    program.start()
    try:
        processes.wait_serving(program, place.target)
        yield program, place
    finally:
        if program.running:
            program.stop()


def refused(directory: Path, *listen: str, database: Path) -> tuple[int, str]:
    """Runs a server that should not start, and returns its exit code and its words."""
    argv = [str(processes.BIN / "buoy-server"), "--database", f"sqlite:///{database}", "--insecure"]
    argv += [word for target in listen for word in ("--listen", target)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE, check=False, cwd=directory)
    return done.returncode, done.stderr.strip().splitlines()[-1]


def test_a_second_server_on_the_same_port_is_refused_in_one_clear_line(tmp_path: Path) -> None:
    with serving(tmp_path) as (first, place):
        code, words = refused(tmp_path, place.target, database=tmp_path / "other.db")
        assert (code, place.target in words, "Traceback" in words) == (REFUSED_PLACE, True, False), words
        assert first.running


def test_a_second_server_on_the_same_database_is_refused_in_one_clear_line(tmp_path: Path) -> None:
    with serving(tmp_path) as (first, place):
        code, words = refused(tmp_path, f"127.0.0.1:{processes.free_port()}", database=place.database)
        assert (code, str(place.database) in words, "another" in words) == (REFUSED_PLACE, True, True), words
        assert first.running


def test_a_second_server_on_the_same_unix_socket_is_refused_and_the_first_keeps_it(tmp_path: Path) -> None:
    with serving(tmp_path) as (first, place):
        code, words = refused(tmp_path, place.agent_target, database=tmp_path / "other.db")
        assert (code, "server.sock" in words) == (REFUSED_PLACE, True), words
        assert BuoyClient(place.agent_target).get_pools() == []
        assert first.running


@pytest.mark.parametrize("target", ["0.0.0.0:7117", "192.168.20.1:7117", "[::]:7117"])
def test_without_tls_only_loopback_and_unix_sockets_are_served(tmp_path: Path, target: str) -> None:
    code, words = refused(tmp_path, target, database=tmp_path / "buoy.db")
    assert (code, target in words) == (REFUSED_SETTING, True), words


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_asked_to_end_ends_well_and_starts_again_on_its_unix_socket(
    tmp_path: Path, number: signal.Signals
) -> None:
    with serving(tmp_path) as (program, place):
        assert program.process is not None
        program.process.send_signal(number)
        assert program.process.wait(PATIENCE) == 0, program.last_words()
        program.start()
        processes.wait_serving(program, place.agent_target)


def test_what_was_acknowledged_survives_kill_9_round_after_round(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    with serving(tmp_path) as (program, place):
        for number in range(5):
            writer = threading.Thread(target=_write_until_it_dies, args=(place, f"r{number}", acknowledged))
            writer.start()
            goal = len(acknowledged) + 20 * (number + 1)
            wait_for(f"{goal} acknowledged writes", lambda goal=goal: len(acknowledged) >= goal)  # type: ignore[misc]
            program.kill()
            writer.join()
            program.start()
            processes.wait_serving(program, place.target)
            stored = {network.name for network in BuoyClient(place.target).get_networks()}
            assert set(acknowledged) - stored == set()


def _write_until_it_dies(place: ServerPlace, prefix: str, acknowledged: list[str]) -> None:
    """By a plain stub, which fails as soon as the server is gone, and for nothing else."""
    with grpc.insecure_channel(place.target) as channel:
        create = network_pb2_grpc.NetworkServiceStub(channel).CreateNetwork
        for number in range(100_000):
            name = f"{prefix}-{number}"
            try:
                create(network_pb2.CreateNetworkRequest(name=name, netblock="10.0.0.0/24"), timeout=PATIENCE)
            except grpc.RpcError:
                return
            acknowledged.append(name)


def test_a_full_disk_stops_writes_with_a_clear_error_and_not_the_server(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 600) as disk, serving(disk.path) as (program, place):
        client = BuoyClient(place.target)
        acknowledged, error = _write_until_full(client)
        assert (type(error), error.reason) == (ResourceExhausted, "STORAGE_FULL"), error
        assert {network.name for network in client.get_networks()} == acknowledged
        assert program.running
        disk.grow(16_000)
        wait_for("writes again", lambda: _writes(client, acknowledged))
        program.kill()
        program.start()
        processes.wait_serving(program, place.target)
        assert {network.name for network in client.get_networks()} == acknowledged


def _write_until_full(client: BuoyClient) -> tuple[set[str], BuoyError]:
    acknowledged: set[str] = set()
    for number in range(100_000):
        try:
            client.create_network(f"n{number}", "10.0.0.0/24")
        except BuoyError as error:
            return acknowledged, error
        acknowledged.add(f"n{number}")
    raise AssertionError("the disk never filled")


def _writes(client: BuoyClient, acknowledged: set[str]) -> bool:
    name = f"after-{len(acknowledged)}"
    try:
        client.create_network(name, "10.0.0.0/24")
    except (ResourceExhausted, Unavailable):
        return False
    acknowledged.add(name)
    return True
