"""The demo's steps 4 and 5: calling out, and reaching a floating address from everywhere inside."""

from collections.abc import Iterator
from ipaddress import IPv4Address

from tests.lab.demo_stage import DemoStage
from tests.lab.stage import Guest
from tests.lab.story import Unmet, expect, page
from tests.lab.world import CLIENT_ADDRESS
from tests.support import web


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


def _source_outside(guest: Guest) -> IPv4Address:
    return page(f"{guest.namespace}/{guest.name}", guest.netns, CLIENT_ADDRESS).seen_source
