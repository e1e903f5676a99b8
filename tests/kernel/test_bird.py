"""Announcing by route: a routing daemon exports exactly the floats, with the configuration that we ship."""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

from tests.kernel.node import Node
from tests.support import netns
from tests.support.waiting import wait_for
from tests.support.web import fetch, http_server
from tests.unit.agent.bindings import binding, floated, network

SHIPPED = Path(__file__).parents[2] / "deploy/bird.conf"
FLOAT = IPv4Address("198.51.100.50")  # of no network of the LAN: only a route leads there
NEIGHBOUR = """
router id 192.0.2.9;
protocol device {}
protocol kernel { ipv4 { import none; export all; }; }
protocol bgp node {
  local 192.0.2.9 as 64513;
  neighbor 192.0.2.1 as 64512;
  connect delay time 1;
  ipv4 { import all; export none; };
}
"""


@contextmanager
def bird(namespace: str, config: Path) -> Iterator[None]:
    """A running BIRD."""
    argv: list[str | Path] = ["bird", "-f", "-c", config, "-s", config.with_suffix(".ctl"), "-P", config.with_suffix(".pid")]
    process = netns.popen(namespace, argv)
    try:
        yield
    finally:
        netns.stop(process)


def learned(node: Node) -> set[str]:
    """What the neighbour's kernel has from its BIRD."""
    return {route["dst"] for route in node.show(node.client, "ip", "-j", "route", "show", "proto", "bird")}


def test_the_neighbour_learns_exactly_the_floats(node: Node, tmp_path: Path) -> None:
    node.reconciler.by_arp = False
    net = network(node.salt, "a", egress="198.51.100.100")
    one, two = binding(node.salt, net, 5, floating=str(FLOAT)), binding(node.salt, net, 6)
    outcome = node.snapshot(one, two)
    assert [report.floating_error for report in outcome.reports] == ["", ""]
    assert node.proxies() == set()
    assert outcome.published == set()  # and so no gratuitous ARP
    netns.run(node.host, ["ip", "route", "add", "203.0.113.7/32", "via", "192.0.2.9"])  # not ours: does not leave
    neighbour = tmp_path / "neighbour.conf"
    neighbour.write_text(NEIGHBOUR)
    shipped = tmp_path / "shipped.conf"
    shipped.write_text(SHIPPED.read_text())
    with bird(node.host, shipped), bird(node.client, neighbour), http_server(node.inside(one), "one"):
        wait_for("the first routes", lambda: learned(node) == {str(FLOAT), "198.51.100.100"})
        assert fetch(node.client, FLOAT).served_by == "one"
        node.change(floated(one, None), floated(two, "198.51.100.51"))
        wait_for("the change", lambda: learned(node) == {"198.51.100.51", "198.51.100.100"})


def test_a_change_of_the_way_to_announce_touches_no_element_and_no_flow(node: Node) -> None:
    one = binding(node.salt, network(node.salt, "a"), 5, floating="192.0.2.50")
    node.snapshot(one)
    node.restart()
    node.reconciler.by_arp = False
    before = node.elements(one.network)
    assert node.snapshot(one).reports[0].floating_error == ""
    assert (node.proxies(), node.elements(one.network), set(node.routes())) == (set(), before, {"192.0.2.50"})
    node.restart()
    node.snapshot(one)
    assert node.proxies() == {"192.0.2.50"}
