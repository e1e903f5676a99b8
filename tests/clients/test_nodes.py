"""Nodes, and what moves between them, from the command line against the real server: what a user types and reads."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import pytest
from buoy_client import BuoyClient, NotFound
from buoy_client.cli import app
from typer.testing import CliRunner, Result

from tests.clients.obliging_agent import ObligingAgent
from tests.clients.test_real_server import ABSENT, RealServer
from tests.support.waiting import wait_for

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """A server with a pool and a network."""
    server = RealServer(tmp_path_factory.mktemp("server"))
    server.start()
    with BuoyClient(server.target) as client, ObligingAgent(server.target, "first"):
        client.create_pool("public", ["192.0.2.0/24"])
        client.create_pool("routed", ["198.51.100.0/24"])
        client.create_network("blue", "10.0.0.0/24")
    yield server
    server.stop()


@pytest.fixture(scope="module")
def run(server: RealServer) -> Run:
    """Its command line; a text is what a user answers."""
    return lambda *args, answer=None: CliRunner().invoke(app, ["--server", server.target, *args], input=answer)


@dataclass(frozen=True)
class Place:
    """Two nodes of a test's own: one is away, and on the other one an instance floats."""

    target: str
    away: str
    here: str
    vm: str
    interface: str
    address: str

    def comes(self) -> ObligingAgent:
        """The agent of the node that is away, for a `with`."""
        return ObligingAgent(self.target, self.away)


@pytest.fixture
def place(server: RealServer) -> Iterator[Place]:
    """Its instance is gone afterwards."""
    mark = uuid4().hex[:6]
    away, here, vm = f"away-{mark}", f"here-{mark}", f"vm-{mark}"
    with BuoyClient(server.target) as client, ObligingAgent(server.target, here):
        with ObligingAgent(server.target, away):
            pass
        client.create_instance(vm, ["blue"], node=here, wait=True)
        floating = client.float_interface(client.get_instance_interfaces(vm)[0].uuid, wait=True)
        assert floating.floating
        yield Place(server.target, away, here, vm, floating.uuid, str(floating.floating.address))
        with suppress(NotFound):  # where a test deletes it itself
            client.delete_instance(vm)


def _words(result: Result) -> str:
    return " ".join(result.stderr.replace("│", " ").split())  # without its frame


def test_an_instance_moves_with_its_address_and_who_has_not_let_go_of_it_is_shown(run: Run, place: Place) -> None:
    with place.comes():
        moved = run("instance", "move", place.vm, "--node", place.away, "--wait", "-o", "json")
        assert (moved.exit_code, json.loads(moved.stdout)["node"]) == (0, place.away)
        assert moved.stderr.startswith(f"instance {place.vm} is on {place.away} after ")
        shown = json.loads(run("interface", "show", place.interface, "-o", "json").stdout)
        floating = shown["floating"]
        assert (shown["node"], floating["address"], floating["phase"]) == (place.away, place.address, "active")
        assert run("instance", "move", place.vm, "--node", place.away, "--wait").exit_code == 0  # where it is already
        assert "leaving" not in run("interface", "show", place.interface).stdout
    assert run("instance", "move", place.vm, "--node", place.here).exit_code == 0
    assert f"leaving    {place.away} has not let go of it yet\n" in run("interface", "show", place.interface).stdout


def test_a_move_that_is_not_done_in_time_says_who_is_waited_for_and_may_still_come_and_does(run: Run, place: Place) -> None:
    late = run("instance", "move", place.vm, "--node", place.away, "--wait", "--wait-timeout", "0.1")
    assert (late.exit_code, late.stdout) == (5, "")
    assert _words(late) == (
        f"Error: not done after 0.1 s: interface {place.interface}: node {place.away} has not confirmed it yet. It may still "
        "come: wait longer with --wait-timeout; `buoy interface explain` says what is in the way."
    )
    with place.comes():
        arrived = run("instance", "move", place.vm, "--node", place.away, "--wait")
        assert (arrived.exit_code, f"node        {place.away}" in arrived.stdout) == (0, True)


# What is waited for at a node that is away, and what is said of it.
WAITS = (
    (("interface", "float", "{interface}", "--address", "{address}"), "{address} is pending on node {away}"),
    (("interface", "defloat", "{interface}"), "node {away} has not let go of {address} yet"),
    (("network", "route", "blue", "--node", "{away}", "--address", "198.51.100.7"), "198.51.100.7 is pending on node {away}"),
    (("network", "unroute", "blue", "198.51.100.7"), "node {away} has not let go of 198.51.100.7 yet"),
    (("interface", "create", "--instance", "{vm}", "--network", "blue"), "node {away} has not made the NIC yet"),
    (("interface", "delete", "{interface}"), "node {away} has not let go of it yet"),
    (("instance", "create", "{vm}-2", "--network", "blue", "--node", "{away}"), "node {away} has not made all its NICs yet"),
    (("instance", "delete", "{vm}"), "node {away} has not let go of its NICs yet"),
)


