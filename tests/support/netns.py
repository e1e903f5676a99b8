"""Network namespaces for tests and the lab: make them, wire them, run code and programs inside them.

A network namespace belongs to a thread. `inside` moves the calling thread for the length of a `with`; sockets, threads and
processes that are made meanwhile stay in the namespace for good. Do not await within it: the event loop's thread would take
its other tasks along.
"""

import ctypes
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any, TypeVar

from pyroute2 import netns
from pyroute2.iproute.linux import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from tests.support.waiting import PATIENCE, wait_for

DIRECTORY = Path("/run/netns")
CLONE_NEWNET = 0x40000000
_IFF_UP, _IFF_RUNNING, _IFF_LOWER_UP = 0x1, 0x40, 0x10000
_OWN = "/proc/thread-self/ns/net"
_MS_BIND, _MS_REC, _MS_SHARED = 1 << 12, 1 << 14, 1 << 20
Result = TypeVar("Result")
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Nic:
    """One end of a veth pair: where it is, how it is called, and what it bears."""

    netns: str
    name: str
    address: IPv4Interface | None = None
    macaddr: str | None = None


def create(name: str) -> None:
    """Creates a named namespace, as `ip netns add` does, with its loopback up.

    In this thread, and however long it takes: pyroute2 does it in a process, which it gives up after 5 s, and the kernel makes
    none while it cleans up many.
    """
    _share_names()
    path = DIRECTORY / name
    path.touch(mode=0o444, exist_ok=False)
    home = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.unshare(CLONE_NEWNET), "unshare")
        try:
            _check(_libc.mount(_OWN.encode(), bytes(path), b"none", _MS_BIND, None), f"mounting {path}")
        finally:
            _setns(home)
    finally:
        os.close(home)
    with links(name) as ipr:
        ipr.link("set", index=1, state="up")


def _share_names() -> None:
    """What is mounted in the directory of names appears in all mount namespaces that come from this one."""
    DIRECTORY.mkdir(mode=0o755, parents=True, exist_ok=True)
    directory = bytes(DIRECTORY)
    if _libc.mount(b"", directory, b"none", _MS_SHARED | _MS_REC, None) != 0:
        _check(_libc.mount(directory, directory, b"none", _MS_BIND | _MS_REC, None), f"mounting {DIRECTORY}")
        _check(_libc.mount(b"", directory, b"none", _MS_SHARED | _MS_REC, None), f"sharing {DIRECTORY}")


def settle(seconds: float = 120.0) -> None:
    """Waits until the kernel has cleaned up the namespaces that were deleted before, which takes a while where they are many.

    It does so in rounds, each with all that waits, one round after the other. A namespace that is deleted now is in this one or
    the next, and where its link is gone another is in the one after that: so what went before is done with.
    """
    with namespace(f"settle-{os.getpid()}") as here:
        for number in range(2):
            gone = f"{here}-{number}"
            create(gone)
            veth(Nic(here, "near"), Nic(gone, "far"))
            delete(gone)
            with links(here) as ipr:
                wait_for("the kernel to clean up", lambda: not ipr.link_lookup(ifname="near"), seconds=seconds)


def delete(name: str) -> None:
    """Deletes a named namespace; one that is not there is no error. The kernel cleans up a little later."""
    try:
        netns.remove(name)
    except FileNotFoundError:
        return


def name_again(name: str, other: str) -> None:
    """Gives a namespace a second name; it lives for as long as either stands."""
    path = DIRECTORY / other
    path.touch(mode=0o444)
    subprocess.run(["mount", "--bind", DIRECTORY / name, path], check=True, capture_output=True)


def exists(name: str) -> bool:
    """Whether there is a namespace of that name."""
    return (DIRECTORY / name).exists()


def names(prefix: str = "") -> list[str]:
    """The names of all namespaces that begin so, sorted."""
    if not DIRECTORY.is_dir():
        return []
    return sorted(entry.name for entry in DIRECTORY.iterdir() if entry.name.startswith(prefix))


@contextmanager
def namespace(name: str) -> Iterator[str]:
    """A named namespace for the length of a `with`."""
    create(name)
    try:
        yield name
    finally:
        delete(name)


