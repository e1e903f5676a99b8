"""The command line against a real grpc server: what scripts rely on."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from buoy.v1 import interface_pb2 as pb
from buoy_client.cli import app
from google.rpc import code_pb2
from typer.testing import CliRunner

from tests.clients.scripted_server import ScriptedServer
from tests.clients.scripted_world import World, rich_error
from tests.support.waiting import PATIENCE


@dataclass(frozen=True, slots=True)
class Result:
    """How one run ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Result]
# The program, which waits for a server for as long as a test does, not as a person would.
PATIENT = f"from buoy_client.cli import main, options, session; session.PATIENCE = options.COMPLETION_PATIENCE = {PATIENCE};"


@pytest.fixture
def run(server: ScriptedServer) -> Run:
    """Run the program in this process, against the scripted server."""

    def run_with(*args: str, target: str = server.target, **env: str) -> Result:
        result = CliRunner().invoke(app, args, env={"BUOY_SERVER": target, **env})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Result(result.exit_code, result.stdout, result.stderr)

    return run_with


def program(server: ScriptedServer, *args: str) -> "subprocess.Popen[str]":
    """Start the program as a process of its own."""
    command = [sys.executable, "-c", f"{PATIENT} main()", "--server", server.target, *args]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_list_in_every_form(run: Run, world: World) -> None:
    plugged = world.plug(floating=True)
    assert plugged.uuid in run("interface", "list").out
    assert [item["uuid"] for item in json.loads(run("interface", "list", "-o", "json").out)] == [plugged.uuid]
    assert [item["uuid"] for item in yaml.safe_load(run("-o", "yaml", "interface", "list").out)] == [plugged.uuid]
    assert run("interface", "list", "-o", "name").out == f"{plugged.uuid}\n"


def test_output_is_taken_before_and_after_the_command(run: Run) -> None:
    assert run("-o", "json", "node", "list").out == run("node", "list", "-o", "json").out
    assert run("-o", "json", "node", "list", "-o", "name").out == "n1\n"
    assert run("node", "list", BUOY_OUTPUT="name").out == "n1\n"


def test_an_empty_list_is_empty_for_programs_and_said_to_people(run: Run) -> None:
    assert run("interface", "list", "-o", "json").out == "[]\n"
    table = run("interface", "list")
    assert (table.out, table.err) == ("", "No interfaces.\n")


def test_float_with_wait_says_the_outcome_on_stderr(run: Run, world: World) -> None:
    plugged = world.plug()
    result = run("interface", "float", plugged.uuid, "--wait", "-o", "json")
    assert json.loads(result.out)["floating"]["phase"] == "active"
    assert result.err == "floating at 192.168.20.17, active after 4 ms\n"


def test_float_that_fails_is_refused_with_its_reason(run: Run, world: World) -> None:
    world.on_float = world.fail
    result = run("interface", "float", world.plug().uuid, "--wait")
    assert result.code == 1
    assert result.err.startswith("Error: 192.168.20.17 does not float: eth0 is down")


def test_a_wait_that_is_over_has_its_own_code(run: Run, world: World) -> None:
    world.on_float = lambda _: None
    result = run("interface", "float", world.plug().uuid, "--wait", "--wait-timeout", "200ms")
    assert (result.code, result.out) == (5, "")
    assert "--wait-timeout" in result.err


def test_defloat_and_delete(run: Run, world: World) -> None:
    plugged = world.plug(floating=True)
    assert json.loads(run("interface", "defloat", plugged.uuid, "--wait", "-o", "json").out)["floating"] is None
    assert run("interface", "delete", plugged.uuid, "--wait").out == f"Interface {plugged.uuid} is deleted.\n"


def test_not_found(run: Run) -> None:
    result = run("interface", "show", "b1981e81-b37a-4176-ba37-b61bc7208012")
    assert (result.code, result.out) == (3, "")
    assert result.err == "Error: interface not found. See `buoy interface list`.\n"


def test_refused_names_the_field(run: Run, world: World) -> None:
    refusal = rich_error(code_pb2.INVALID_ARGUMENT, "MALFORMED", "x is no address", "address", "not an IPv4 address")
    world.faults["FloatInterface"].append(refusal)
    result = run("interface", "float", world.plug().uuid, "--address", "x")
    assert (result.code, result.err) == (1, "Error: x is no address; address: not an IPv4 address.\n")


