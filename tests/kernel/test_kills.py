"""kill -9 of the agent at random points, again and again: the kernel ends as asked, and an untouched float loses no packet.

BUOY_KILL_ROUNDS=200 for all of them; BUOY_KILL_SEED repeats a run.
"""

import os
import random
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from buoy_agent.core.spec import Binding, text

from tests.kernel.node import Node
from tests.kernel.scripted_server import ScriptedServer, serving, to_proto
from tests.kernel.test_agent import agent
from tests.support import figures, netns
from tests.support.changes import Changes
from tests.support.probes import ECHO_PORT, udp_echo
from tests.support.waiting import PATIENCE, wait_for
from tests.unit.agent.bindings import binding, network

ROUNDS = int(os.environ.get("BUOY_KILL_ROUNDS", "8"))
SEED = int(os.environ.get("BUOY_KILL_SEED", str(random.randrange(1 << 30))))
STEADY = IPv4Address("192.0.2.50")


@dataclass
class Probe:
    """Asks without pause, one datagram after the other."""

    asked: int = 0
    lost: int = 0


@contextmanager
def steady_probe(namespace: str, address: IPv4Address) -> Iterator[Probe]:
    """Asks an echo for the length of a `with`."""
    probe, stop = Probe(), threading.Event()
    with netns.inside(namespace):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(PATIENCE)  # one that is lost never comes, one that is late does

    def ask() -> None:
        while not stop.wait(0.005):
            number = str(probe.asked).encode()
            probe.asked += 1
            client.sendto(number, (str(address), ECHO_PORT))
            try:
                probe.lost += client.recv(100) != number
            except TimeoutError:
                probe.lost += 1

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield probe
    finally:
        stop.set()
        thread.join()
        client.close()


def some_state(node: Node, chance: random.Random) -> list[Binding]:
    """Three networks with some interfaces and floats; the one that is probed is always there."""
    red, blue = network(node.salt, "red", egress="192.0.2.100"), network(node.salt, "blue")
    green = network(node.salt, "green")
    state = [binding(node.salt, red, 5, floating=str(STEADY))]
    floats = chance.sample(range(60, 80), 12)
    for net in (red, blue, green):
        for host in chance.sample(range(6, 12), chance.randrange(4)):
            floating = f"192.0.2.{floats.pop()}" if chance.random() < 0.7 else None
            state.append(binding(node.salt, net, host, floating=floating))
    return state


def wait_until_busy(changes: Changes, server: ScriptedServer, after: int, reports: int, when: str) -> None:
    """Until the host has seen so many changes more, or the agent has reported everything."""
    begin, heard = len(changes.all()), len(server.reports)
    wait_for(
        f"change {after} or the last report ({when})",
        lambda: len(changes.all()) - begin >= after or len(server.reports) - heard >= reports,
        every=0.001,
    )


def check(node: Node, state: list[Binding]) -> None:
    """What nft and ip show is what was asked for, and nothing more."""
    nets = {entry.network.id: entry.network for entry in state}
    for net in nets.values():
        pairs = {text(e.floating): text(e.address) for e in state if e.network == net and e.floating is not None}
        assert node.elements(net) == pairs
        assert node.elements(net, "fixed_to_floating") == {fixed: floating for floating, fixed in pairs.items()}
    floats = {text(entry.floating) for entry in state if entry.floating is not None} | {"192.0.2.100"}
    assert set(node.routes()) == node.proxies() == floats
    inside = {node.inside(net) for net in nets.values()} | {node.inside(entry) for entry in state}
    assert set(netns.names(node.prefix)) == inside | {node.client, node.host}


def test_an_agent_that_is_killed_again_and_again_ends_with_what_was_asked(node: Node, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    state = some_state(node, chance)
    node.snapshot(*state)
    with (
        serving(tmp_path / "s") as server,
        udp_echo(node.inside(state[0])),
        steady_probe(node.client, STEADY) as probe,
        Changes(node.host) as changes,
    ):
        for number in range(ROUNDS):
            state = some_state(node, chance)
            server.bindings = [to_proto(entry) for entry in state]
            after = chance.randrange(60)
            with agent(node, tmp_path / "s", tmp_path / "log") as process:
                wait_until_busy(changes, server, after, len(state), f"round {number}, seed {SEED}")
                netns.stop(process, how=signal.SIGKILL)
        state = [entry._replace(generation=2) for entry in state]  # of which no agent that was killed can have reported
        server.bindings = [to_proto(entry) for entry in state]
        with agent(node, tmp_path / "s", tmp_path / "log"):
            for entry in state:
                report = server.report_of(entry)
                assert (report.nic_error, report.floating_error) == ("", ""), f"seed {SEED}"
            check(node, state)
            wait_for("enough datagrams", lambda: probe.asked > 10 * ROUNDS)
    figures.note(f"agent killed {ROUNDS} times, seed {SEED}: lost on an untouched float", probe.lost, probe.asked, "datagrams")
    assert probe.lost == 0, f"seed {SEED}: {probe}"
