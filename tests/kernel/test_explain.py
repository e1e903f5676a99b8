"""Each link broken on purpose, one at a time, is the one that the explanation names; and one float is looked at cheaply."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from buoy_agent.core.examining import Counter, Examination, Flows, Link
from buoy_agent.core.spec import Address, Binding, Driver, text
from buoy_agent.kernel.examiner import LinuxExaminer
from buoy_agent.sync.convert import examination_to_proto
from buoy_server.core.explaining import Explanation, LinkState, PathLink, explain
from buoy_server.rpc.explaining import examined_from_proto

from tests.kernel.node import CLIENT_ADDRESS, EXTERNAL, Node
from tests.support import netns
from tests.support.probes import ask_udp, udp_echo
from tests.support.waiting import wait_for
from tests.unit.agent.bindings import binding, floated, network
from tests.unit.server.test_explaining import INTERFACE, WHOLE

FLOAT = "192.0.2.50"
GONE_IN = "delete element ip buoy floating_to_fixed '{{ 192.0.2.50 }}'"
GONE_OUT = "delete element ip buoy fixed_to_floating '{{ 10.0.0.5 }}'"
ELSEWHERE = "add element ip buoy floating_to_fixed '{{ 192.0.2.50 : 10.0.0.66 }}'"
# Where, what is done there, and the link that it breaks.
DAMAGE = {
    "the external interface is down": ("host", "ip link set ext0 down", Link.EXTERNAL_INTERFACE),
    "the LAN is unplugged": ("client", "ip link set eth0 down", Link.EXTERNAL_INTERFACE),
    "forwarding outside is off": ("host", "echo 0 > /proc/sys/net/ipv4/conf/ext0/forwarding", Link.EXTERNAL_INTERFACE),
    "ARP answers late": ("host", "echo 80 > /proc/sys/net/ipv4/neigh/ext0/proxy_delay", Link.EXTERNAL_INTERFACE),
    "the proxy neighbour is gone": ("host", "ip neigh del proxy 192.0.2.50 dev ext0", Link.ANNOUNCEMENT),
    "the namespace is gone": ("", "", Link.NETWORK),
    "the uplink is gone": ("network", "ip link delete uplink", Link.UPLINK),
    "the uplink is down": ("network", "ip link set uplink down", Link.UPLINK),
    "the uplink's end is down": ("host", "ip link set {outer} down", Link.UPLINK),
    "the uplink's neighbour is gone": ("network", "ip neigh flush nud permanent dev uplink", Link.UPLINK),
    "the host's neighbour is gone": ("host", "ip neigh del 169.254.187.2 dev {outer}", Link.UPLINK),
    "the uplink filters": ("network", "echo 1 > /proc/sys/net/ipv4/conf/uplink/rp_filter", Link.UPLINK),
    "the host's end does not forward": ("host", "echo 0 > /proc/sys/net/ipv4/conf/{outer}/forwarding", Link.UPLINK),
    "the route is gone": ("host", "ip route del 192.0.2.50", Link.ROUTE),
    "the route is another one": ("host", "ip route replace 192.0.2.50/32 dev lo", Link.ROUTE),
    "the table is gone": ("network", "nft delete table ip buoy", Link.RULES),
    "a rule is gone": ("network", "nft flush chain ip buoy guard", Link.RULES),
    "a rule is foreign": ("network", "nft insert rule ip buoy forward drop", Link.RULES),
    "the table sleeps": ("network", "nft add table ip buoy '{{ flags dormant; }}'", Link.RULES),
    "the element is gone": ("network", f"nft {GONE_IN}", Link.FLOATING_TO_FIXED),
    "the element leads elsewhere": ("network", f"nft {GONE_IN}; nft {ELSEWHERE}", Link.FLOATING_TO_FIXED),
    "the bridge is gone": ("network", "ip link delete br0", Link.BRIDGE),
    "the bridge is down": ("network", "ip link set br0 down", Link.BRIDGE),
    "the gateway address is gone": ("network", "ip addr flush dev br0", Link.BRIDGE),
    "the bridge does not forward": ("network", "echo 0 > /proc/sys/net/ipv4/conf/br0/forwarding", Link.BRIDGE),
    "bridged frames meet iptables": ("network", "echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables", Link.BRIDGE),
    "the NIC is gone": ("network", "ip link delete {port}", Link.NIC),
    "the NIC's port is down": ("network", "ip link set {port} down", Link.NIC),
    "the NIC is unplugged": ("network", "ip link set {port} nomaster", Link.NIC),
    "the NIC bears another's mark": ("network", "ip link set {port} alias buoy:x", Link.NIC),
    "the NIC is down in the instance": ("instance", "ip link set eth0 down", Link.NIC),
    "the NIC has no address": ("instance", "ip addr flush dev eth0", Link.NIC),
    "the element back is gone": ("network", f"nft {GONE_OUT}", Link.FIXED_TO_FLOATING),
    "the default route is gone": ("network", "ip route flush proto 98", Link.WAY_OUT),
}


@contextmanager
def examiner(node: Node, *, by_arp: bool = True) -> Iterator[LinuxExaminer]:
    """One of this node, as an agent has beside its kernel thread."""
    with closing(node.do(lambda: LinuxExaminer(EXTERNAL, node.prefix, by_arp=by_arp))) as made:
        yield made


def explained(one: Binding, found: Examination) -> Explanation:
    """What a server makes of an examination, by the way of the contract."""
    examined = examined_from_proto(examination_to_proto(found, one.generation, ""))
    floating = replace(INTERFACE.floating, address=IPv4Address(FLOAT)) if INTERFACE.floating and one.floating else None
    interface = replace(INTERFACE, generation=one.generation, observed_generation=one.generation, floating=floating)
    return explain(replace(WHOLE, interface=interface, examined=examined))


def test_every_link_of_a_whole_float_is_as_it_should_be(node: Node) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5, floating=FLOAT)
    node.snapshot(one)
    node.await_carriers()
    with examiner(node) as look, udp_echo(node.inside(one)), udp_echo(node.client):
        assert ask_udp(node.client, IPv4Address(FLOAT))
        assert ask_udp(node.inside(one), CLIENT_ADDRESS)
        found = node.do(look.examine, one)
    assert [observation.link for observation in found.observations] == list(Link)
    assert [observation.flaws for observation in found.observations] == [()] * len(Link)
    assert (found.incoming, found.outgoing, found.flows) == (Counter(2, 68), Counter(2, 68), Flows(1, 1))
    explanation = explained(one, found)
    assert (explanation.broken, explanation.advice) == (None, "")
    seen = {link.link: link.finding.seen for link in explanation.links}
    assert seen[PathLink.FLOATING_TO_FIXED] == "192.0.2.50 to 10.0.0.5"
    assert seen[PathLink.FIXED_TO_FLOATING] == "10.0.0.5 to 192.0.2.50"
    assert seen[PathLink.NIC].endswith(one.macaddr)


@pytest.mark.parametrize("what", DAMAGE)
def test_a_link_that_is_broken_on_purpose_is_the_one_that_is_named(node: Node, what: str) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5, floating=FLOAT)
    node.snapshot(one)
    where, command, link = DAMAGE[what]
    if not where:
        netns.delete(node.inside(one.network))
    else:
        places = {"host": node.host, "client": node.client, "network": node.inside(one.network), "instance": node.inside(one)}
        port = f"nic-{one.interface.replace('-', '')[:10]}"
        netns.run(places[where], ["sh", "-c", command.format(outer=node.routes()[FLOAT], port=port)])
    node.await_carriers()
    writes = node.kernel.writes
    with examiner(node) as look:
        explanation = explained(one, node.do(look.examine, one))
    assert explanation.broken is PathLink[link.name], explanation.summary
    assert explanation.summary.partition(": ")[2]
    assert explanation.advice
    assert node.kernel.writes == writes


def test_an_interface_without_a_float_is_looked_at_without_what_a_float_needs(node: Node) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5)
    node.snapshot(one)
    with examiner(node) as look:
        found = node.do(look.examine, one)
    floats = {Link.ANNOUNCEMENT, Link.ROUTE, Link.FLOATING_TO_FIXED, Link.FIXED_TO_FLOATING}
    assert {observation.link for observation in found.observations} == set(Link) - floats
    assert (found.incoming, explained(one, found).broken) == (None, None)


def test_what_is_not_there_yet_is_named_and_what_lies_behind_it_is_unknown(node: Node) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5, floating=FLOAT)
    with examiner(node, by_arp=False) as look:
        explanation = explained(one, node.do(look.examine, one))
    assert explanation.broken is PathLink.NETWORK
    states = {link.link: link.finding.state for link in explanation.links}
    assert (states[PathLink.ANNOUNCEMENT], states[PathLink.NIC]) == (LinkState.OK, LinkState.UNKNOWN)


def test_a_nic_that_somebody_else_made_is_looked_at_from_outside(node: Node) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5, floating=FLOAT)._replace(driver=Driver.ADOPT)
    netns.run(node.host, ["sh", "-c", f"ip link add name tap address fe{one.macaddr[2:]} type veth peer name other"])
    node.snapshot(one)
    with examiner(node) as look:
        off = explained(one, node.do(look.examine, one))
        netns.run(node.host, ["ip", "link", "set", "other", "up"])
        wait_for("its carrier", lambda: explained(one, node.do(look.examine, one)).broken is None)
    assert off.broken is PathLink.NIC
    assert "no carrier" in off.summary


def test_a_former_float_is_not_taken_for_the_present_one(node: Node) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5, floating=FLOAT)
    node.snapshot(one)
    other = floated(one, "192.0.2.51")
    with examiner(node) as look:
        found = node.do(look.examine, other)
    flaws = {observation.link: observation.flaws for observation in found.observations}
    assert flaws[Link.FLOATING_TO_FIXED] == ("floating_to_fixed has no element 192.0.2.51",)
    assert flaws[Link.FIXED_TO_FLOATING] == ("fixed_to_floating leads 10.0.0.5 to 192.0.2.50 and not to 192.0.2.51",)


def test_the_traffic_of_a_network_is_read_at_once(node: Node) -> None:
    net = network(node.salt, "a")
    bindings = [binding(node.salt, net, host, floating=f"192.0.2.{host}") for host in range(20, 24)]
    node.snapshot(*bindings)
    with examiner(node) as look, udp_echo(node.inside(bindings[0])):
        assert ask_udp(node.client, IPv4Address("192.0.2.20"))
        incoming, outgoing = node.do(look.traffic, net.id)
    assert {text(Address(address)): counter.packets for address, counter in incoming.items()} == {"10.0.0.20": 1}
    assert outgoing == incoming
