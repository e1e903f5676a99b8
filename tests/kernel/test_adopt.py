"""NICs that somebody else made."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import IPv4Address
from uuid import uuid4

import pytest
from buoy_agent.core.spec import Binding, Driver, InterfaceId
from buoy_agent.errors import NicMissingError
from buoy_agent.kernel import nics
from buoy_agent.kernel.links import Link
from buoy_agent.kernel.netlink import Channel, Message
from buoy_agent.kernel.nics import HostLinks

from tests.contract.test_kernel_contract import nic_of
from tests.kernel.node import Node
from tests.support import netns
from tests.support.web import fetch, http_server
from tests.unit.agent.bindings import binding, network

FLOAT = IPv4Address("192.0.2.50")


def _machine(node: Node, one: Binding, *, tap_mac: str | None = None, setup: str = "true") -> str:
    """A stand-in for a virtual machine: a namespace with the NIC's MAC and address; `tap` is its link in the host namespace."""
    name = f"{node.prefix}vm"
    netns.create(name)
    mac = f"address {tap_mac}" if tap_mac else ""
    netns.run(
        node.host,
        ["sh", "-c", f"ip link add name tap {mac} type veth peer name eth0 address {one.macaddr} netns {name}; {setup}"],
    )
    netns.run(name, ["sh", "-c", "ip addr add 10.0.0.5/24 dev eth0; ip link set eth0 up; ip route add default via 10.0.0.1"])
    return name


FINDS: dict[str, Callable[[Binding], dict[str, str]]] = {
    "the fe form of the MAC": lambda one: {"tap_mac": f"fe{one.macaddr[2:]}"},
    "the alias": lambda one: {"setup": f"ip link set tap alias {one.interface}"},
    "an alternative name": lambda one: {"setup": f"ip link property add dev tap altname {one.interface}"},
}


@pytest.mark.parametrize("how", FINDS)
def test_a_nic_is_found_used_and_handed_back(node: Node, how: str) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))._replace(driver=Driver.ADOPT)
    machine = _machine(node, one, **FINDS[how](one))
    before = node.show(node.host, "ip", "-j", "link", "show", "tap")[0]
    outcome = node.snapshot(one)
    assert [(report.nic_error, report.floating_error) for report in outcome.reports] == [("", "")]
    with http_server(machine, "machine"):
        assert fetch(node.client, FLOAT).served_by == "machine"
    node.restart()
    node.snapshot(one)
    assert node.kernel.writes == 0
    node.change(removed=(one,))
    after = node.show(node.host, "ip", "-j", "link", "show", "tap")[0]
    assert [after.get(key) for key in ("address", "ifalias", "altnames")] == [
        before.get(key) for key in ("address", "ifalias", "altnames")
    ]
    assert "UP" not in after["flags"]
    assert netns.names(node.prefix + net.id) == []


def test_the_other_end_of_a_veth_in_the_host_namespace_is_taken(node: Node) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5)._replace(driver=Driver.ADOPT)
    netns.run(
        node.host, ["sh", "-c", f"ip link add name near type veth peer name far address {one.macaddr}; ip link set far up"]
    )
    assert node.snapshot(one).reports[0].nic_error == ""
    assert [link["ifname"] for link in node.show(node.inside(net), "ip", "-j", "link", "show", "master", "br0")] == ["near"]
    node.snapshot()
    assert {"near", "far"} <= {link["ifname"] for link in node.show(node.host, "ip", "-j", "link")}


def test_a_nic_that_is_not_there_is_reported_in_words_and_found_later(node: Node) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))._replace(driver=Driver.ADOPT)
    outcome = node.snapshot(one)
    assert outcome.reports[0].nic_error == f"no NIC with MAC {one.macaddr} on this node"
    assert outcome.next_due is not None
    _machine(node, one, tap_mac=f"fe{one.macaddr[2:]}")
    assert node.do(node.reconciler.work, [], outcome.next_due).reports[0].nic_error == ""