def test_each_wait_that_is_over_says_what_is_left_and_who_has_to_do_it(run: Run, place: Place) -> None:
    with place.comes():
        assert run("instance", "move", place.vm, "--node", place.away, "--wait").exit_code == 0
        assert run("interface", "defloat", place.interface, "--wait").exit_code == 0
    wait_for("the node to be away", lambda: not json.loads(run("node", "show", place.away, "-o", "json").stdout)["connected"])
    for args, words in WAITS:
        told = {name: getattr(place, name) for name in ("interface", "address", "away", "vm")}
        late = run(*(arg.format(**told) for arg in args), "--wait", "--wait-timeout", "0.1")
        assert late.exit_code == 5, (args, _words(late))
        assert f"Error: not done after 0.1 s: {words.format(**told)}" in _words(late), args


REFUSALS = (
    (("instance", "move", "{vm}", "--wait", "--node", "n9"), 3, "node not found: n9. See `buoy node list`."),
    (("instance", "move", "no", "--wait", "--node", "{here}"), 3, "instance not found: no. See `buoy instance list`."),
    (("instance", "move", "{vm}", "--wait"), 2, "Missing option '--node'."),
    (("node", "drain", "n9"), 3, "node not found: n9. See `buoy node list`."),
    (("node", "delete", "n9", "--yes"), 3, "node not found: n9. See `buoy node list`."),
    (("node", "delete", "{here}", "--yes"), 1, "the agent of node {here} is connected: stop it, and purge the node with"),
    (("node", "reannounce", "n9"), 3, "node not found: n9. See `buoy node list`."),
    (("interface", "reannounce", ABSENT), 3, f"interface not found: {ABSENT}. See `buoy interface list`."),
    (("interface", "explain", ABSENT), 3, f"interface not found: {ABSENT}. See `buoy interface list`."),
)


def test_refusals_say_what_is_wrong_and_where_to_look(run: Run, place: Place) -> None:
    for args, code, words in REFUSALS:
        refused = run(*(arg.format(here=place.here, vm=place.vm) for arg in args))
        assert (refused.exit_code, refused.stdout) == (code, ""), args
        assert words.format(here=place.here) in _words(refused), args


def test_a_drained_node_keeps_what_is_there_and_takes_nothing_new_until_undrained(run: Run, place: Place) -> None:
    away, here, vm = place.away, place.here, place.vm
    with place.comes():
        assert run("node", "drain", here).stdout == (
            f"Nothing new is placed on {here}; 1 still there: buoy instance list --node {here}.\n"
        )
        assert run("node", "drain", away).stdout == f"Nothing new is placed on {away}.\n"
        assert "created, drained" in run("node", "list").stdout
        moved = run("instance", "move", vm, "--node", away, "--wait")
        assert moved.exit_code == 1
        assert f"node {away} is drained: nothing new is placed there; undrain it first." in _words(moved)
        placed = run("instance", "create", "other", "--network", "blue")
        assert "every connected node is drained: undrain one, or start an agent on another." in _words(placed)
        assert run("node", "undrain", away).stdout == f"Instances are placed on {away} again.\n"
        assert run("instance", "move", vm, "--node", away, "--wait").exit_code == 0
        assert run("node", "drain", here).stdout == f"Nothing new is placed on {here}.\n"


def test_a_node_is_forgotten_only_when_that_is_confirmed(run: Run, place: Place) -> None:
    away = place.away
    wait_for("the node to be away", lambda: not json.loads(run("node", "show", away, "-o", "json").stdout)["connected"])
    kept = run("node", "delete", away, answer="n\n")
    assert (kept.exit_code, run("node", "show", away).exit_code) == (1, 0)
    assert f"Is {away} off, or purged with `buoy-agent purge`? Its addresses may go to others." in kept.stdout
    assert f"Node {away} is forgotten.\n" in run("node", "delete", away, answer="y\n").stdout
    assert run("node", "show", away).exit_code == 3
    assert away not in run("node", "list", "-o", "name").stdout.split()


def test_a_float_and_a_node_are_announced_again_and_what_does_not_float_is_not(run: Run, place: Place) -> None:
    uuid, here, announced = place.interface, place.here, "some times within half a minute"
    assert run("interface", "reannounce", uuid).stdout == f"{here} announces {place.address}, {announced}.\n"
    assert run("node", "reannounce", here).stdout == f"{here} announces its 1 floating address, {announced}.\n"
    assert run("interface", "defloat", uuid, "--wait").exit_code == 0
    refused = run("interface", "reannounce", uuid)
    assert (refused.exit_code, _words(refused)) == (1, "Error: the interface does not float: float it first.")


def test_an_explanation_says_that_the_agent_does_not_answer_and_what_to_do(run: Run, place: Place) -> None:
    shown = run("interface", "explain", place.interface)
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[1].split(maxsplit=3) == ["ok", "floating", "address", f"{place.address}, active"]
    assert lines[3].startswith(f"BROKEN   agent               the agent of {place.here} did not answer within ")
    assert next(line for line in lines if line.startswith("unknown")).endswith("could not be looked at")
    assert lines[-1].startswith("to do: ")
