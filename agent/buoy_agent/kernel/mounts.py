"""Where mounts last: out of the mounts of our own that `ip netns exec`, or a hardened service, starts a program with.

Such mounts are slaves: what is mounted elsewhere appears here, and what is mounted here is seen by nobody else and ends with
us, and with it every namespace that is only held by its name. mountinfo tells: our mount says `master:N`, and the lasting one,
among some other process's mounts, `shared:N`. We go there; what is mounted there appears everywhere.
"""

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

_CLONE_NEWNS, _CLONE_FS = 0x20000, 0x200
_libc = ctypes.CDLL(None, use_errno=True)


def join_lasting(directory: Path) -> None:
    """Moves the calling thread, and those it starts, to where mounts on a directory last; stays where it may not go."""
    master = _group(Path("/proc/thread-self/mountinfo"), directory, "master:")
    if master is None or _group(Path("/proc/thread-self/mountinfo"), directory, "shared:") is not None:
        return
    for process in _processes():
        if _group(process / "mountinfo", directory, "shared:") == master and _join(process / "ns/mnt"):
            return


def _join(namespace: Path) -> bool:
    where = Path.cwd()
    try:
        descriptor = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        joined = bool(_libc.unshare(_CLONE_FS) == 0 and _libc.setns(descriptor, _CLONE_NEWNS) == 0)
    finally:
        os.close(descriptor)
    if joined:
        os.chdir(where if where.is_dir() else "/")
    return joined


def _group(mountinfo: Path, directory: Path, kind: str) -> str | None:
    """The peer group, of that kind, of the mount that a directory is on; None where it has none, or cannot be read."""
    try:
        lines = [line.split() for line in mountinfo.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return None
    above = [fields for fields in lines if directory == Path(fields[4]) or Path(fields[4]) in directory.parents]
    if not above:
        return None
    mount = max(reversed(above), key=lambda fields: len(fields[4]))  # the last of those on one point covers the others
    options = mount[6 : mount.index("-")]
    return next((option.removeprefix(kind) for option in options if option.startswith(kind)), None)


def _processes() -> Iterator[Path]:
    """All processes but this one, those that started it first."""
    ancestor = os.getppid()
    while ancestor > 1:
        yield Path("/proc", str(ancestor))
        ancestor = _parent(ancestor)
    yield from (path for path in sorted(Path("/proc").iterdir()) if path.name.isdecimal() and int(path.name) != os.getpid())


def _parent(process: int) -> int:
    try:
        status = Path("/proc", str(process), "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    return int(status.rpartition(")")[2].split()[1])
