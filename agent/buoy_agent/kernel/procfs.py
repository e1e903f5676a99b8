"""/proc/sys through mounts of proc of our own, for a pass over many namespaces.

A directory of /proc/sys/net has an entry of the same name for each namespace that was ever looked at, all in one chain of the
kernel's dentry cache; each look-up goes through it, taking a lock at each step: 0.15 ms with 1,000 namespaces. A mount of its
own (Linux 5.8) has chains of its own, which begin empty; so it is made anew every so often, which takes 0.3 ms.
"""

import ctypes
import os

from buoy_agent.kernel import sysctl

_FSOPEN, _FSCONFIG, _FSMOUNT = 430, 431, 432  # where they are others there is no such call, and /proc serves
_CLOSE_ON_EXEC, _CREATE = 1, 6  # FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC; FSCONFIG_CMD_CREATE
_READS = 150  # about 50 networks
_libc = ctypes.CDLL(None, use_errno=True)


class OwnProc:
    """Reads sysctls of the calling thread's namespace; by /proc itself where no mount is allowed."""

    def __init__(self) -> None:
        self._mount = _mounted()
        self._left = _READS

    def close(self) -> None:
        """Gives the mount up, which nobody else has seen."""
        if self._mount is not None:
            os.close(self._mount)
            self._mount = None

    def read(self, name: str) -> str | None:
        """What one is; None where this kernel does not have it."""
        if self._left == 0 and self._mount is not None:
            self.close()
            self._mount, self._left = _mounted(), _READS
        self._left -= 1
        return sysctl.read(name, self._mount)


def _mounted() -> int | None:
    context = _libc.syscall(_FSOPEN, b"proc", _CLOSE_ON_EXEC)
    if context < 0:
        return None
    try:
        if _libc.syscall(_FSCONFIG, context, _CREATE, None, None, 0) < 0:
            return None
        mount = _libc.syscall(_FSMOUNT, context, _CLOSE_ON_EXEC, 0)
        return mount if mount >= 0 else None
    finally:
        os.close(context)
