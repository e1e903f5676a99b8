"""What tests of packets rely on: a process that is not let run does not take the pause for one of the network."""

import signal
import subprocess
import sys

from tests.support import netns
from tests.support.awake import awake
from tests.support.waiting import wait_for

SCRIPT = """
import time
from tests.support.awake import awake
from tests.support.waiting import wait_for
wait_for("the clock to run", lambda: awake() > 0.05)
begun, slept = time.monotonic(), awake()
print("ready", flush=True)
input()
print(time.monotonic() - begun, awake() - slept)
"""
PAUSE = 0.5


def test_a_pause_in_which_the_process_was_stopped_does_not_count() -> None:
    process = netns.popen(None, [sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGSTOP)
        stopped = awake()
        wait_for("a while", lambda: awake() > stopped + PAUSE)
        process.send_signal(signal.SIGCONT)
        passed, counted = map(float, process.communicate("\n")[0].split())
    assert passed > PAUSE
    assert 0 < counted < passed - PAUSE + 0.05
