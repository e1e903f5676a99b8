"""Pools from the command line, against the real server: what an operator does while they are in use."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from buoy_client import BuoyClient
from buoy_client.cli import app
from typer.testing import CliRunner, Result

from tests.clients.obliging_agent import ObligingAgent
from tests.clients.test_real_server import RealServer

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """The command line of a server with a node, a network, and an instance of three interfaces of which one floats."""
    server = RealServer(tmp_path)
    server.start()
    with BuoyClient(server.target) as client, ObligingAgent(server.target):
        client.create_pool("public", ["192.0.2.1-192.0.2.4"])
        client.create_network("blue", "10.0.0.0/24")
        client.create_instance("vm", ["blue"] * 3, wait=True)
        client.float_interface(client.get_instance_interfaces("vm")[0].uuid, address="192.0.2.2", wait=True)
        yield lambda *args: CliRunner().invoke(app, ["--server", server.target, *args])
    server.stop()


def _pool(run: Run) -> dict[str, object]:
    shown: dict[str, object] = json.loads(run("pool", "show", "public", "-o", "json").stdout)
    return shown


def test_a_pool_in_use_grows_and_shrinks_but_not_from_under_what_uses_it(run: Run) -> None:
    assert run("pool", "update", "public", "--add-range", "198.51.100.0/28", "--exclude", "192.0.2.4").exit_code == 0
    assert _pool(run)["ranges"] == ["192.0.2.1-192.0.2.4", "198.51.100.0/28"]
    refused = run("pool", "update", "public", "--drop-range", "192.0.2.1-192.0.2.4")
    assert refused.exit_code == 1
    assert "192.0.2.2, which interface " in " ".join(refused.stderr.split())
    assert run("pool", "update", "public", "--include", "192.0.2.4").exit_code == 0
    assert (_pool(run)["exclusions"], run("pool", "update", "public", "--include", "192.0.2.4").exit_code) == ([], 2)


def test_a_pool_that_runs_low_says_so_and_what_rests_is_seen_lifted_and_extended(run: Run) -> None:
    assert run("pool", "update", "public", "--low", "50").exit_code == 0
    uuids = run("instance", "interfaces", "vm", "-o", "name").stdout.split()
    for uuid in uuids[1:]:
        assert run("interface", "float", uuid, "--wait").exit_code == 0
    assert "low" in run("pool", "list").stdout
    for uuid in uuids:
        assert run("interface", "defloat", uuid, "--wait").exit_code == 0
    resting = json.loads(run("pool", "quarantine", "public", "-o", "json").stdout)
    assert [(record["owner"] in uuids, record["reason"]) for record in resting] == [(True, "defloated")] * 3
    assert "defloated" in run("pool", "quarantine", "public").stdout
    first, second, third = (record["address"] for record in resting)
    for address in (first, second):
        assert run("pool", "lift", address).stdout == f"{address} is free.\n"
    assert "rests until" in run("pool", "extend", third, "12h").stdout
    (left,) = json.loads(run("pool", "quarantine", "public", "-o", "json").stdout)
    assert (left["address"], left["extended"]) == (third, True)
    told = run("pool", "events", "public").stdout
    for words in (
        "runs low: fewer than 2 of its 4",
        "has room again",
        f"{first}, last of",
        "pool of 192.0.2.1-192.0.2.4 created",
    ):
        assert words in told
    kinds = {event["type"] for event in json.loads(run("pool", "events", "public", "--type", "resources", "-o", "json").stdout)}
    assert kinds == {"resources"}


def test_a_namespace_floats_from_its_own_pool_and_a_pool_that_drains_hands_out_nothing(run: Run) -> None:
    assert run("pool", "create", "second", "--range", "203.0.113.0/28").exit_code == 0
    assert "comes from pool second" in run("namespace", "pool", "system", "second").stdout
    uuids = run("instance", "interfaces", "vm", "-o", "name").stdout.split()
    floated = json.loads(run("interface", "float", uuids[1], "--wait", "-o", "json").stdout)
    assert floated["floating"]["address"].startswith("203.0.113.")
    assert run("pool", "update", "second", "--drain").exit_code == 0
    refused = run("interface", "float", uuids[2])
    assert (refused.exit_code, "pool second drains" in " ".join(refused.stderr.split())) == (1, True)
    assert run("pool", "delete", "second").exit_code == 1
    assert run("namespace", "pool", "system", "--none").exit_code == 0
    assert run("interface", "float", uuids[2], "--wait").exit_code == 0
    assert run("namespace", "pool", "system").exit_code == 2
