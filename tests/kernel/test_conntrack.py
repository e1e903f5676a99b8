"""Flows of an address are cut, few addresses or many, told of or not, and nobody else's."""

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from buoy_agent.core.spec import Network, packed
from buoy_agent.errors import KernelError
from buoy_agent.kernel import conntrack
from buoy_agent.kernel.netlink import NETFILTER, Channel, Message

from tests.kernel.node import CLIENT_ADDRESS, Node
from tests.support import kernel_view, netns
from tests.support.waiting import wait_for
from tests.unit.agent.bindings import binding, network

EVENTS = Path("/proc/sys/net/netfilter/nf_conntrack_events")
HOSTS = range(20, 60)
SPARED = 60
FLOWS = 2 * (len(HOSTS) + 1) + 1
HAUNTED = IPv4Address("127.0.0.9")


def floats(node: Node) -> Network:
    """A network with many floats, each with two flows from outside and one from inside."""
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating="192.0.2.20")
    others = [binding(node.salt, net, 5 + host, floating=f"192.0.2.{host}") for host in (*HOSTS[1:], SPARED)]
    node.snapshot(one, *others)
    for host in (*HOSTS, SPARED):
        send(node.client, f"192.0.2.{host}", times=2)
    send(node.inside(one), str(CLIENT_ADDRESS))
    wait_for("all flows", lambda: len([flow for flow in kernel_view.flows(node.inside(net)) if _is_of_a_float(flow)]) == FLOWS)
    return net


def _is_of_a_float(flow: kernel_view.Flow) -> bool:
    return any(flow.touches(IPv4Address(f"192.0.2.{host}")) for host in (*HOSTS, SPARED))


def send(namespace: str, address: str, times: int = 1) -> None:
    """Datagrams, each from a port of its own."""
    with netns.inside(namespace), ExitStack() as opened:
        for client in [opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(times)]:
            client.sendto(b"x", (address, 7777))


def touched(node: Node, net: Network) -> set[int]:
    """The last octets of floating addresses that have flows."""
    flows = kernel_view.flows(node.inside(net))
    return {host for host in (*HOSTS, SPARED) if any(flow.touches(IPv4Address(f"192.0.2.{host}")) for flow in flows)}


@pytest.mark.parametrize("events", ["1", "2"])
@pytest.mark.parametrize("count", [1, 40])
def test_a_cut_ends_every_flow_of_its_addresses_and_no_other(node: Node, count: int, events: str) -> None:
    net = floats(node)
    assert touched(node, net) == {*HOSTS, SPARED}
    gone = HOSTS[:count]
    with netns.inside(node.inside(net)):
        assert EVENTS.read_text(encoding="ascii").strip() == "1"
        EVENTS.write_text(events, encoding="ascii")
        channel = Channel(NETFILTER)
        conntrack.cut(channel, [packed(f"192.0.2.{host}") for host in gone], verify=True)
        channel.close()
    assert touched(node, net) == {*HOSTS, SPARED} - set(gone)


class Haunted(Channel):
    """After each of so many requests somebody begins a flow to the address."""

    def __init__(self, times: int) -> None:
        super().__init__(NETFILTER)
        self.times = times

    def send(self, messages: Sequence[Message], *, ack: int = -1) -> dict[int, KernelError]:
        """In the namespace that the caller is in."""
        answers = super().send(messages, ack=ack)
        if self.times > 0:
            self.times -= 1
            send_here(HAUNTED)
        return answers


@pytest.fixture(params=[conntrack._LONG, 0], ids=["short walks", "long walks"])
def _walks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With as many flows as take a walk a while, or as if there were."""
    monkeypatch.setattr(conntrack, "_LONG", request.param)


@pytest.mark.usefixtures("_walks")
@pytest.mark.parametrize("events", ["0", "1"])
@pytest.mark.parametrize(("times", "others"), [(1, 0), (2, 0), (1, 40)])
def test_a_flow_that_comes_back_during_a_cut_is_cut_too(node: Node, events: str, times: int, others: int) -> None:
    with netns.inside(lonely_network(node)):
        EVENTS.write_text(events, encoding="ascii")
        channel = Haunted(times)
        send_here(HAUNTED)
        conntrack.cut(channel, [packed(str(HAUNTED)), *(packed(f"192.0.2.{host}") for host in range(others))], verify=True)
        channel.close()
    assert channel.times == 0
    assert not any(flow.touches(HAUNTED) for flow in kernel_view.flows(lonely_network(node)))


def test_flows_that_never_cease_to_come_back_are_an_error(node: Node) -> None:
    with netns.inside(lonely_network(node)):
        channel = Haunted(1000)
        send_here(HAUNTED)
        with pytest.raises(KernelError, match="keep coming back"):
            conntrack.cut(channel, [packed(str(HAUNTED))], verify=True)
        channel.close()


@pytest.mark.usefixtures("_walks")
def test_more_outbound_flows_than_can_be_told_of_are_cut_and_the_socket_goes_on(node: Node) -> None:
    with netns.inside(lonely_network(node)):
        channel = Channel(NETFILTER)
        for _ in range(1000):
            send_here(IPv4Address("127.0.0.1"), source=HAUNTED)
        assert conntrack.count(channel, packed(str(HAUNTED)), conntrack.Direction.OUTBOUND) > 500
        conntrack.cut(channel, [packed(str(HAUNTED))], verify=True)
        assert conntrack.count(channel, packed(str(HAUNTED)), conntrack.Direction.OUTBOUND) == 0
        channel.close()


def lonely_network(node: Node) -> str:
    """The namespace of a network, in which there is conntrack and a loopback."""
    net = network(node.salt, "a")
    node.snapshot(binding(node.salt, net, 5))
    return node.inside(net)


def send_here(address: IPv4Address, source: IPv4Address | None = None) -> None:
    """One datagram from where the caller is."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        if source is not None:
            client.bind((str(source), 0))
        client.sendto(b"x", (str(address), 7777))