@contextmanager
def inside(name: str) -> Iterator[None]:
    """Moves the calling thread into the namespace, and back at the end."""
    home = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        target = os.open(DIRECTORY / name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(target)
        finally:
            os.close(target)
        try:
            yield
        finally:
            _setns(home)
    finally:
        os.close(home)


def call(name: str, function: Callable[..., Result], *args: Any) -> Result:
    """Runs a function in a thread of its own inside the namespace, and returns or raises what it does."""
    outcome: list[Result] = []
    failure: list[BaseException] = []

    def body() -> None:
        try:
            with inside(name):
                outcome.append(function(*args))
        except BaseException as error:  # noqa: BLE001 - raised again below, in the caller's thread
            failure.append(error)

    thread = threading.Thread(target=body, name=f"in-{name}")
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def popen(name: str | None, argv: Sequence[str | Path], **options: Any) -> subprocess.Popen[Any]:
    """Starts a program inside the namespace (None: here); it is killed when the thread that started it ends.

    Options are those of subprocess.Popen.
    """
    command = ["setpriv", "--pdeathsig", "KILL", "--", *map(str, argv)]
    if name is None:
        return subprocess.Popen(command, **options)
    with inside(name):
        return subprocess.Popen(command, **options)


def run(name: str, argv: Sequence[str | Path], **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs a program inside the namespace to its end; a failure raises with what it wrote. Options as of subprocess.run."""
    try:
        with inside(name):
            return subprocess.run(list(map(str, argv)), check=True, capture_output=True, text=True, **options)
    except subprocess.CalledProcessError as error:
        error.add_note(f"it wrote: {error.stdout}{error.stderr}")
        raise


def stop(process: subprocess.Popen[Any], *, how: signal.Signals = signal.SIGTERM, seconds: float = PATIENCE) -> int:
    """Ends a process and waits for it; one that does not listen is killed. Returns its exit code."""
    if process.poll() is None:
        process.send_signal(how)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(seconds)


@contextmanager
def links(name: str) -> Iterator[Any]:
    """A pyroute2 IPRoute inside the namespace."""
    with inside(name), IPRoute() as ipr:  # type: ignore[no-untyped-call] # pyroute2 has no types
        yield ipr


def veth(left: Nic, right: Nic) -> None:
    """Joins two namespaces by a veth pair, with addresses and MACs where given, both ends up."""
    peer: dict[str, Any] = {"ifname": right.name, "net_ns_fd": str(DIRECTORY / right.netns)}
    options: dict[str, Any] = {"ifname": left.name, "kind": "veth", "peer": peer}
    if left.macaddr:
        options["address"] = left.macaddr
    if right.macaddr:
        peer["address"] = right.macaddr
    with links(left.netns) as ipr:
        ipr.link("add", **options)
    configure(left)
    configure(right)


def configure(nic: Nic) -> None:
    """Gives a NIC its address, and brings it up."""
    with links(nic.netns) as ipr:
        index = ipr.link_lookup(ifname=nic.name)[0]
        if nic.address:
            ipr.addr("add", index=index, address=str(nic.address.ip), prefixlen=nic.address.network.prefixlen)
        ipr.link("set", index=index, state="up")


def bridge(name: str, ifname: str) -> None:
    """Makes a bridge inside the namespace, up."""
    with links(name) as ipr:
        ipr.link("add", ifname=ifname, kind="bridge")
        ipr.link("set", index=ipr.link_lookup(ifname=ifname)[0], state="up")


def enslave(name: str, ifname: str, port: str) -> None:
    """Makes a NIC of the namespace a port of its bridge."""
    with links(name) as ipr:
        ipr.link("set", index=ipr.link_lookup(ifname=port)[0], master=ipr.link_lookup(ifname=ifname)[0], state="up")


def await_carriers(*names: str) -> None:
    """Waits until the kernel has told of the carriers of all links in these namespaces.

    It does so up to a second after a link came up or went down, later where it is busy (net/core/link_watch.c): what listens
    hears of it then, and only then does the link run.
    """
    wait_for("the carriers of all links", lambda: all(_has_told_of_carriers(name) for name in names))


def _has_told_of_carriers(name: str) -> bool:
    """Asked for one link alone, Linux 6.7 or newer tells at once."""
    with links(name) as ipr:
        try:
            flags = [ipr.link("get", index=link["index"])[0]["flags"] for link in ipr.get_links()]
        except NetlinkError:  # one that went meanwhile
            return False
    return not any(flag & _IFF_UP and bool(flag & _IFF_LOWER_UP) != bool(flag & _IFF_RUNNING) for flag in flags)


def default_route(name: str, gateway: str) -> None:
    """Gives the namespace a default route."""
    with links(name) as ipr:
        ipr.route("add", dst="default", gateway=gateway)


def _setns(fd: int) -> None:
    _check(_libc.setns(fd, CLONE_NEWNET), "setns")


def _check(result: int, doing: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), doing)