def test_unreachable_names_the_target_and_what_to_do(run: Run, tmp_path: Path) -> None:
    result = run("--timeout", "0.2", "node", "list", target=f"unix://{tmp_path}/none.sock")
    assert result.code == 4
    assert "none.sock" in result.err
    assert "--server or BUOY_SERVER" in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    "args",
    [
        ("interface", "float"),
        ("interface", "list", "-o", "xml"),
        ("pool", "create", "p"),
        ("instance", "create", "vm", "--network", "blue,adress=1"),
        ("instance", "create", "vm", "--driver", "kvm"),
        ("interface", "float", "x", "--address", "1.2.3.4", "--pool", "p"),
        ("--timeout", "soon", "node", "list"),
        ("--config", "/nowhere/config.toml", "node", "list"),
        ("--timeout", "0", "node", "list"),
        ("--server", "unix://relative", "node", "list"),
        ("nonsense",),
    ],
)
def test_wrong_usage(run: Run, args: tuple[str, ...]) -> None:
    result = run(*args)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Error: ")
    assert result.err.count("\n") == 1
    assert "--help`" in result.err


def test_settings_come_from_the_file_too(run: Run, server: ScriptedServer, tmp_path: Path) -> None:
    file = tmp_path / "buoy.toml"
    file.write_text(f'server = "{server.target}"\noutput = "name"\n')
    assert run("--config", str(file), "node", "list", target="").out == "n1\n"


def test_instance_life(run: Run) -> None:
    created = run(
        "instance", "create", "vm", "--network", "blue,address=10.0.0.9,float", "--network", "red", "--wait", "-o", "json"
    )
    assert json.loads(created.out)["state"] == "created"
    assert created.err.startswith("created on n1 after ")
    assert len(run("instance", "interfaces", "vm", "-o", "name").out.splitlines()) == 2
    assert run("instance", "show", "vm", "-o", "json").out == created.out
    assert run("instance", "delete", "vm", "--wait").out == "Instance vm is deleted.\n"


def test_network_and_pool_lives(run: Run) -> None:
    assert "10.0.0.0/24" in run("network", "create", "blue", "--netblock", "10.0.0.0/24", "--nat").out
    assert run("network", "delete", "blue", "--wait").out == "Network blue is deleted.\n"
    pool = run(
        "pool",
        "create",
        "public",
        "--range",
        "192.168.20.0/24",
        "--exclude",
        "192.168.20.9",
        "--quarantine",
        "5m",
        "-o",
        "json",
    )
    assert json.loads(pool.out)["quarantine"] == 300.0
    assert "#=........ 2/253" in run("pool", "list").out
    assert "192.168.20.17" in run("pool", "addresses", "public").out
    assert run("pool", "delete", "public").out == "Pool public is deleted.\n"


def test_metadata(run: Run, world: World) -> None:
    uuid = world.plug().uuid
    assert run("interface", "metadata", "set", uuid, "tags", '["a", 1]').code == 0
    assert run("interface", "metadata", "set", uuid, "note", "two words").code == 0
    assert json.loads(run("interface", "metadata", "show", uuid, "-o", "json").out) == {"tags": ["a", 1], "note": "two words"}
    assert run("interface", "metadata", "show", uuid).out == 'KEY   VALUE\nnote  two words\ntags  ["a", 1]\n'
    assert run("interface", "metadata", "delete", uuid, "note").code == 0
    assert run("interface", "metadata", "show", uuid, "-o", "name").out == "tags\n"


def test_what_the_server_sends_cannot_steer_the_terminal(run: Run, world: World) -> None:
    hostile = pb.Interface()
    hostile.CopyFrom(world.plug())
    hostile.state_reason = "\x1b]0;owned\x07\x1b[2J"
    world.update(hostile)
    assert "\x1b" not in run("interface", "show", hostile.uuid).out


