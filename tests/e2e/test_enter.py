"""What a world of its own promises to the command in it, and to the machine outside."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.support import netns
from tests.support.waiting import PATIENCE, wait_for

ENTER = [sys.executable, "-m", "tests.support.enter", "--"]


def test_the_exit_code_of_the_command_is_handed_on() -> None:
    assert subprocess.run([*ENTER, "sh", "-c", "exit 7"], check=False).returncode == 7
    assert subprocess.run([*ENTER, "sh", "-c", "kill -9 $$"], check=False).returncode == 128 + signal.SIGKILL


def test_the_command_is_root_with_an_empty_run_and_a_loopback_of_its_own() -> None:
    script = "import os, socket; s = socket.create_server(('127.0.0.1', 7117)); print(os.getuid(), os.listdir('/run'))"
    done = subprocess.run([*ENTER, sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "0 []"


def test_whatever_the_command_started_dies_with_it_and_with_whoever_entered() -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        reading, writing = os.pipe()
        argv = [*ENTER, "sh", "-c", "sleep 1000 & sleep 1000"]
        process = netns.popen(None, argv, pass_fds=[writing])
        os.close(writing)
        wait_for("the command to run", lambda: any(b"sleep\0" in line for line in _children(process.pid)))  # noqa: B023
        process.send_signal(how)
        process.wait(PATIENCE)
        assert os.read(reading, 1) == b""  # the last process that held the other end is gone
        os.close(reading)


def test_a_signal_that_comes_when_the_command_has_ended_changes_nothing() -> None:
    script = "import os; from tests.support import enter; enter._wait(os.fork() or os._exit(0)); os.kill(os.getpid(), 15)"
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def _children(pid: int) -> list[bytes]:
    """The command lines of a process's descendants."""
    path = Path(f"/proc/{pid}")
    own = [(path / "cmdline").read_bytes()] if path.exists() else []
    listed = path / f"task/{pid}/children"
    return own[1:] + [
        line
        for child in (listed.read_text().split() if listed.exists() else [])
        for line in [Path(f"/proc/{child}/cmdline").read_bytes(), *_children(int(child))]
    ]
