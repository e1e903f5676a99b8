"""What a restart finds and mends; equal state costs no write."""

from ipaddress import IPv4Address

import pytest
from buoy_agent.control.purge import purge
from buoy_agent.core.actual import Parts
from buoy_agent.core.drift import Places
from buoy_agent.core.spec import packed

from tests.kernel.node import CLIENT_ADDRESS, EXTERNAL, Node
from tests.support import netns
from tests.support.web import Download, fetch, http_server
from tests.unit.agent.bindings import binding, floated, network

FLOAT = IPv4Address("192.0.2.50")


def test_a_restart_with_the_same_snapshot_writes_nothing_and_reports_everything(node: Node) -> None:
    red, blue = network(node.salt, "red", egress="192.0.2.100"), network(node.salt, "blue")
    bindings = [binding(node.salt, red, host, floating=f"192.0.2.{host}") for host in range(20, 40)]
    bindings += [binding(node.salt, blue, 5)]
    node.snapshot(*bindings)
    with http_server(node.inside(bindings[0]), "first"):
        download = Download(node.client, IPv4Address("192.0.2.20"))
        node.restart()
        outcome = node.snapshot(*bindings)
        assert node.kernel.writes == 0
        assert {(report.interface, report.nic_error, report.floating_error) for report in outcome.reports} == {
            (entry.interface, "", "") for entry in bindings
        }
        assert download.longest_gap < 1.0
        download.close()


def test_nothing_is_written_before_the_snapshot_is_complete(node: Node) -> None:
    net = network(node.salt, "a")
    node.change(binding(node.salt, net, 5, floating=str(FLOAT)))
    assert netns.names(node.prefix + net.id) == []
    assert node.routes() == {}


def test_what_the_snapshot_does_not_hold_is_pruned_and_what_is_not_ours_stays(node: Node) -> None:
    net = network(node.salt, "a", egress="192.0.2.100")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    netns.run(node.host, ["ip", "route", "add", "198.51.100.0/24", "via", "192.0.2.9"])
    netns.run(node.host, ["ip", "neigh", "add", "proxy", "192.0.2.77", "dev", EXTERNAL])
    netns.run(node.host, ["nft", "add", "table", "ip", "theirs"])
    netns.create(f"{node.prefix}not-a-uuid")
    node.restart()
    node.snapshot()
    assert netns.names(node.prefix) == sorted([node.client, node.host, f"{node.prefix}not-a-uuid"])
    assert node.routes() == {}
    assert node.proxies() == {"192.0.2.77"}
    assert [link["ifname"] for link in node.show(node.host, "ip", "-j", "link")] == ["lo", EXTERNAL]
    assert "198.51.100.0/24" in netns.run(node.host, ["ip", "route"]).stdout
    assert "theirs" in netns.run(node.host, ["nft", "list", "tables"]).stdout


def proxies(node: Node, link: str) -> set[str]:
    """What is answered for on a link, as ip shows it."""
    return {entry["dst"] for entry in node.show(node.host, "ip", "-j", "neigh", "show", "proxy", "dev", link)}


@pytest.mark.parametrize("purged", [False, True])
def test_another_external_interface_takes_over_what_the_one_before_answered_for(node: Node, *, purged: bool) -> None:
    net = network(node.salt, "a")
    stays, goes = binding(node.salt, net, 5, floating=str(FLOAT)), binding(node.salt, net, 6, floating="192.0.2.51")
    node.snapshot(stays, goes)
    netns.run(
        node.host, ["sh", "-c", "ip link add ext1 type veth peer name other1; ip link set ext1 up; ip link set other1 up"]
    )
    netns.run(node.host, ["ip", "neigh", "add", "proxy", "192.0.2.77", "dev", EXTERNAL, "protocol", "98"])  # another agent's
    node.restart("ext1")
    assert node.kernel.writes == 2  # settings of the interface
    if purged:
        assert "2 proxy neighbours" in list(node.do(lambda: list(purge(node.kernel))))
        assert (proxies(node, EXTERNAL), proxies(node, "ext1")) == ({"192.0.2.77"}, set())
        return
    node.snapshot(stays)
    assert (proxies(node, EXTERNAL), proxies(node, "ext1")) == ({"192.0.2.77"}, {str(FLOAT)})
    node.restart("ext1")
    node.snapshot(stays)
    assert node.kernel.writes == 0


def test_the_link_that_answered_goes_on_until_the_external_interface_can_take_over(node: Node) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5, floating=str(FLOAT))
    node.snapshot(one)
    node.restart("ext1")
    node.snapshot(one)
    assert proxies(node, EXTERNAL) == {str(FLOAT)}
    netns.run(node.host, ["sh", "-c", "ip link add ext1 type veth peer name o1; ip link set ext1 up; ip link set o1 up"])
    node.do(node.reconciler.work, [Places(external=True)], 1.0)
    assert (proxies(node, EXTERNAL), proxies(node, "ext1")) == (set(), {str(FLOAT)})


