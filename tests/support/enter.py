"""Runs a command in a world of its own: `python -m tests.support.enter -- COMMAND...`.

The command gets new mount, network and process namespaces (and a user namespace where the caller is not root), in which it is
root, /run is empty and lo is up. When it ends, or this program dies in any way, the kernel takes everything away: namespaces,
NICs, rules and processes. Root and ordinary users are therefore alike, and nothing touches the machine's own network.
"""

import ctypes
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType

from pyroute2.iproute.linux import IPRoute

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x00020000, 0x10000000, 0x20000000, 0x40000000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
PR_SET_PDEATHSIG = 1
PASSED_ON = (signal.SIGTERM, signal.SIGHUP)
CANNOT_ENTER = 77  # our own exit code where the machine does not allow namespaces
REFUSED = """\
This machine does not let user {uid} make namespaces ({reason}).
Run it as root, or allow user namespaces: as root `sysctl -w user.max_user_namespaces=10000`, and where they exist
`sysctl -w kernel.unprivileged_userns_clone=1` and `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`."""
_libc = ctypes.CDLL(None, use_errno=True)


def main() -> int:
    """Enters the new world, runs the command, and returns its exit code."""
    command = sys.argv[2:] if sys.argv[1:2] == ["--"] else sys.argv[1:]
    if not command:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    try:
        unshare()
    except OSError as error:
        sys.stderr.write(REFUSED.format(uid=os.getuid(), reason=error.strerror) + "\n")
        return CANNOT_ENTER
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)  # until _wait can pass them on
    child = os.fork()
    if child == 0:
        os._exit(_first_process(command))
    return _wait(child)


def unshare() -> None:
    """Leaves the namespaces of the caller for new ones; this process's children are in the new process namespace."""
    uid, gid = os.getuid(), os.getgid()
    flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET
    if uid != 0:
        flags |= CLONE_NEWUSER
    _check(_libc.unshare(flags), "unshare")
    if uid != 0:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1", encoding="ascii")


def _first_process(command: list[str]) -> int:
    """Is process 1 of the new world: prepares it, starts the command, and buries orphans until the command ends."""
    try:
        _check(_libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL), "prctl")
        _prepare()
        child = os.fork()
        if child == 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell ignores it for what it runs in the background
            os.execvp(command[0], command)  # noqa: S606 - running it is what this program is for
    except OSError as error:
        sys.stderr.write(f"enter: {error}\n")
        os._exit(CANNOT_ENTER)
    return _wait(child)


def _prepare() -> None:
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    _mount("proc", "/proc", "proc", 0)
    _mount("tmpfs", "/run", "tmpfs", 0)
    with IPRoute() as ipr:  # type: ignore[no-untyped-call] # pyroute2 has no types
        ipr.link("set", index=1, state="up")


def _wait(child: int) -> int:
    """Waits for the child, passing signals on to it, and returns its exit code as a shell would."""

    def forward(number: int, _frame: FrameType | None) -> None:
        with suppress(ProcessLookupError):  # it has ended, and was waited for, a moment ago
            os.kill(child, number)

    for number in PASSED_ON:
        signal.signal(number, forward)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to the child as well
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _mount(source: str | None, target: str, kind: str | None, flags: int) -> None:
    encoded = [None if text is None else text.encode() for text in (source, target, kind)]
    _check(_libc.mount(*encoded, ctypes.c_ulong(flags), None), f"mount {target}")


def _check(result: int, what: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


if __name__ == "__main__":
    sys.exit(main())
