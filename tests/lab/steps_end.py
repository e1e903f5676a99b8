"""The demo's steps 10 and 11: defloat, then delete everything; what is gone is gone."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address, IPv4Network

from tests.lab.demo_stage import DemoStage
from tests.lab.stage import Guest, Stage
from tests.lab.story import Unmet, expect
from tests.support import kernel_view, netns, web
from tests.support.waiting import wait_for

SILENT_S = 0.5  # a download that got a chunk each 10 ms before


def defloat(demo: DemoStage) -> Iterator[str]:
    """Step 10: the established connection ends, a new one is refused, nothing of the address is left."""
    stage, guest, download = demo.stage, demo.red_web, demo.download
    quarantined = stage.cli("pool", "show", "floating")["usage"]["quarantined"]
    shown = stage.cli("interface", "defloat", guest.interface, "--wait")
    expect("floating of the interface", None, shown["floating"])
    wait_for("the download to end", lambda: download.ended or download.silence > SILENT_S)
    received = download.received
    yield f"the download that ran since step 7 ended after {received // 1000} kB"
    if web.reaches(stage.world.client, demo.red_float):
        raise Unmet(f"a new connection to {demo.red_float}", "refused", "answered")
    expect("bytes of the download, a while later", received, download.received)
    yield f"a new connection to {demo.red_float} is refused"
    expect("quarantined addresses of the pool", quarantined + 1, stage.cli("pool", "show", "floating")["usage"]["quarantined"])
    expect("what node1's kernel has of the address", [], traces(guest, demo.red_float))
    yield f"{demo.red_float} is in quarantine; no element, route, proxy neighbour or conntrack entry of it is left on node1"


def traces(guest: Guest, address: IPv4Address) -> list[str]:
    """What is left of a floating address in the namespaces of its node."""
    host, network = guest.site.netns, guest.network_netns
    found = {
        "element of floating_to_fixed": address in kernel_view.floating_to_fixed(network),
        "element of fixed_to_floating": address in kernel_view.fixed_to_floating(network).values(),
        "route": IPv4Network(address) in kernel_view.routes(host),
        "proxy neighbour": address in kernel_view.proxy_neighbours(host),
        "conntrack entry of the host": any(flow.touches(address) for flow in kernel_view.flows(host)),
        "conntrack entry of the network": any(flow.touches(address) for flow in kernel_view.flows(network)),
    }
    return [what for what, there in found.items() if there]


def delete_all(demo: DemoStage) -> Iterator[str]:
    """Step 11: instances and networks go; the namespaces are as before, and the pool accounts for every address."""
    stage, cli = demo.stage, demo.stage.cli
    demo.download.close()
    demo.keep.close()  # the web servers
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda guest: cli("instance", "delete", guest.uuid, "--wait"), stage.guests))
    for network in (demo.red, demo.blue):
        cli("network", "delete", network["uuid"], "--wait")
    expect("what Buoy made and is still there", [], leftovers(stage))
    yield "no namespace, NIC, table, route or proxy neighbour that Buoy made is left, with the agents still running"
    checked = cli("admin", "fsck")
    expect("what does not hold of the database and of what nodes confirmed", [], checked["violations"])
    yield f"`buoy admin fsck` checked {checked['objects']} objects: all is well"
    usage = cli("pool", "show", "floating")["usage"]
    accounted = usage["free"] + usage["reserved"] + usage["quarantined"]
    expect("addresses of the pool that are free, reserved or resting", usage["size"], accounted)
    yield f"the pool accounts for its {usage['size']} addresses: {usage['free']} free, {usage['quarantined']} in quarantine"
    codes = {program.name: program.stop() for program in reversed(stage.programs())}
    expect("exit codes of agents and server, asked to end", dict.fromkeys(codes, 0), codes)
    expect("what Buoy made and is still there, after the agents", [], leftovers(stage))


def leftovers(stage: Stage) -> list[str]:
    """Everything in the world that its builder did not make."""
    found = [f"namespace {name}" for name in sorted(set(netns.names(stage.world.prefix)) - stage.world.own_namespaces())]
    for site in stage.world.nodes:
        found += [f"{site.name}: NIC {name}" for name in sorted(kernel_view.link_names(site.netns) - {"lo", "eth0"})]
        found += [f"{site.name}: table {name}" for name in kernel_view.tables(site.netns)]
        found += [f"{site.name}: route {route}" for route in kernel_view.routes(site.netns)]
        found += [f"{site.name}: proxy neighbour {address}" for address in kernel_view.proxy_neighbours(site.netns)]
    return found