DAMAGE = {
    "an element": ("network", "nft delete element ip buoy floating_to_fixed { 192.0.2.50 }"),
    "the other element": ("network", "nft delete element ip buoy fixed_to_floating { 10.0.0.5 }"),
    "a wrong element": ("network", "nft add element ip buoy floating_to_fixed { 192.0.2.66 : 10.0.0.66 }"),
    "half a wrong pair": ("network", "nft add element ip buoy fixed_to_floating { 10.0.0.66 : 192.0.2.66 }"),
    "the table": ("network", "nft delete table ip buoy"),
    "a rule": ("network", "nft flush chain ip buoy guard"),
    "the counting": ("network", "nft flush chain ip buoy forward"),
    "a foreign rule": ("network", "nft insert rule ip buoy guard drop"),
    "the bridge": ("network", "ip link delete br0"),
    "the bridge's address": ("network", "ip addr flush dev br0"),
    "the uplink": ("network", "ip link delete uplink"),
    "the uplink's state": ("network", "ip link set uplink down"),
    "the host's end, down": ("host", "ip link set {outer} down"),
    "the route": ("host", "ip route del 192.0.2.50"),
    "the proxy neighbour": ("host", "ip neigh del proxy 192.0.2.50 dev ext0"),
    "a route of nobody's": ("host", "ip route add 192.0.2.88 dev {outer} proto 98"),
    "a proxy neighbour of nobody's": ("host", "ip neigh add proxy 192.0.2.88 dev ext0 protocol 98"),
    "the NIC's port": ("network", "ip link delete {port}"),
    "the NIC's port, unplugged": ("network", "ip link set {port} nomaster"),
    "the NIC's port, down": ("network", "ip link set {port} down"),
    "the NIC's mark": ("network", "ip link set {port} alias x"),
    "the NIC's address": ("network", "ip link set {port} alias buoy:x"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_half_done_or_damaged_state_is_healed_by_a_restart(node: Node, what: str) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    where, command = DAMAGE[what]
    outer = node.routes()[str(FLOAT)]
    port = f"nic-{one.interface.replace('-', '')[:10]}"
    namespace = node.host if where == "host" else node.inside(net)
    netns.run(
        namespace,
        ["sh", "-c", command.replace("{outer}", outer).replace("{port}", port).replace("{ ", "'{ ").replace(" }", " }'")],
    )
    node.restart()
    outcome = node.snapshot(one)
    assert [(report.nic_error, report.floating_error) for report in outcome.reports] == [("", "")]
    assert node.elements(net) == {str(FLOAT): "10.0.0.5"}
    assert node.elements(net, "fixed_to_floating") == {"10.0.0.5": str(FLOAT)}
    assert set(node.routes()) == node.proxies() == {str(FLOAT)}
    with http_server(node.inside(one), "one"):
        assert fetch(node.client, FLOAT).served_by == "one"
    node.restart()
    node.snapshot(one)
    assert node.kernel.writes == 0


def test_a_deleted_namespace_is_made_again(node: Node) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5, floating=str(FLOAT))
    node.snapshot(one)
    netns.delete(node.inside(net))
    netns.delete(node.inside(one))
    node.restart()
    node.snapshot(one)
    with http_server(node.inside(one), "one"), http_server(node.client, "client"):
        assert fetch(node.client, FLOAT).served_by == "one"
        assert fetch(node.inside(one), CLIENT_ADDRESS).seen_source == FLOAT


def test_a_kill_between_two_steps_of_a_float_is_healed(node: Node) -> None:
    net = network(node.salt, "a")
    one = binding(node.salt, net, 5)
    node.snapshot(one)
    floating, fixed = packed(str(FLOAT)), one.address
    steps = [
        Parts(net.id, forward=((floating, fixed),), backward=((fixed, floating),)),
        Parts(net.id, routes=(floating,)),
        Parts(net.id, proxies=(floating,)),
    ]
    for done in range(1, len(steps) + 1):
        for wanted in (floated(one, str(FLOAT)), floated(one, None)):
            node.restart()
            node.snapshot(one)
            for step in steps[:done]:
                node.do(node.kernel.publish, step)
            node.restart()
            node.snapshot(wanted)
            expected = {} if wanted.floating is None else {str(FLOAT): "10.0.0.5"}
            assert node.elements(net) == expected
            assert set(node.routes()) == node.proxies() == set(expected)


def test_one_refused_float_does_not_hold_up_the_others(node: Node) -> None:
    net = network(node.salt, "a")
    bindings = [binding(node.salt, net, host, floating=f"192.0.2.{host}") for host in range(20, 40)]
    node.snapshot(binding(node.salt, net, 5))
    netns.run(node.inside(net), ["nft", "add element ip buoy floating_to_fixed { 192.0.2.25 : 10.0.0.99 }"])
    outcome = node.change(*bindings)
    wrong = {report.interface: report.floating_error for report in outcome.reports if report.floating_error}
    assert set(wrong) <= {bindings[5].interface}
    assert node.elements(net).items() >= {f"192.0.2.{host}": f"10.0.0.{host}" for host in range(20, 40) if host != 25}.items()
    node.do(node.reconciler.work, [], 100.0)
    assert node.elements(net)["192.0.2.25"] == "10.0.0.25"


def test_a_removal_is_confirmed_also_when_nothing_was_there(node: Node) -> None:
    net = network(node.salt, "a")
    one, never = binding(node.salt, net, 5, floating=str(FLOAT)), binding(node.salt, net, 6)
    node.snapshot(one)
    outcome = node.change(removed=(one, never))
    assert {(report.interface, report.generation, report.removed) for report in outcome.reports} == {
        (one.interface, 2, True),
        (never.interface, 2, True),
    }
    assert netns.names(node.prefix) == sorted([node.client, node.host])
