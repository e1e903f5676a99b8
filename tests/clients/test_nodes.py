"""Nodes, and what moves between them, from the command line against the real server: what a user types and reads."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from buoy_client import BuoyClient
from buoy_client.cli import app
from typer.testing import CliRunner, Result

from tests.clients.obliging_agent import ObligingAgent
from tests.clients.test_real_server import ABSENT, RealServer
from tests.support.waiting import wait_for

Run = Callable[..., Result]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RealServer]:
    """A server that knows the nodes n1, which is away, and n2, where the instance vm floats at 192.0.2.2."""
    server = RealServer(tmp_path)
    server.start()
    with BuoyClient(server.target) as client, ObligingAgent(server.target, "n2"):
        with ObligingAgent(server.target, "n1"):
            client.create_pool("public", ["192.0.2.1-192.0.2.4"])
            client.create_network("blue", "10.0.0.0/24")
        client.create_instance("vm", ["blue"], node="n2", wait=True)
        client.float_interface(client.get_instance_interfaces("vm")[0].uuid, address="192.0.2.2", wait=True)
        yield server
    server.stop()


@pytest.fixture
def run(server: RealServer) -> Run:
    """Its command line; a text is what a user answers."""
    return lambda *args, answer=None: CliRunner().invoke(app, ["--server", server.target, *args], input=answer)


def _interface(run: Run) -> str:
    return run("instance", "interfaces", "vm", "-o", "name").stdout.strip()


def _words(result: Result) -> str:
    return " ".join(result.stderr.replace("│", " ").split())  # without its frame


def test_an_instance_moves_with_its_address_and_who_has_not_let_go_of_it_is_shown(server: RealServer, run: Run) -> None:
    with ObligingAgent(server.target, "n1"):
        moved = run("instance", "move", "vm", "--node", "n1", "--wait", "-o", "json")
        assert (moved.exit_code, json.loads(moved.stdout)["node"]) == (0, "n1")
        assert moved.stderr.startswith("instance vm is on n1 after ")
        shown = json.loads(run("interface", "show", _interface(run), "-o", "json").stdout)
        assert (shown["node"], shown["floating"]["address"], shown["floating"]["phase"]) == ("n1", "192.0.2.2", "active")
        assert run("instance", "move", "vm", "--node", "n1", "--wait").exit_code == 0  # where it is already
        assert "leaving" not in run("interface", "show", _interface(run)).stdout
    assert run("instance", "move", "vm", "--node", "n2").exit_code == 0
    assert "leaving    n1 has not let go of it yet\n" in run("interface", "show", _interface(run)).stdout


def test_a_move_that_is_not_done_in_time_may_still_come_and_does(server: RealServer, run: Run) -> None:
    late = run("instance", "move", "vm", "--node", "n1", "--wait", "--wait-timeout", "0.1")
    assert (late.exit_code, late.stdout) == (5, "")
    assert "not done after 0.1 s. It may still come; wait longer with --wait-timeout." in _words(late)
    with ObligingAgent(server.target, "n1"):
        arrived = run("instance", "move", "vm", "--node", "n1", "--wait")
        assert (arrived.exit_code, "node        n1" in arrived.stdout) == (0, True)


REFUSALS = (
    (("instance", "move", "vm", "--wait", "--node", "n9"), 3, "node not found: n9. See `buoy node list`."),
    (("instance", "move", "no", "--wait", "--node", "n1"), 3, "instance not found: no. See `buoy instance list`."),
    (("instance", "move", "vm", "--wait"), 2, "Missing option '--node'."),
    (("node", "drain", "n9"), 3, "node not found: n9. See `buoy node list`."),
    (("node", "delete", "n9", "--yes"), 3, "node not found: n9. See `buoy node list`."),
    (("node", "delete", "n2", "--yes"), 1, "the agent of node n2 is connected: stop it, and purge the node with"),
    (("node", "reannounce", "n9"), 3, "node not found: n9. See `buoy node list`."),
    (("interface", "reannounce", ABSENT), 3, f"interface not found: {ABSENT}. See `buoy interface list`."),
    (("interface", "explain", ABSENT), 3, f"interface not found: {ABSENT}. See `buoy interface list`."),
)


def test_refusals_say_what_is_wrong_and_where_to_look(run: Run) -> None:
    for args, code, words in REFUSALS:
        refused = run(*args)
        assert (refused.exit_code, refused.stdout) == (code, ""), args
        assert words in _words(refused), args


def test_a_drained_node_keeps_what_is_there_and_takes_nothing_new_until_undrained(server: RealServer, run: Run) -> None:
    with ObligingAgent(server.target, "n1"):
        assert run("node", "drain", "n2").stdout == (
            "Nothing new is placed on n2; 1 still there: buoy instance list --node n2.\n"
        )
        assert run("node", "drain", "n1").stdout == "Nothing new is placed on n1.\n"
        assert "created, drained" in run("node", "list").stdout
        moved = run("instance", "move", "vm", "--node", "n1", "--wait")
        assert moved.exit_code == 1
        assert "node n1 is drained: nothing new is placed there; undrain it first." in _words(moved)
        placed = run("instance", "create", "other", "--network", "blue")
        assert "every connected node is drained: undrain one, or start an agent on another." in _words(placed)
        assert run("node", "undrain", "n1").stdout == "Instances are placed on n1 again.\n"
        assert run("instance", "move", "vm", "--node", "n1", "--wait").exit_code == 0
        assert run("node", "drain", "n2").stdout == "Nothing new is placed on n2.\n"


def test_a_node_is_forgotten_only_when_that_is_confirmed(server: RealServer, run: Run) -> None:
    wait_for("n1 to be away", lambda: not json.loads(run("node", "show", "n1", "-o", "json").stdout)["connected"])
    kept = run("node", "delete", "n1", answer="n\n")
    assert (kept.exit_code, run("node", "show", "n1").exit_code) == (1, 0)
    assert "Is n1 off, or purged with `buoy-agent purge`? Its addresses may go to others." in kept.stdout
    assert "Node n1 is forgotten.\n" in run("node", "delete", "n1", answer="y\n").stdout
    assert run("node", "show", "n1").exit_code == 3
    assert run("node", "list", "-o", "name").stdout == "n2\n"


def test_a_float_and_a_node_are_announced_again_and_what_does_not_float_is_not(run: Run) -> None:
    uuid = _interface(run)
    assert run("interface", "reannounce", uuid).stdout == "n2 announces 192.0.2.2, some times within half a minute.\n"
    assert run("node", "reannounce", "n2").stdout == ("n2 announces its 1 floating address, some times within half a minute.\n")
    assert run("interface", "defloat", uuid, "--wait").exit_code == 0
    refused = run("interface", "reannounce", uuid)
    assert (refused.exit_code, _words(refused)) == (1, "Error: the interface does not float: float it first.")


def test_an_explanation_says_that_the_agent_does_not_answer_and_what_to_do(run: Run) -> None:
    shown = run("interface", "explain", _interface(run))
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[1].split(maxsplit=3) == ["ok", "floating", "address", "192.0.2.2, active"]
    assert lines[3].startswith("BROKEN   agent               the agent of n2 did not answer within ")
    assert next(line for line in lines if line.startswith("unknown")).endswith("could not be looked at")
    assert lines[-1].startswith("to do: ")
