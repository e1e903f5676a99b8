"""The demo's steps 7 and 8: kill -9 of an agent and of the server, with traffic and watchers going on."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from tests.lab.demo_stage import DemoStage
from tests.lab.stage import Stage, listed
from tests.lab.story import expect, expect_at_most, page
from tests.support.changes import Changes
from tests.support.waiting import wait_for
from tests.support.web import Download

STALL_MS = 1000


def kill_agent(demo: DemoStage) -> Iterator[str]:
    """Step 7: an agent dies during a download and comes back; neither packets nor the kernel's tables notice."""
    stage, guest = demo.stage, demo.red_web
    demo.download = Download(stage.world.client, demo.red_float)
    with ExitStack() as listening:
        network = listening.enter_context(Changes(guest.network_netns))
        host = listening.enter_context(Changes(guest.site.netns))
        network.settle()
        agent = stage.agents["node1"]
        agent.kill()
        stage.wait_connected("node1", connected=False)
        yield "kill -9 of node1's agent: the server sees the node disconnected"
        stage.start_agent("node1")
        _works_again(demo)
        expect("changes in the network's namespace over the restart", [], network.all())
        expect(f"changes about {demo.red_float} in node1's host namespace", 0, host.about(demo.red_float))
    yield f"started again (process {agent.pid}): in sync, and the kernel saw no change to what was right"
    yield from _never_stalled(demo.download)


def _works_again(demo: DemoStage) -> None:
    """A defloat and a float of another network on that node go through: the agent is in sync and at work."""
    demo.stage.cli("interface", "defloat", demo.blue_web.interface, "--wait")
    demo.blue_float = demo.stage.float(demo.blue_web)
    got = page("the outside client", demo.stage.world.client, demo.blue_float)
    expect(f"who answers at {demo.blue_float}", demo.title(demo.blue_web), got.served_by)


def kill_server(demo: DemoStage) -> Iterator[str]:
    """Step 8: the server dies and comes back; nothing is lost and everybody goes on."""
    stage = demo.stage
    before = _state(stage)
    stage.server.kill()
    got = page("the outside client, while there is no server,", stage.world.client, demo.red_float)
    expect("who answers outside while there is no server", demo.title(demo.red_web), got.served_by)
    yield "kill -9 of the server: the floating address answers without it"
    stage.start_server()
    stage.wait_connected(*stage.agents)
    expect("interfaces with floats and revisions, and pool usage, after the restart", before, _state(stage))
    yield f"started again (process {stage.server.pid}): {len(before[0])} interfaces, floats and revisions as before"
    yield from _all_go_on(demo)
    yield from _never_stalled(demo.download)


def _all_go_on(demo: DemoStage) -> Iterator[str]:
    guest = demo.red_neighbour
    demo.stage.float(guest)
    wait_for("the running watch to show a float made after the restart", lambda: "active" in demo.phases(guest.interface))
    demo.stage.cli("interface", "defloat", guest.interface, "--wait")
    expect("the watch started in step 2 still runs", True, demo.watch.running)
    revisions = [line["revision"] for line in demo.watch.lines if line.get("type") in ("created", "updated", "deleted")]
    expect("revisions on the watch, in order and each once per interface", sorted(revisions), revisions)
    yield "agents connected again by themselves; `buoy interface watch` goes on over the restart, in revision order"


def _never_stalled(download: Download) -> Iterator[str]:
    expect("the download has ended", False, download.ended)
    expect_at_most("the longest gap in the download", STALL_MS, download.longest_gap * 1000, "ms")
    kilobytes, gap = download.received // 1000, download.longest_gap * 1000
    yield f"the download through the float goes on: {kilobytes} kB so far, longest gap {gap:.0f} ms"


def _state(stage: Stage) -> tuple[list[dict[str, Any]], Any]:
    return listed(stage.cli("interface", "list")), stage.cli("pool", "show", "floating")["usage"]
