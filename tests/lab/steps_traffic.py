"""The demo's steps 4 to 6: calling out, reaching a floating address from everywhere inside, and one without NAT."""

from collections.abc import Iterator
from ipaddress import IPv4Address

from tests.lab.demo_stage import DemoStage
from tests.lab.stage import Guest
from tests.lab.story import Unmet, expect, page
from tests.lab.world import CLIENT_ADDRESS
from tests.support import netns, web


def call_out(demo: DemoStage) -> Iterator[str]:
    """Step 4: what the outside sees as the source of an instance's call."""
    for guest, address in ((demo.red_web, demo.red_float), (demo.blue_web, demo.blue_float), (demo.blue_far, demo.far_float)):
        expect(f"source that the outside sees of {demo.title(guest)}", address, _source_outside(guest))
    yield f"the outside sees {demo.title(demo.red_web)} as {demo.red_float}, {demo.title(demo.blue_web)} as {demo.blue_float}"
    network = demo.stage.cli("network", "show", demo.red["uuid"])
    gateways = [IPv4Address(gateway["address"]) for gateway in network["floating_gateways"] if gateway["node"] == "node1"]
    expect("source that the outside sees of red/neighbour", gateways, [_source_outside(demo.red_neighbour)])
    yield f"red/neighbour has no float, its network provides NAT: seen as {gateways[0]}, red/net's gateway address on node1"
    if web.reaches(demo.blue_lonely.netns, CLIENT_ADDRESS):
        raise Unmet("blue/lonely, without float and without NAT, calls out", "no way", "it got out")
    yield "blue/lonely has no float, its network no NAT: it does not get out"


def hairpin(demo: DemoStage) -> Iterator[str]:
    """Step 5: the floating address answers from the inside as well."""
    callers = {
        "a neighbour in the same network": demo.red_neighbour,
        "the instance itself": demo.red_web,
        "the other tenant on the same node": demo.blue_web,
        "the other tenant on the other node": demo.blue_far,
    }
    for who, guest in callers.items():
        got = page(f"{who} ({demo.title(guest)})", guest.netns, demo.red_float)
        expect(f"who answers {who} at {demo.red_float}", demo.title(demo.red_web), got.served_by)
        yield f"{who} ({demo.title(guest)}) reaches {demo.red_float}; red/web sees it come from {got.seen_source}"


def route(demo: DemoStage) -> Iterator[str]:
    """Step 6: an address of the pool is routed into a network; the instance that bears it is reached without NAT."""
    stage, guest = demo.stage, demo.red_neighbour
    routed = IPv4Address(stage.cli("network", "route", demo.red["uuid"], "--wait")["address"])
    netns.run(guest.netns, ["ip", "address", "add", f"{routed}/32", "dev", "eth0"])
    yield f"{routed} is routed into red/net by node1; {demo.title(guest)} gave it to its own NIC"
    got = page("the outside client", stage.world.client, routed)
    expect(f"who answers outside at {routed}", demo.title(guest), got.served_by)
    expect("source that it sees", CLIENT_ADDRESS, got.seen_source)
    expect("address that it was asked at", routed, got.seen_target)
    seen = web.fetch(guest.netns, CLIENT_ADDRESS, source=routed).seen_source
    expect("source that the outside sees when it calls from that address", routed, seen)
    yield f"no NAT: {demo.title(guest)} sees {got.seen_source} ask it at {got.seen_target}, and the outside sees {seen}"
    checked = stage.cli("admin", "fsck", "--kernels")
    expect("what does not hold of the database, of what nodes confirmed and of their kernels", [], checked["violations"])
    stage.cli("network", "unroute", demo.red["uuid"], str(routed), "--wait")
    if web.reaches(stage.world.client, routed):
        raise Unmet(f"a connection to {routed} after it was given back", "refused", "answered")
    yield f"given back, {routed} is not reached any more, and rests"


def _source_outside(guest: Guest) -> IPv4Address:
    return page(f"{guest.namespace}/{guest.name}", guest.netns, CLIENT_ADDRESS).seen_source
