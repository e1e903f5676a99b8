"""The names of namespaces outlive an agent that was started with mounts of its own, as by `ip netns exec`."""

import subprocess
import sys
from uuid import uuid4

# All of it among mounts of the test's own: those under /run/netns are every other test's too.
SCRIPT = """
import ctypes, os, sys
from pathlib import Path
from buoy_agent.kernel.namespaces import DIRECTORY, Namespaces

PRIVATE, SLAVE, SHARED, RECURSIVE, BIND, NEWNS = 1 << 18, 1 << 19, 1 << 20, 1 << 14, 1 << 12, 1 << 17
libc = ctypes.CDLL(None, use_errno=True)
names = str(DIRECTORY).encode()
prefix, uuid = sys.argv[1:]


def mounts_of_our_own(kind):
    assert libc.unshare(NEWNS) == 0
    assert libc.mount(b"none", b"/", None, RECURSIVE | kind, None) == 0


DIRECTORY.mkdir(parents=True, exist_ok=True)
mounts_of_our_own(PRIVATE)
assert libc.mount(names, names, b"none", BIND | RECURSIVE, None) == 0
assert libc.mount(b"none", names, None, SHARED, None) == 0  # as `ip netns add` does
agent = os.fork()
if agent == 0:
    mounts_of_our_own(SLAVE)  # as `ip netns exec` does
    Namespaces(prefix).create(uuid)
    os._exit(0)
assert os.waitpid(agent, 0)[1] == 0
seen = Namespaces(prefix)
try:
    assert uuid in seen.uuids()
    assert seen.exists(uuid), "its name ended with the process that made it"
    with seen.inside(uuid):
        assert Path("/proc/thread-self/ns/net").stat().st_ino == seen.identity(uuid)
finally:
    seen.delete(uuid)
"""


def test_a_namespace_lasts_where_its_maker_had_mounts_of_its_own() -> None:
    ended = subprocess.run([sys.executable, "-c", SCRIPT, "mounts-", str(uuid4())], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
