"""`buoy-agent status`, `purge` and `check`, as a user runs them."""

import json
import re
import stat
import subprocess
from ipaddress import IPv4Address
from pathlib import Path

from tests.kernel.node import EXTERNAL, Node
from tests.kernel.scripted_server import serving, to_proto
from tests.kernel.test_agent import PROGRAM, WEAK, agent
from tests.support import netns
from tests.support.probes import ask_udp, udp_echo
from tests.support.waiting import PATIENCE, wait_for
from tests.unit.agent.bindings import binding, network

FLOAT = IPv4Address("192.0.2.50")
SETTINGS = 'mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys && exec "$@"'
READ_ONLY = ("unshare", "--mount", "sh", "-c", SETTINGS, "sh")
START = ("--server", "unix:///nowhere", "--node", "one", "--external-interface", EXTERNAL, "--netns-prefix")


def command(node: Node, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Runs a command for the node's prefix to its end."""
    argv = [*before, *PROGRAM, *arguments, "--netns-prefix", node.prefix]
    with netns.inside(node.host):
        return subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_status_says_what_the_agent_has_and_what_it_put_right(node: Node, tmp_path: Path) -> None:
    net = network(node.salt, "a", egress="192.0.2.100")
    one, two = binding(node.salt, net, 5, floating=str(FLOAT)), binding(node.salt, net, 6)
    with serving(tmp_path / "s") as server:
        server.bindings = [to_proto(one), to_proto(two)]
        with agent(node, tmp_path / "s", tmp_path / "log"):
            server.report_of(two)
            netns.run(node.inside(net), ["nft", "flush", "ruleset"])
            wait_for("the repair", lambda: json.loads(command(node, "status", "-o", "json").stdout)["repairs"]["count"])
            wait_for("a report", lambda: json.loads(command(node, "status", "-o", "json").stdout)["last_report"])
            status = json.loads(command(node, "status", "-o", "json").stdout)
            assert (status["node"], status["connected"], status["in_sync"]) == ("one", True, True)
            assert status["desired"] == {"networks": 1, "interfaces": 2, "floats": 1, "routes": 2, "proxies": 2}
            assert status["actual"] == status["desired"]
            assert "the nftables table is gone" in status["repairs"]["last"][0]["found"]
            moments = [status["last_report"], status["repairs"]["last"][0]["time"]]
            assert [re.sub(r"\d", "0", moment) for moment in moments] == ["0000-00-00T00:00:00Z"] * 2  # as `buoy` writes them
            shown = command(node, "status").stdout
            assert "connected, in sync" in shown
            assert "differs" not in shown
            assert "the nftables table is gone" in shown
            socket = Path(f"/run/buoy/{node.prefix}agent.sock")
            assert stat.S_IMODE(socket.stat().st_mode) == 0o600
            with agent(node, tmp_path / "s", tmp_path / "second") as second:
                assert second.wait(PATIENCE) == 2
    gone = command(node, "status")
    assert gone.returncode == 4
    assert gone.stderr.startswith(f"buoy-agent: no agent answers on {socket} (No such file or directory): is it running,")


def test_status_shows_each_float_with_its_traffic(node: Node, tmp_path: Path) -> None:
    net = network(node.salt, "a")
    one, two = binding(node.salt, net, 5, floating="192.0.2.60"), binding(node.salt, net, 6, floating=str(FLOAT))
    with serving(tmp_path / "s") as server:
        server.bindings = [to_proto(one), to_proto(two)]
        with agent(node, tmp_path / "s", tmp_path / "log"):
            server.report_of(two)
            with udp_echo(node.inside(two)):
                assert ask_udp(node.client, FLOAT)
            rows = json.loads(command(node, "status", "--floats", "-o", "json").stdout)["floats"]
            lines = command(node, "status", "--floats").stdout.splitlines()
    assert [row["floating"] for row in rows] == [str(FLOAT), "192.0.2.60"]
    assert rows[0]["incoming"] == rows[0]["outgoing"] == {"packets": 1, "bytes": 34}
    assert rows[1]["incoming"] == {"packets": 0, "bytes": 0}
    assert lines[1].split() == [str(FLOAT), "10.0.0.6", "1", "34", "1", "34"]


def test_purge_refuses_while_an_agent_runs_and_else_removes_everything_of_ours(node: Node, tmp_path: Path) -> None:
    one = binding(node.salt, network(node.salt, "a", egress="192.0.2.100"), 5, floating=str(FLOAT))
    netns.run(node.host, ["ip", "neigh", "add", "proxy", "192.0.2.77", "dev", EXTERNAL])
    options = ("purge", "--external-interface", EXTERNAL)
    with serving(tmp_path / "s") as server:
        server.bindings = [to_proto(one)]
        with agent(node, tmp_path / "s", tmp_path / "log") as process:
            server.report_of(one)
            refused = command(node, *options)
            assert refused.returncode == 5
            assert "stop it first, or --force" in refused.stderr
            process.kill()  # leaves its socket behind
            process.wait()
    done = command(node, *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert "removed: 2 routes" in done.stdout
    assert "removed: 1 network, with 1 float and 1 NIC" in done.stdout
    assert netns.names(node.prefix) == sorted([node.client, node.host])
    assert (node.routes(), node.proxies()) == ({}, {"192.0.2.77"})
    assert "removed: 0 routes" in command(node, *options).stdout


def test_check_says_what_is_missing_and_what_to_do(node: Node) -> None:
    good = command(node, "check", "--external-interface", EXTERNAL)
    assert (good.returncode, "MISSING" in good.stdout) == (0, False), good.stdout
    wrong = command(node, "check", "--external-interface", "nope")
    assert wrong.returncode == 3
    assert f"not there; there is {EXTERNAL}: set --external-interface" in wrong.stdout
    netns.run(node.host, ["ip", "route", "add", "198.51.100.7/32", "via", "192.0.2.9", "proto", "98"])
    clash = command(node, "check", "--external-interface", EXTERNAL)
    assert clash.returncode == 3
    assert "routes that are not ours bear it: to 198.51.100.7: set --route-protocol" in clash.stdout
    still = command(node, "check", "--external-interface", "nope", before=READ_ONLY)
    assert "MISSING writable settings (/proc/sys/net)" in still.stdout
    assert "give the service a writable /proc/sys/net" in still.stdout
    with netns.inside(node.host):
        started = subprocess.run(
            [*READ_ONLY, *PROGRAM, *START, node.prefix], capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    assert (started.returncode, "missing writable settings" in started.stderr) == (3, True), started.stderr
    weak = command(node, "check", "--external-interface", EXTERNAL, before=tuple(WEAK))
    assert weak.returncode == 3
    assert "CAP_NET_ADMIN: run as root" in weak.stdout
