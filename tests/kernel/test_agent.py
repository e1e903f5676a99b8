"""The whole agent, as its users start it, against a real gRPC server and a real kernel."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

from buoy.v1 import agent_pb2, explain_pb2
from buoy_agent.core.spec import Driver

from tests.kernel.node import EXTERNAL, Node
from tests.kernel.scripted_server import serving, to_proto
from tests.support import netns
from tests.support.waiting import PATIENCE, wait_for
from tests.support.web import Download, fetch, http_server
from tests.unit.agent.bindings import binding, floated, network

FLOAT = IPv4Address("192.0.2.50")
PROGRAM = [sys.executable, "-m", "buoy_agent"]
WEAK = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"]


@contextmanager
def agent(node: Node, path: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A running agent; ended by SIGTERM if it still runs."""
    argv = [*PROGRAM, "--server", f"unix://{path}", "--node", "one", "--external-interface", EXTERNAL]
    with log.open("ab") as stderr:
        process = netns.popen(node.host, [*argv, "--netns-prefix", node.prefix, "--log-level", "debug"], stderr=stderr)
        try:
            yield process
        finally:
            netns.stop(process)


def last_log(log: Path) -> dict[str, object]:
    """The last line of the log."""
    line: dict[str, object] = json.loads(log.read_text().splitlines()[-1])
    return line


def test_it_programs_reports_and_stops_with_everything_in_place(node: Node, tmp_path: Path) -> None:
    log, one = tmp_path / "log", binding(node.salt, network(node.salt, "a"), 5)
    with serving(tmp_path / "s") as server:
        server.bindings = [to_proto(one)]
        with agent(node, tmp_path / "s", log) as process:
            assert server.report_of(one) == agent_pb2.BindingReport(interface_uuid=one.interface, generation=1)
            assert server.requests[0].external_interface == EXTERNAL
            two = floated(one, str(FLOAT))
            server.push([two])
            assert server.report_of(two).floating_error == ""
            with http_server(node.inside(one), "one"):
                assert fetch(node.client, FLOAT).served_by == "one"
                assert netns.stop(process) == 0
                assert fetch(node.client, FLOAT).served_by == "one"
    assert last_log(log)["event"] == "stopped"


def test_killed_and_started_again_it_writes_nothing_and_a_download_goes_on(node: Node, tmp_path: Path) -> None:
    log, one = tmp_path / "log", binding(node.salt, network(node.salt, "a"), 5, floating=str(FLOAT))
    with serving(tmp_path / "s") as server, http_server(node.host, "unused"):
        server.bindings = [to_proto(one)]
        with agent(node, tmp_path / "s", log) as process:
            server.report_of(one)
            with http_server(node.inside(one), "one"):
                download = Download(node.client, FLOAT)
                netns.stop(process, how=signal.SIGKILL)
                same = one._replace(generation=2)  # of which the agent that was killed can have reported nothing
                server.bindings = [to_proto(same)]
                with agent(node, tmp_path / "s", log) as again:
                    server.report_of(same)
                    assert netns.stop(again) == 0
                assert download.longest_gap < 1.0
                download.close()
    assert last_log(log)["writes"] == 0


def test_it_resumes_a_lost_stream_and_heeds_a_new_snapshot(node: Node, tmp_path: Path) -> None:
    net = network(node.salt, "a")
    one, two = binding(node.salt, net, 5), binding(node.salt, net, 6)
    with serving(tmp_path / "s") as server:
        server.bindings = [to_proto(one), to_proto(two)]
        with agent(node, tmp_path / "s", tmp_path / "log"):
            server.report_of(two)
            before = len(server.requests)
            server.end_streams()
            assert server.next_stream(before).resume_revision == 1
            three = floated(one, str(FLOAT))
            server.bindings, server.revision = [to_proto(three)], 7
            before = len(server.requests)
            server.end_streams()
            assert server.next_stream(before).resume_revision == 1
            assert server.report_of(three).floating_error == ""
            wait_for("the other instance to go", lambda: not netns.exists(node.inside(two)))