def test_watch_prints_each_event_at_once_and_ends_130_on_interrupt(server: ScriptedServer, world: World) -> None:
    world.plug()
    with program(server, "interface", "watch", "-o", "json") as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["type"] == "snapshot"
        new = world.plug()
        event = json.loads(process.stdout.readline())
        assert (event["type"], event["interface"]["uuid"]) == ("created", new.uuid)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (130, "")


def test_watch_goes_on_over_a_restart_of_the_server(server: ScriptedServer, world: World) -> None:
    world.plug()
    with program(server, "interface", "watch", "-o", "json", "--from", "1") as process:
        assert process.stdout is not None
        process.stdout.readline()
        server.stop()
        world.plug()
        server.start()
        assert json.loads(process.stdout.readline())["revision"] == 2
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)


def test_a_reader_that_leaves_is_no_error(server: ScriptedServer, world: World) -> None:
    world.plug()
    with program(server, "interface", "watch", "-o", "json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        world.plug()
        assert process.wait(PATIENCE) == 0
        assert process.stderr.read() == ""


def test_watch_says_why_it_took_a_fresh_snapshot(server: ScriptedServer, world: World) -> None:
    world.plug()
    with program(server, "interface", "watch", "-o", "name") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        with world.changed:
            world.break_streams()
            new = world.plug()
            world.compact()
        assert process.stdout.readline().strip() == new.uuid
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "Took a fresh snapshot: history before revision 7 is gone.\n"


def test_events_in_a_pipe_say_when_and_what_and_as_json_also_the_request_and_what_changed(run: Run) -> None:
    header, row = run("interface", "events", "x").out.splitlines()
    assert header.split() == ["WHEN", "TYPE", "CALL", "WHAT"]
    assert row.split(maxsplit=2)[0] == "2026-11-23T12:00:00Z"
    (event,) = json.loads(run("interface", "events", "x", "-o", "json").out)
    assert event["changes"][0] == {"property": "floating.phase", "before": "", "after": "pending"}
    assert event["request_id"] == "7b0c24f5-3a4e-4c52-9d0e-6f7d1f3f1c11"


def test_the_server_itself(run: Run) -> None:
    assert "42 (history from 7 on)" in run("admin", "server").out
    assert json.loads(run("admin", "server", "-o", "json").out)["watches"] == 3
    assert run("admin", "compact", "--revision", "9").out == "Watches can start from revision 9 on.\n"
    assert json.loads(run("admin", "compact", "-o", "json").out) == {"compact_revision": 7}


def test_completion_offers_what_the_server_has(server: ScriptedServer, run: Run) -> None:
    run("network", "create", "blue", "--netblock", "10.0.0.0/24")
    words = {"_BUOY_COMPLETE": "complete_bash", "COMP_WORDS": "buoy network show bl", "COMP_CWORD": "3"}
    command = [sys.executable, "-c", f"import sys; sys.argv[0] = 'buoy'; {PATIENT} main()"]
    env = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "BUOY_SERVER": server.target, **words}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.stdout.split() == ["blue"]


def test_version_and_help(run: Run) -> None:
    assert run("--version").out == "buoy 0.1.0\n"
    assert "Exit codes: 0 done" in run("--help").out


def test_an_explanation_reads_at_a_glance_and_is_whole_for_programs(run: Run, world: World) -> None:
    uuid = world.plug(floating=True).uuid
    lines = run("interface", "explain", uuid).out.splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["ok", "rules", "8", "rules"],
        ["BROKEN", "element", "it", "is", "gone[2J"],
        ["unknown", "NIC", "could", "not", "be", "looked", "at"],
    ]
    assert "3 packets (4 KiB) in, 3 packets (4 KiB) out" in run("interface", "explain", uuid).out
    assert lines[-2:] == ["element: it is gone", "to do: wait"]
    whole = json.loads(run("interface", "explain", uuid, "-o", "json").out)
    assert (whole["broken"], whole["links"][1]["state"], whole["interface"]["uuid"]) == ("floating-to-fixed", "broken", uuid)
    assert whole["examination"]["incoming"] == {"packets": 3, "bytes": 4096}
    assert yaml.safe_load(run("interface", "explain", uuid, "-o", "yaml").out) == whole
    assert run("interface", "explain", uuid, "-o", "name").out == f"{uuid}\n"
