"""A disk that is soon full: a tmpfs of a given size, which can be grown while it is in use."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MS_REMOUNT = 32
_libc = ctypes.CDLL(None, use_errno=True)


class SmallDisk:
    """A mounted tmpfs."""

    def __init__(self, path: Path, kilobytes: int) -> None:
        """Mounts it over a directory."""
        self.path = path
        self._mount(0, kilobytes)

    def grow(self, kilobytes: int) -> None:
        """Gives it this size."""
        self._mount(MS_REMOUNT, kilobytes)

    def _mount(self, flags: int, kilobytes: int) -> None:
        options = f"size={kilobytes}k".encode()
        if _libc.mount(b"tmpfs", bytes(self.path), b"tmpfs", ctypes.c_ulong(flags), options) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), f"mount {self.path}")


@contextmanager
def small_disk(path: Path, kilobytes: int) -> Iterator[SmallDisk]:
    """Such a disk for the length of a `with`."""
    path.mkdir()
    disk = SmallDisk(path, kilobytes)
    try:
        yield disk
    finally:
        _libc.umount2(bytes(path), 0)
