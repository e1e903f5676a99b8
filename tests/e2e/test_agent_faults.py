"""What an agent says and does where something is missing: one line, an exit code of its own, nothing touched."""

import os
import subprocess
from collections.abc import Iterator, Sequence

import pytest

from tests.lab.processes import BIN
from tests.support import netns
from tests.support.waiting import PATIENCE

BAD_SETTING, MISSING = 2, 3


@pytest.fixture
def node() -> Iterator[str]:
    """A host namespace with nothing but lo."""
    with netns.namespace(f"agentfaults{os.getpid()}") as name:
        yield name


def ended(node: str, *options: str, before: Sequence[str] = ()) -> tuple[int, str]:
    """Runs an agent that should end by itself; returns its exit code and the last line that it wrote."""
    argv = [*before, str(BIN / "buoy-agent"), "--node", "n1", *options]
    with netns.inside(node):
        done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, (done.stderr.strip() or done.stdout.strip()).splitlines()[-1]


def test_missing_privileges_are_named(node: str) -> None:
    unprivileged = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--")
    code, words = ended(node, "--server", "unix:///nowhere", "--external-interface", "lo", before=unprivileged)
    assert (code, "privilege" in words or "root" in words or "CAP_NET_ADMIN" in words) == (MISSING, True), words


def test_a_missing_option_is_named(node: str) -> None:
    code, words = ended(node, "--external-interface", "lo")
    assert (code, "server" in words) == (BAD_SETTING, True), words
