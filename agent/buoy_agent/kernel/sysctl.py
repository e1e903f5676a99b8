"""Sysctls of the calling thread's network namespace (/proc/sys/net shows the reader's own), written only where they differ.

Reading one is slow where there are many namespaces (see `procfs.py`): what the kernel shows with a link is read there.
"""

import os
from pathlib import Path

from buoy_agent.errors import kernel_error

_ROOT = Path("/proc/sys/net")
_LONGEST = 64  # of those that are asked for


def read(name: str, proc: int | None = None) -> str | None:
    """What one is, by a mount of proc, or by /proc; None where this kernel does not have it."""
    try:
        descriptor = os.open(f"{_ROOT}/{name}" if proc is None else f"sys/net/{name}", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    except OSError:
        return None
    try:
        return os.read(descriptor, _LONGEST).decode("ascii").strip()
    except OSError:
        return None
    finally:
        os.close(descriptor)


def set_value(name: str, value: str, *, optional: bool = False) -> bool:
    """Sets one, named as a path below /proc/sys/net; returns whether it had to be written.

    An optional one that this kernel does not have is passed over.
    """
    path = _ROOT / name
    try:
        if path.read_text(encoding="ascii").strip() == value:
            return False
        path.write_text(value, encoding="ascii")
    except FileNotFoundError as error:
        if optional:
            return False
        raise kernel_error(f"setting net/{name}", error.errno or 0) from error
    except OSError as error:
        raise kernel_error(f"setting net/{name} to {value}", error.errno or 0) from error
    return True
