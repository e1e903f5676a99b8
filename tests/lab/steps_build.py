"""The demo's steps 1 to 3: bring it up, build two tenants with the same addresses, float."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address
from typing import Any

from tests.lab.demo_stage import DemoStage
from tests.lab.stage import Guest
from tests.lab.story import Unmet, expect, expect_at_most, page
from tests.lab.world import POOL_RANGE
from tests.support import netns
from tests.support.awake import awake
from tests.support.waiting import wait_for
from tests.support.web import reaches

NETBLOCK = "10.0.0.0/24"
FIRST_PAGE_MS = 250  # an ARP delay of the kernel is up to 800 ms


def bring_up(demo: DemoStage) -> Iterator[str]:
    """Step 1: the server on SQLite, two nodes with an agent each."""
    stage = demo.stage
    stage.start_server()
    for agent in stage.agents.values():
        agent.start()
    stage.wait_connected(*stage.agents)
    yield f"buoy-server (process {stage.server.pid}) on SQLite, at {stage.place.target} and a unix socket"
    for name, agent in stage.agents.items():
        yield f"{name}: buoy-agent (process {agent.pid}) in a host namespace of its own, connected over the unix socket"


def build_tenants(demo: DemoStage) -> Iterator[str]:
    """Step 2: a pool, two networks with the same range, five instances."""
    stage, cli = demo.stage, demo.stage.cli
    demo.watch = cli.follow("interface", "watch", "--from", "1")  # however late it gets through
    cli("pool", "create", "floating", "--range", POOL_RANGE)
    demo.red = cli("network", "create", "net", "--netblock", NETBLOCK, "--nat", "--namespace", "red")
    demo.blue = cli("network", "create", "net", "--netblock", NETBLOCK, "--namespace", "blue")
    with ThreadPoolExecutor() as pool:
        web = pool.submit(stage.create_guest, "web", "red", demo.red, "node1", "10.0.0.10")
        neighbour = pool.submit(stage.create_guest, "neighbour", "red", demo.red, "node1", "10.0.0.11")
        twin = pool.submit(stage.create_guest, "web", "blue", demo.blue, "node1", "10.0.0.10")
        far = pool.submit(stage.create_guest, "far", "blue", demo.blue, "node2", "10.0.0.11")
        lonely = pool.submit(stage.create_guest, "lonely", "blue", demo.blue, "node2", "10.0.0.12")
    demo.red_web, demo.red_neighbour = web.result(), neighbour.result()
    demo.blue_web, demo.blue_far, demo.blue_lonely = twin.result(), far.result(), lonely.result()
    yield f"networks red/net and blue/net both have {NETBLOCK}; red provides NAT, blue does not"
    for guest in stage.guests:
        _nic_is_there(guest)
        wait_for(f"{guest.name} on the watch", lambda guest=guest: "created" in demo.states(guest.interface))  # type: ignore[misc]
        expect(f"states of {guest.namespace}/{guest.name} on the watch", ["initial", "created"], demo.states(guest.interface))
    yield f"{len(stage.guests)} instances on 2 nodes: each NIC has its interface's MAC and address"
    yield "the watch saw each interface go initial -> created"
    demo.serve()


def float_and_fetch(demo: DemoStage) -> Iterator[str]:
    """Step 3: float, see PENDING then ACTIVE, fetch at once from outside."""
    stage, guest = demo.stage, demo.red_web
    asked = stage.cli("interface", "float", guest.interface)
    expect("phase in the answer of the call", "pending", asked["floating"]["phase"])
    demo.red_float = IPv4Address(asked["floating"]["address"])
    wait_for("ACTIVE on the watch", lambda: "active" in demo.phases(guest.interface))
    begin = awake()
    got = page("the outside client", stage.world.client, demo.red_float)
    took = (awake() - begin) * 1000
    expect("who answers outside at the floating address", demo.title(guest), got.served_by)
    expect_at_most("the first page from outside", FIRST_PAGE_MS, took, "ms")
    yield f"the call answered PENDING with {demo.red_float}; the watch showed {' -> '.join(demo.phases(guest.interface))}"
    yield f"the outside client fetched a page from {got.served_by} at {demo.red_float}, {took:.1f} ms after ACTIVE was seen"
    yield from _tenants_apart(demo)


def _tenants_apart(demo: DemoStage) -> Iterator[str]:
    stage = demo.stage
    demo.blue_float, demo.far_float = stage.float(demo.blue_web), stage.float(demo.blue_far)
    for guest, address in ((demo.blue_web, demo.blue_float), (demo.blue_far, demo.far_float)):
        expect(
            f"who answers at {address}", demo.title(guest), page("the outside client", stage.world.client, address).served_by
        )
    got = page("red/web", demo.red_web.netns, demo.red_neighbour.address)
    expect("who is 10.0.0.11 for red", demo.title(demo.red_neighbour), got.served_by)
    if reaches(demo.blue_web.netns, demo.red_neighbour.address):
        raise Unmet("blue/web asks 10.0.0.11, which only red has on this node", "no answer", "an answer")
    yield f"blue/web (10.0.0.10 as well) floats at {demo.blue_float}, blue/far on node2 at {demo.far_float}"
    yield "red and blue never see each other's 10.0.0.x"


def _nic_is_there(guest: Guest) -> None:
    with netns.links(guest.netns) as ipr:
        link: Any = next(iter(ipr.link("get", ifname="eth0")))
        addresses = [message.get_attr("IFA_ADDRESS") for message in ipr.get_addr(index=link["index"], family=2)]
    expect(f"MAC of {guest.name}'s NIC", guest.macaddr, link.get_attr("IFLA_ADDRESS"))
    expect(f"addresses of {guest.name}'s NIC", [str(guest.address)], addresses)
