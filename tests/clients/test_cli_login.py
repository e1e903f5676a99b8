"""The command line against a server that takes nobody without a key, as golden text."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from buoy_client import BuoyClient
from buoy_client.cli import app, views
from typer.testing import CliRunner

from tests.clients.secured_server import SecuredServer, secured_server
from tests.clients.test_cli import PATIENT, Result
from tests.support.waiting import PATIENCE

SECRET = "hunter2hunter2"  # noqa: S105  nobody's
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredServer]:
    """One server for all tests here; each has namespaces of its own."""
    with secured_server(tmp_path_factory.mktemp("secured")) as running:
        yield running


@pytest.fixture
def run(server: SecuredServer) -> Run:
    """Run the program as whoever `env` says, by default as the operator."""

    def run_with(*args: str, stdin: str = "", **env: str) -> Result:
        who = env or {"BUOY_NAMESPACE": "system", "BUOY_KEY": server.system_key}
        result = CliRunner().invoke(app, args, input=stdin, env={"BUOY_SERVER": server.target, **who})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert server.system_key not in result.output
        return Result(result.exit_code, result.stdout, result.stderr)

    return run_with


@pytest.fixture
def present(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything happened three hours ago, and an hour more would not show."""
    now = views.now
    monkeypatch.setattr(views, "now", lambda: now() + timedelta(hours=3))


def test_the_life_of_a_namespace(run: Run, present: None) -> None:
    assert run("namespace", "create", "life", "-o", "name").out == "life\n"
    assert run("namespace", "key", "set", "life", "ci", "--key", "-", stdin=f"{SECRET}\n").out == (
        "Key ci of namespace life is set.\n"
    )
    assert run("namespace", "trust", "add", "life", "system").out == "Namespace life trusts system.\n"
    assert run("namespace", "quota", "set", "life", "--interfaces", "10", "--metadata-bytes", "4096").out == (
        "Namespace life may use: 10 interfaces, 4096 bytes of metadata.\n"
    )
    assert run("namespace", "metadata", "set", "life", "owner", '{"team": 1}').out == "owner is set.\n"
    assert run("namespace", "metadata", "show", "life").out == 'KEY    VALUE\nowner  {"team": 1}\n'
    *lines, changed = run("namespace", "show", "life").out.splitlines()
    assert lines == [
        "name      life",
        "keys      ci",
        "trusts    system",
        "may use   10 interfaces, 4096 bytes of metadata",
        "pool      the oldest that does not drain",
        'metadata  owner={"team": 1}',
        "created   3 h ago",
    ]
    assert changed.startswith("changed   3 h ago (revision ")
    listed = [line.split() for line in run("namespace", "list").out.splitlines()]
    assert listed[0] == ["NAME", "KEYS", "TRUSTS", "MAY", "USE", "CHANGED"]
    assert [line[:3] for line in listed if line[0] == "life"] == [["life", "1", "system"]]
    assert run("namespace", "metadata", "delete", "life", "owner").out == "owner is deleted.\n"
    assert run("namespace", "trust", "remove", "life", "system").out == "Namespace life does not trust system.\n"
    assert run("namespace", "key", "delete", "life", "ci").out == "Key ci of namespace life is deleted.\n"
    assert run("namespace", "delete", "life").out == "Namespace life is deleted.\n"


def test_a_made_secret_is_alone_on_standard_output(run: Run) -> None:
    run("namespace", "create", "made")
    result = run("namespace", "key", "set", "made", "ci")
    secret = result.out.strip()
    assert result.err == "Key ci of namespace made is set. Its secret, which is not shown again:\n"
    assert run("whoami", "-o", "name", BUOY_NAMESPACE="made", BUOY_KEY=secret).out == "made\n"
    assert set(json.loads(run("namespace", "key", "set", "made", "two", "-o", "json").out)) == {"name", "key"}


def test_keys_are_listed_without_secrets(run: Run) -> None:
    run("namespace", "create", "keys")
    run("namespace", "key", "set", "keys", "ci", "--key", SECRET)
    made = run("namespace", "key", "set", "keys", "agent-node1", "--node", "node1")
    assert made.err.startswith("Key agent-node1 of namespace keys is set, for the agent of node node1. Its secret")
    assert (
        run("namespace", "key", "list", "keys").out
        == "KEY          FOR\nci           everything\nagent-node1  agent of node1\n"
    )
    assert run("namespace", "key", "list", "keys", "-o", "name").out == "ci\nagent-node1\n"


def test_whoami_says_where_everything_was_set(run: Run, server: SecuredServer, tmp_path: Path) -> None:
    assert run("whoami").out == (
        f"server     {server.target} (BUOY_SERVER)\n"
        "namespace  system (BUOY_NAMESPACE)\n"
        "key        given (BUOY_KEY)\n"
        "known as   system\n"
    )
    file = tmp_path / "buoy.toml"
    file.write_text(f'[profiles.ops]\nserver = "{server.target}"\nnamespace = "system"\nkey = "{server.system_key}"\n')
    file.chmod(0o600)
    shown = json.loads(run("--config", str(file), "whoami", "-o", "json", BUOY_PROFILE="ops").out)
    assert shown == {
        "server": server.target,
        "server_source": "BUOY_SERVER",
        "namespace": "system",
        "namespace_source": f"profile ops in {file}",
        "key_source": f"profile ops in {file}",
        "known_as": "system",
    }


