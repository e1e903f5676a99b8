"""The table that the agent packs is, to nft, the one that nft makes of its own language: `nft --json` shows the same."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from buoy_agent.core.spec import Network

from tests.kernel.node import Node
from tests.support import netns
from tests.unit.agent.bindings import binding, network

# As a person would write it. What a counter looks up first, so that only floats get one, nft can neither say nor show.
WRITTEN = """
table ip buoy {{
  map floating_to_fixed {{ type ipv4_addr : ipv4_addr; size {size}; elements = {{ {forward} }} }}
  map fixed_to_floating {{ type ipv4_addr : ipv4_addr; size {size}; elements = {{ {backward} }} }}
  set counted_in {{ type ipv4_addr; size {counted}; flags dynamic; }}
  set counted_out {{ type ipv4_addr; size {counted}; flags dynamic; }}
  chain prerouting {{ type nat hook prerouting priority dstnat; policy accept; dnat to ip daddr map @floating_to_fixed; }}
  chain forward {{
    type filter hook forward priority filter; policy accept;
    iifname "uplink" oifname "br0" ip daddr @counted_in accept
    iifname "br0" oifname "uplink" ip saddr @counted_out accept
    iifname "uplink" oifname "uplink" drop
    ip saddr != {block} iifname "br0" fib saddr . iif oif 0 drop
    iifname "uplink" oifname "br0" update @counted_in {{ ip daddr counter }}
    iifname "br0" oifname "uplink" update @counted_out {{ ip saddr counter }}
  }}
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    snat to ip saddr map @fixed_to_floating
    ip saddr {block} oifname "br0" ct status dnat snat to {gateway}
    {egress}
  }}
  chain guard {{ type filter hook postrouting priority 110; policy accept; ip saddr {block} oifname "uplink" drop; }}
}}
"""
PAIRS = {f"192.0.2.{host}": f"10.0.0.{host}" for host in range(20, 40)}


def written(net: Network, pairs: dict[str, str]) -> str:
    """The table of a network in nft's language."""
    egress = f'ip saddr {net.netblock} oifname "uplink" snat to {IPv4Address(net.egress)}' if net.egress is not None else ""
    return WRITTEN.format(
        size=net.map_size,
        counted=max(net.map_size, 65535),
        forward=", ".join(f"{floating} : {fixed}" for floating, fixed in pairs.items()),
        backward=", ".join(f"{fixed} : {floating}" for floating, fixed in pairs.items()),
        block=net.netblock,
        gateway=IPv4Address(net.gateway),
        egress=egress,
    )


def shown(node: Node, namespace: str) -> list[dict[str, Any]]:
    """What nft shows of the table there, but for handles and comments."""
    listed = node.show(namespace, "nft", "--json", "list", "table", "ip", "buoy")["nftables"]
    return [_plain(entry) for entry in listed if "metainfo" not in entry]


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    """One entry; the elements of a map in their order."""
    ((kind, values),) = entry.items()
    kept = {key: value for key, value in values.items() if key not in ("handle", "comment")}
    return {kind: {**kept, "elem": sorted(kept["elem"])} if "elem" in kept else kept}


@pytest.fixture
def reference(node: Node) -> Iterator[str]:
    """A namespace for nft's own."""
    name = f"{node.name}-reference"
    netns.create(name)
    yield name
    netns.delete(name)


@pytest.mark.parametrize("shape", ["with an egress address", "without", "large"])
def test_nft_shows_the_same_of_ours_as_of_its_own(node: Node, reference: str, shape: str) -> None:
    net = network(node.salt, "a", egress="192.0.2.100" if shape == "with an egress address" else None)
    if shape == "large":
        net = replace(net, netblock=IPv4Network("10.0.0.0/15"))
    bindings = [binding(node.salt, net, host, floating=f"192.0.2.{host}") for host in range(20, 40)]
    assert {report.floating_error for report in node.snapshot(*bindings).reports} == {""}
    netns.run(reference, ["nft", "-f", "-"], input=written(net, PAIRS))
    ours, theirs = shown(node, node.inside(net)), shown(node, reference)
    assert [entry for entry in ours if "rule" not in entry] == [entry for entry in theirs if "rule" not in entry]
    assert [entry for entry in ours if "rule" in entry] == [entry for entry in theirs if "rule" in entry]


def test_ip_shows_the_links_and_routes_of_a_network_as_they_are_asked_for(node: Node) -> None:
    net = network(node.salt, "a", egress="192.0.2.100")
    one = binding(node.salt, net, 5, floating="192.0.2.50")
    node.snapshot(one)
    inside, outer = node.inside(net), node.routes()["192.0.2.50"]
    (route,) = node.show(node.host, "ip", "-j", "route", "show", "192.0.2.50")
    assert (route["gateway"], route["dev"], route["protocol"], route["flags"]) == ("169.254.187.2", outer, "98", ["onlink"])
    (way_out,) = node.show(inside, "ip", "-j", "route", "show", "default")
    assert (way_out["gateway"], way_out["dev"]) == ("169.254.187.1", "uplink")
    (bridge,) = node.show(inside, "ip", "-j", "-4", "address", "show", "dev", "br0")
    assert [(entry["local"], entry["prefixlen"]) for entry in bridge["addr_info"]] == [("10.0.0.1", 24)]
    links = {link["ifname"]: link for link in node.show(inside, "ip", "-j", "-d", "link", "show")}
    (port,) = (link for name, link in links.items() if name.startswith("nic-"))
    assert (port["master"], port["ifalias"].split(":")[:2]) == ("br0", ["buoy", one.interface])
    (nic,) = node.show(node.inside(one), "ip", "-j", "-4", "address", "show", "dev", "eth0")
    assert [(entry["local"], entry["prefixlen"]) for entry in nic["addr_info"]] == [("10.0.0.5", 24)]
    neighbours = {entry["dst"]: entry for entry in node.show(node.host, "ip", "-j", "neigh", "show", "dev", outer)}
    assert neighbours["169.254.187.2"]["state"] == ["PERMANENT"]
    (uplink,) = node.show(inside, "ip", "-j", "link", "show", "dev", "uplink")
    assert neighbours["169.254.187.2"]["lladdr"] == uplink["address"]
