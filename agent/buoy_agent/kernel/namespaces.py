"""Network namespaces: named ones under /run/netns, as `ip netns` has them, and a way into them.

setns belongs to a thread. Everything here is called from the agent's one kernel thread, which is in the host namespace but
for the length of `inside`; sockets that are made meanwhile stay in the namespace for good. Entering and opening a socket
costs 10 us, so sockets need not be kept. A namespace made by unshare and bind mount costs 0.2..0.7 ms.

A name is a mount, so it must be made where mounts last: see `mounts.py`.
"""

import ctypes
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from buoy_agent.errors import kernel_error
from buoy_agent.kernel.mounts import join_lasting

DIRECTORY = Path("/run/netns")
_SELF = "/proc/thread-self/ns/net"
_CLONE_NEWNET, _MS_BIND, _MNT_DETACH = 0x40000000, 4096, 2
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_libc = ctypes.CDLL(None, use_errno=True)


class Namespaces:
    """The namespaces `<prefix><uuid>`, which are ours, and the host namespace, which we are in."""

    def __init__(self, prefix: str) -> None:
        join_lasting(DIRECTORY)
        self._prefix = prefix
        self.host = self._here = _open(_SELF)
        self._device = os.fstat(self.host).st_dev  # nsfs, which every namespace lies on

    def close(self) -> None:
        """Gives the descriptor of the host namespace back."""
        os.close(self.host)

    def uuids(self) -> set[str]:
        """The uuids of all that are ours, by exact match of prefix and uuid."""
        try:
            names = [path.name for path in DIRECTORY.iterdir()]
        except FileNotFoundError:
            return set()
        ours = (name.removeprefix(self._prefix) for name in names if name.startswith(self._prefix))
        return {uuid for uuid in ours if _UUID.fullmatch(uuid)}

    def exists(self, uuid: str) -> bool:
        """Whether there is such a namespace (and not just a file that an interrupted `create` left)."""
        return self.identity(uuid) != 0

    def identity(self, uuid: str) -> int:
        """A number that no other living namespace has; 0 where there is none."""
        try:
            found = os.stat(self._name(uuid))  # noqa: PTH116 - asked with each change: a Path costs five times as much
        except FileNotFoundError:
            return 0
        return found.st_ino if found.st_dev == self._device else 0

    def create(self, uuid: str) -> None:
        """Makes a namespace; one that is there already is left alone."""
        if self.exists(uuid):
            return
        path = Path(self._name(uuid))
        DIRECTORY.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.touch(mode=0o444)
        try:
            _check(_libc.unshare(_CLONE_NEWNET), "making a network namespace")
            _check(_libc.mount(_SELF.encode(), str(path).encode(), b"none", _MS_BIND, None), f"mounting {path}")
        finally:
            _enter(self.host)

    def delete(self, uuid: str) -> None:
        """Takes the name away; the kernel cleans up when nobody is in the namespace any more."""
        name = self._name(uuid)
        _libc.umount2(name.encode(), _MNT_DETACH)
        Path(name).unlink(missing_ok=True)

    def open(self, uuid: str) -> int:
        """A descriptor of the namespace; the caller closes it."""
        return _open(self._name(uuid))

    @contextmanager
    def inside(self, uuid: str) -> Iterator[None]:
        """Moves the calling thread into the namespace, and back to where it was."""
        before, target = self._here, self.open(uuid)
        try:
            _enter(target)
            self._here = target
            try:
                yield
            finally:
                _enter(before)
                self._here = before
        finally:
            os.close(target)

    def _name(self, uuid: str) -> str:
        return f"{DIRECTORY}/{self._prefix}{uuid}"


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise kernel_error(f"opening the namespace {path}", error.errno or 0) from error


def _enter(descriptor: int) -> None:
    _check(_libc.setns(descriptor, _CLONE_NEWNET), "entering a network namespace")


def _check(result: int, doing: str) -> None:
    if result < 0:
        raise kernel_error(doing, ctypes.get_errno())
