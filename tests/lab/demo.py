"""`make demo`: the main job from end to end, told in eleven steps; exit code 0 only if every step held.

It runs through tests.support.enter, in a world of its own; what it checks it reads from the kernel and from real packets.
"""

import shutil
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack
from pathlib import Path

from tests.lab import stage, steps_build, steps_end, steps_faults, steps_move, steps_traffic
from tests.lab.demo_stage import DemoStage
from tests.lab.story import BOLD, RED, Story, Unmet

LOGS = Path(".lab/demo-logs")
STEPS = (
    ("A server on SQLite, and two nodes on an external LAN", steps_build.bring_up),
    ("A pool, two tenants with the same private range, five instances", steps_build.build_tenants),
    ("Float: an outside client reaches an instance", steps_build.float_and_fetch),
    ("Instances call out", steps_traffic.call_out),
    ("Hairpin: the floating address answers from inside, too", steps_traffic.hairpin),
    ("Route: an address of the pool without NAT", steps_traffic.route),
    ("kill -9 of an agent during a download, and a restart", steps_faults.kill_agent),
    ("kill -9 of the server, and a restart", steps_faults.kill_server),
    ("Move: an instance goes to the other node, its connections go on", steps_move.move),
    ("Defloat", steps_end.defloat),
    ("Delete instances and networks", steps_end.delete_all),
)


def main() -> int:
    """Tells the story; says where the logs are if it does not hold."""
    story, begin = Story(), time.monotonic()
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    story.say("Buoy's main job: real server, two real agents, real CLI, real packets, in a world of network namespaces.\n")
    try:
        with tempfile.TemporaryDirectory(prefix="buoy-demo-") as directory:
            _play(story, Path(directory))
    except Exception as error:  # noqa: BLE001 - told, and turned into the exit code
        _tell_failure(story, error)
        return 1
    story.say(f"\nAll {len(STEPS)} steps held, in {time.monotonic() - begin:.1f} s.", BOLD)
    return 0


def _play(story: Story, directory: Path) -> None:
    with ExitStack() as keep:
        demo = DemoStage(keep.enter_context(stage.opened("demo-", directory, LOGS)), keep.enter_context(ExitStack()))
        for title, step in STEPS:
            story.tell(title, step, demo)
        demo.watch.stop()


def _tell_failure(story: Story, error: Exception) -> None:
    story.say()
    if isinstance(error, Unmet):
        story.say(f"  what:     {error.what}\n  expected: {error.expected}\n  seen:     {error.seen}", RED)
    else:
        story.say("".join(traceback.format_exception(error, limit=-6)))
    story.say(f"  The logs of the server and the agents are in {LOGS}/.")


if __name__ == "__main__":
    sys.exit(main())