class Killed(Exception):
    """Stands for a kill -9 between two requests to the kernel."""


@pytest.mark.parametrize("sent", range(1, 3))
def test_what_an_agent_was_killed_in_is_brought_to_its_end(node: Node, monkeypatch: pytest.MonkeyPatch, sent: int) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5, floating=str(FLOAT))._replace(driver=Driver.ADOPT)
    machine = _machine(node, one, setup=f"ip link set tap alias {one.interface}; ip link set tap address {one.macaddr}")
    before = node.show(node.host, "ip", "-j", "link", "show", "tap")[0]
    node.snapshot(one._replace(interface=InterfaceId(str(uuid4())), macaddr="02:00:00:00:00:99"))  # makes the network
    request, left = Channel.request, [sent]

    def until_killed(channel: Channel, *messages: Message) -> None:
        if not left[0]:
            raise Killed
        left[0] -= 1
        request(channel, *messages)

    def cut_short(function: Callable[..., object], *arguments: object) -> None:
        left[0] = sent
        with monkeypatch.context() as patch, suppress(Killed):
            patch.setattr(Channel, "request", until_killed)
            node.do(function, *arguments)

    cut_short(node.kernel.ensure_nic, nic_of(one))
    node.restart()
    assert [report.nic_error for report in node.snapshot(one).reports] == [""]
    with http_server(machine, "machine"):
        assert fetch(node.client, FLOAT).served_by == "machine"
    cut_short(node.kernel.remove_nic, one.network.id, one.interface)
    node.restart()
    node.snapshot()
    after = node.show(node.host, "ip", "-j", "link", "show", "tap")[0]
    assert [after.get(key) for key in ("address", "ifalias")] == [before.get(key) for key in ("address", "ifalias")]


def _taps(node: Node, *bindings: Binding) -> None:
    """A link to adopt for each, and nothing else of a machine."""
    for number, one in enumerate(bindings):
        made = f"ip link add name tap{number} address fe{one.macaddr[2:]} type veth peer name inner{number}"
        netns.run(node.host, ["sh", "-c", made])


def test_many_nics_are_adopted_with_one_look_through_the_links_of_the_node(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(node.salt, "a")
    bindings = [binding(node.salt, net, host)._replace(driver=Driver.ADOPT) for host in range(5, 15)]
    _taps(node, *bindings)
    looks: list[int] = []

    class Counted(HostLinks):
        def __init__(self, present: Iterable[Link]) -> None:
            super().__init__(present)
            looks.append(1)

    monkeypatch.setattr(nics, "HostLinks", Counted)
    assert {report.nic_error for report in node.snapshot(*bindings).reports} == {""}
    ports = {link["ifname"] for link in node.show(node.inside(net), "ip", "-j", "link", "show", "master", "br0")}
    assert ports == {f"tap{number}" for number in range(len(bindings))}
    assert len(looks) == 1


def test_a_nic_that_another_link_stands_for_since_it_was_seen_is_looked_for_anew(node: Node) -> None:
    net = network(node.salt, "a")
    one, other = (binding(node.salt, net, host)._replace(driver=Driver.ADOPT) for host in (5, 6))
    node.snapshot(binding(node.salt, net, 7))
    _taps(node, one, other)
    wanted = [nic_of(entry) for entry in (one, other)]
    assert node.do(node.kernel.read_missing, wanted) == set()
    renamed = f"ip link set tap0 name moved && ip link set tap1 address 02:00:00:00:00:99 alias {one.interface}"
    netns.run(node.host, ["sh", "-c", renamed])
    node.do(node.kernel.ensure_nic, wanted[0])
    ports = {link["ifname"] for link in node.show(node.inside(net), "ip", "-j", "link", "show", "master", "br0")}
    assert ports >= {"tap1"}
    with pytest.raises(NicMissingError):
        node.do(node.kernel.ensure_nic, wanted[1])
