"""Sysctls of the calling thread's network namespace (/proc/sys/net shows the reader's own), written only where they differ."""

from pathlib import Path

from buoy_agent.errors import kernel_error

_ROOT = Path("/proc/sys/net")


def read(name: str) -> str | None:
    """What one is; None where this kernel does not have it."""
    try:
        return (_ROOT / name).read_text(encoding="ascii").strip()
    except OSError:
        return None


def has_value(name: str, value: str) -> bool:
    """Whether one is as it should be; one that this kernel does not have is."""
    return read(name) in (value, None)


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