def test_half_a_snapshot_changes_nothing(node: Node, tmp_path: Path) -> None:
    net = network(node.salt, "a")
    one, two = binding(node.salt, net, 5), binding(node.salt, net, 6)
    with serving(tmp_path / "s") as server:
        server.bindings, server.hold_snapshot = [to_proto(one), to_proto(two)], True
        with agent(node, tmp_path / "s", tmp_path / "log"):
            server.next_stream(0)
            server.ask(agent_pb2.NodeQuestion(id="how far", explain=to_proto(one)))
            wait_for("the answer of an agent that has half of it", lambda: server.answers)
            assert netns.names(node.prefix) == sorted([node.client, node.host])
            server.end_streams()
            server.report_of(two)


def test_a_report_that_is_not_taken_is_sent_again_and_heartbeats_come(node: Node, tmp_path: Path) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5)
    with serving(tmp_path / "s") as server:
        server.bindings, server.refuse_reports = [to_proto(one)], True
        with agent(node, tmp_path / "s", tmp_path / "log"):
            wait_for("a report that is not taken", lambda: server.refused)
            server.refuse_reports = False
            server.report_of(one)
            wait_for("a heartbeat", lambda: server.heartbeats)


def test_a_binding_that_cannot_be_read_is_reported_and_others_go_on(node: Node, tmp_path: Path) -> None:
    net = network(node.salt, "a")
    good, bad = binding(node.salt, net, 5), to_proto(binding(node.salt, net, 6))
    bad.macaddr = "no mac"
    with serving(tmp_path / "s") as server:
        server.bindings = [bad, to_proto(good)]
        with agent(node, tmp_path / "s", tmp_path / "log"):
            assert server.report_of(good).nic_error == ""
            refused = wait_for(
                "a refusal", lambda: [entry for entry in server.reports if entry.interface_uuid == bad.interface_uuid]
            )
            assert refused[0].nic_error == "macaddr: 'no mac' is no MAC address"


def test_a_removal_is_confirmed(node: Node, tmp_path: Path) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5, floating=str(FLOAT))
    with serving(tmp_path / "s") as server:
        server.bindings = [to_proto(one)]
        with agent(node, tmp_path / "s", tmp_path / "log"):
            server.report_of(one)
            gone = floated(one, None)
            server.push(removed=[agent_pb2.Removal(interface_uuid=one.interface, generation=2)])
            assert server.report_of(gone).removed
            assert netns.names(node.prefix) == sorted([node.client, node.host])


def test_a_nic_to_adopt_is_taken_as_soon_as_it_appears(node: Node, tmp_path: Path) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5)._replace(driver=Driver.ADOPT)
    with serving(tmp_path / "s") as server:
        server.bindings = [to_proto(one)]
        with agent(node, tmp_path / "s", tmp_path / "log"):
            assert server.report_of(one).nic_error == f"no NIC with MAC {one.macaddr} on this node"
            heard = len(server.reports)
            netns.run(node.host, ["sh", "-c", f"ip link add name tap address fe{one.macaddr[2:]} type veth peer name other"])
            wait_for("the NIC", lambda: [entry for entry in server.reports[heard:] if not entry.nic_error])


def test_an_external_interface_that_comes_after_the_start_is_used_and_announced(node: Node, tmp_path: Path) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5, floating=str(FLOAT))
    netns.run(node.host, ["ip", "link", "set", EXTERNAL, "name", "other0"])
    with serving(tmp_path / "s") as server:
        server.bindings = [to_proto(one)]
        with agent(node, tmp_path / "s", tmp_path / "log"):
            assert server.report_of(one).floating_error == f"the external interface {EXTERNAL} is not there"
            heard = len(server.reports)
            with netns.inside(node.client):
                lan = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806))
            with lan:
                lan.settimeout(PATIENCE)
                script = f"ip link set other0 down; ip link set other0 name {EXTERNAL}; ip link set {EXTERNAL} up"
                netns.run(node.host, ["sh", "-c", script])
                wait_for("the float", lambda: [entry for entry in server.reports[heard:] if not entry.floating_error])
                assert wait_for("the announcement", lambda: lan.recv(100)[28:32] == FLOAT.packed)