def test_a_key_that_others_can_read_is_warned_about_once(run: Run, server: SecuredServer, tmp_path: Path) -> None:
    file = tmp_path / "buoy.toml"
    file.write_text(f'namespace = "system"\nkey = "{server.system_key}"\n')
    file.chmod(0o644)
    result = run("--config", str(file), "pool", "list", "-o", "json", BUOY_TIMEOUT="10")
    assert (result.code, result.out) == (0, "[]\n")
    assert result.err == f"Warning: {file} holds a key, and others can read it: chmod 600 it.\n"


@pytest.mark.parametrize(
    ("env", "words"),
    [
        (
            {"BUOY_NAMESPACE": "system"},
            (
                "Error: no token: the server takes nobody without a key. Give --namespace and --key, or BUOY_NAMESPACE and "
                "BUOY_KEY, or a profile of the settings file.\n"
            ),
        ),
        (
            {"BUOY_NAMESPACE": "system", "BUOY_KEY": "wrong-secret"},
            "Error: no such namespace, or no such key. `buoy whoami` shows where namespace and key come from.\n",
        ),
    ],
)
def test_who_is_not_known_gets_a_code_of_its_own(run: Run, env: dict[str, str], words: str) -> None:
    result = run("pool", "list", **env)
    assert (result.code, result.out, result.err) == (6, "", words)
    result = run("whoami", **env)
    assert (result.code, result.err) == (6, words)
    assert "known as   not known: see below\n" in result.out


def test_who_may_not_gets_the_same_code(run: Run) -> None:
    run("namespace", "create", "weak")
    run("namespace", "key", "set", "weak", "ci", "--key", SECRET)
    result = run("node", "list", BUOY_NAMESPACE="weak", BUOY_KEY=SECRET)
    assert (result.code, result.err) == (6, "Error: this is for the namespace system. `buoy whoami` shows who you are.\n")
    assert run("namespace", "show", "system", BUOY_NAMESPACE="weak", BUOY_KEY=SECRET).code == 3


def test_a_key_is_given_on_the_command_line_or_read(run: Run, server: SecuredServer) -> None:
    run("namespace", "create", "given")
    run("namespace", "key", "set", "given", "ci", "--key", SECRET)
    assert run("--namespace", "given", "--key", SECRET, "whoami", "-o", "name").out == "given\n"
    assert run("--namespace", "given", "--key", "-", "whoami", "-o", "name", stdin=f"{SECRET}\n").out == "given\n"
    nothing = run("--namespace", "given", "--key", "-", "whoami")
    assert (nothing.code, nothing.err) == (2, "Error: there is no secret on standard input. See `buoy --help`.\n")
    alone = run("--key", SECRET, "whoami", BUOY_TIMEOUT="10")
    assert (alone.code, alone.err) == (
        2,
        "Error: a key (argument) belongs to a namespace: give that too. See `buoy whoami --help`.\n",
    )


def test_a_key_is_asked_for_on_a_terminal_without_echo(server: SecuredServer) -> None:
    command = [sys.executable, "-c", f"{PATIENT} main()", "--server", server.target]
    command += ["--namespace", "system", "--key", "-", "whoami", "-o", "name"]
    ours, theirs = pty.openpty()
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "start_new_session": True}
    with subprocess.Popen(command, stdin=theirs, **pipes) as process:  # type: ignore[call-overload]
        asked = b""
        while not asked.endswith(b"Key of namespace system: ") and (character := process.stderr.read(1)):
            asked += character
        os.write(ours, f"{server.system_key}\n".encode())
        out, err = process.communicate(timeout=PATIENCE)
    os.close(ours)
    os.close(theirs)
    assert (process.returncode, out) == (0, b"system\n")
    assert server.system_key.encode() not in err


def test_events_addresses_and_metadata_of_a_network(run: Run, server: SecuredServer, present: None) -> None:
    run("network", "create", "net", "--netblock", "10.0.0.0/24", "--dhcp")
    assert run("network", "metadata", "set", "net", "k", "[1]").out == "k is set.\n"
    assert run("network", "metadata", "show", "net").out == "KEY  VALUE\nk    [1]\n"
    table = [re.split("  +", line) for line in run("network", "events", "net").out.splitlines()]
    assert [cells[1:] for cells in table] == [
        ["TYPE", "CALL", "WHAT"],
        ["mutate", "SetNetworkMetadataItem by system", "metadata 'k' set"],
        ["audit", "CreateNetwork by system", "network 10.0.0.0/24 created"],
    ]
    listed = json.loads(run("network", "events", "net", "-o", "json").out)
    assert len({UUID(event["request_id"]) for event in listed}) == 2
    assert run("network", "events", "net", "--type", "audit", "-o", "json").out.count('"revision"') == 1
    assert run("network", "events", "net", "--limit", "1").out.count("\n") == 2
    assert run("network", "events", "net", "--type", "rumour").code == 2
    with BuoyClient(server.target, namespace="system", key=server.system_key) as client:
        uuid = client.get_network("net").uuid
    listed = [line.split()[:3] for line in run("network", "addresses", "net").out.splitlines()[1:]]
    assert listed == [["10.0.0.0", "network", uuid], ["10.0.0.1", "gateway", uuid], ["10.0.0.255", "broadcast", uuid]]
    assert run("network", "interfaces", "net").err == "No interfaces.\n"
    assert run("network", "metadata", "delete", "net", "k").out == "k is deleted.\n"
