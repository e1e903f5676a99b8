"""The names of namespaces outlive an agent that was started with mounts of its own, as by `ip netns exec`."""

import ctypes
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from buoy_agent.kernel.namespaces import DIRECTORY, Namespaces

MAKE_ONE = """
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
assert libc.unshare(0x20000) == 0  # mounts of its own
assert libc.mount(b"none", b"/", None, 0x4000 | 0x80000, None) == 0  # which nobody else sees
from buoy_agent.kernel.namespaces import Namespaces
Namespaces(sys.argv[1]).create(sys.argv[2])
"""


SHARED, BIND = 0x100000, 0x1000


@pytest.fixture
def shared_names() -> Iterator[None]:
    """Makes mounts under /run/netns shared, as `ip netns add` does."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    path, libc = str(DIRECTORY).encode(), ctypes.CDLL(None, use_errno=True)
    assert libc.mount(path, path, b"none", BIND, None) == 0
    assert libc.mount(b"", path, b"none", SHARED, None) == 0
    yield
    assert libc.umount2(path, 2) == 0


@pytest.mark.usefixtures("shared_names")
def test_a_namespace_lasts_where_its_maker_had_mounts_of_its_own() -> None:
    prefix, uuid = "mounts-", str(uuid4())
    subprocess.run([sys.executable, "-c", MAKE_ONE, prefix, uuid], check=True)
    seen = Namespaces(prefix)
    try:
        assert seen.uuids() == {uuid}
        assert seen.exists(uuid)
        with seen.inside(uuid):
            assert Path("/proc/thread-self/ns/net").stat().st_ino == seen.identity(uuid)
    finally:
        seen.delete(uuid)
        seen.close()
    assert not (DIRECTORY / f"{prefix}{uuid}").exists()