def test_the_whole_agent_puts_a_flushed_ruleset_right(node: Node, tmp_path: Path) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    with serving(tmp_path / "s") as server:
        server.bindings = [to_proto(one)]
        with agent(node, tmp_path / "s", tmp_path / "log"):
            server.report_of(one)
            netns.run(node.inside(net), ["nft", "flush", "ruleset"])
            wait_for("the table", lambda: "buoy" in netns.run(node.inside(net), ["nft", "list", "tables"]).stdout)
            wait_for("the element", lambda: node.elements(net) == {str(FLOAT): "10.0.0.5"})


def test_what_the_external_interface_lost_without_a_word_is_put_right_soon(node: Node, tmp_path: Path) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5, floating=str(FLOAT))
    with serving(tmp_path / "s") as server:
        server.bindings = [to_proto(one)]
        with agent(node, tmp_path / "s", tmp_path / "log"):
            server.report_of(one)
            netns.run(node.host, ["ip", "neigh", "del", "proxy", str(FLOAT), "dev", EXTERNAL])
            wait_for("the proxy neighbour", lambda: node.proxies() == {str(FLOAT)})
            heard = len(server.reports)
            netns.run(node.host, ["ip", "link", "set", EXTERNAL, "name", "other0"])  # it stays up
            wait_for("the report", lambda: any("not there" in entry.floating_error for entry in server.reports[heard:]))


def test_it_answers_what_it_is_asked_also_what_it_cannot_read_and_what_it_was_never_told(node: Node, tmp_path: Path) -> None:
    net = network(node.salt, "a")
    one, two = binding(node.salt, net, 5, floating=str(FLOAT)), binding(node.salt, net, 6)
    bad = to_proto(two)
    bad.macaddr = "no mac"
    with serving(tmp_path / "s") as server:
        server.bindings = [to_proto(one)]
        with agent(node, tmp_path / "s", tmp_path / "log"):
            server.report_of(one)
            netns.await_carriers(node.host, node.inside(net))
            asked = {"known": to_proto(one), "unknown": to_proto(two), "bad": bad}
            server.ask(*(agent_pb2.NodeQuestion(id=name, explain=what) for name, what in asked.items()))
            wait_for("three answers", lambda: len(server.answers) == 3)
    answers = {answer.question_id: answer for answer in server.answers}
    known, unknown = answers["known"].examination, answers["unknown"].examination
    assert (known.generation, unknown.generation) == (1, 0)
    assert not [flaw for observation in known.observations for flaw in observation.flaws]
    assert [list(entry.flaws) for entry in unknown.observations if entry.link == explain_pb2.PATH_LINK_NIC] == [
        ["the NIC is not there"]
    ]
    assert answers["bad"].error == "macaddr: 'no mac' is no MAC address"
    assert not answers["bad"].HasField("examination")


def test_what_is_missing_is_said_in_one_line_with_a_code_of_its_own(node: Node) -> None:
    unset = _ends(node, ["--server", "x", "--external-interface", EXTERNAL])
    assert unset.returncode == 2
    assert unset.stderr.startswith("buoy-agent: node: not set (--node, ")
    bare = _ends(node, ["--server", "x", "--node", "one", "--external-interface", EXTERNAL], *WEAK)
    assert bare.returncode == 3
    assert bare.stderr.startswith("buoy-agent: missing privileges: CAP_NET_ADMIN; run as root")


def _ends(node: Node, arguments: list[str], *before: str) -> subprocess.CompletedProcess[str]:
    with netns.inside(node.host):
        return subprocess.run([*before, *PROGRAM, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)
