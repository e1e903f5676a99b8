"""The demo's step in which an instance moves to the other node, and a connection to its floating address goes on.

The agents make NICs, the orchestrator carries the instance over: here, where both nodes are one machine, by giving the
instance's namespace the name that the other node's agent will look for. That one then makes the NIC in it, with the same MAC
and address, and the first node's agent takes its own away.
"""

from collections.abc import Iterator
from dataclasses import replace

from tests.lab.demo_stage import DemoStage
from tests.lab.stage import Guest, Stage
from tests.lab.story import Unmet, expect, page
from tests.support import kernel_view, netns, probes, web
from tests.support.steady import Steady
from tests.support.waiting import wait_for


def move(demo: DemoStage) -> Iterator[str]:
    """Step 9: blue/web goes from node1 to node2."""
    stage, guest = demo.stage, demo.blue_web
    with (
        probes.udp_echo(guest.netns),
        web.Download(stage.world.client, demo.blue_float) as download,
        Steady(stage.world.client, demo.blue_float) as steady,
    ):
        wait_for("the first answers", lambda: steady.answers > 20 and download.received > 0)
        demo.blue_web = carry_over(stage, guest, "node2")
        received, answers = download.received, steady.answers
        wait_for("answers after the move", lambda: steady.answers > answers + 20)
        wait_for("more of the download", lambda: download.received > received + 10_000)
        expect("the download has ended", False, download.ended)
    yield f"{demo.title(guest)} moved from node1 to node2, and keeps {demo.blue_float}"
    yield (
        f"the TCP connection goes on; nothing came for {steady.longest_gap * 1000:.0f} ms (a datagram each 2 ms),"
        f" {download.longest_gap * 1000:.0f} ms over TCP"
    )
    expect("who answers", demo.title(guest), page("the outside", stage.world.client, demo.blue_float).served_by)
    if demo.blue_float in kernel_view.proxy_neighbours(guest.site.netns):
        raise Unmet("node1 answers ARP for the address", "no", "yes")


def carry_over(stage: Stage, guest: Guest, node: str) -> Guest:
    """Moves an instance and its namespace to a node, and returns it as it is there."""
    moved = replace(guest, site=stage.world.node(node))
    netns.name_again(guest.netns, moved.netns)
    shown = stage.cli("instance", "move", guest.uuid, "--node", node, "--wait")
    expect("the instance's node", node, shown["node"])
    stage.guests[stage.guests.index(guest)] = moved
    return moved
