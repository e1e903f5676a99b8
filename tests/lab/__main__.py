"""`make lab`: brings the world up, says how to use it, and keeps it until interrupted.

The server runs here, on the machine's loopback; namespaces and agents are in a second process (tests.lab.inside), which for an
ordinary user is inside a user namespace. The two meet at the server's unix socket.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from tests.lab import environment, processes, world
from tests.lab.cli import Cli
from tests.lab.processes import Program, ServerPlace
from tests.lab.world import World
from tests.support import netns
from tests.support.waiting import wait_for

LAB = Path(".lab")
ENV = LAB / "env"
LOGS = LAB / "logs"
NAMESPACE = "lab"
REFUSED = 3


class Refused(Exception):
    """The lab cannot run here and now; the words say why."""


def main() -> int:
    """Runs the lab until SIGINT or SIGTERM."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    try:
        with _alone(), _directory() as directory, ExitStack() as stack:
            lab = World(_prefix())
            world.destroy(lab)  # what a lab left that was killed
            place = processes.free_place(directory)
            server = stack.enter_context(_serving(place))
            inside = stack.enter_context(_inside(lab, place))
            stack.enter_context(_told(lab, place, inside))
            _keep(ended, server, inside)
    except Refused as reason:
        sys.stderr.write(f"lab: {reason}\n")
        return REFUSED
    sys.stdout.write("The lab has ended; nothing of it is left.\n")
    return 0


@contextmanager
def _alone() -> Iterator[None]:
    """Holds this checkout's lab for ourselves; the kernel lets go of the lock however we end."""
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LAB / "lock").open("a+") as lock:
        _lock(lock)
        ENV.unlink(missing_ok=True)
        yield


def _lock(lock: TextIO) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise Refused(f"a lab of this checkout runs already (process {lock.read().strip()}); end it first") from None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()


def _prefix() -> str:
    """The same at each start from this checkout, and another from another."""
    return f"lab{zlib.crc32(str(Path.cwd()).encode()) & 0xFFFF:04x}-"


@contextmanager
def _directory() -> Iterator[Path]:
    """Where the database and the unix socket are: a short path, since a socket's is at most 107 bytes."""
    directory = Path(tempfile.gettempdir()) / f"buoy-{_prefix()}{os.getuid()}"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o700)
    try:
        yield directory
    finally:
        shutil.rmtree(directory)


@contextmanager
def _serving(place: ServerPlace) -> Iterator[Program]:
    server = processes.server(place, LOGS / "server.log")
    server.start()
    try:
        processes.wait_serving(server, place.target)
        yield server
    finally:
        server.stop()


@contextmanager
def _inside(lab: World, place: ServerPlace) -> Iterator["subprocess.Popen[str]"]:
    """The world with its agents, from when all is ready."""
    enter = [] if os.getuid() == 0 else ["-m", "tests.support.enter", "--", sys.executable]
    options = ["--prefix", lab.prefix, "--directory", str(place.directory), "--logs", str(LOGS)]
    command = [sys.executable, *enter, "-m", "tests.lab.inside", *options]
    process: subprocess.Popen[str] = netns.popen(
        None, command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise Refused("the world could not be built; see above")
        yield process
    finally:
        process.communicate()


@contextmanager
def _told(lab: World, place: ServerPlace, inside: "subprocess.Popen[str]") -> Iterator[None]:
    """The pool, the network, a namespace to log in to, `.lab/env`, and the words about how to use them."""
    cli = Cli(place.target)
    cli("pool", "create", "floating", "--range", world.POOL_RANGE)
    cli("network", "create", "demo", "--netblock", "10.0.0.0/24", "--nat")
    cli("namespace", "create", NAMESPACE)
    key = cli("namespace", "key", "set", NAMESPACE, "lab")["key"]
    wait_for("both nodes to be connected", lambda: sum(node["connected"] for node in cli("node", "list")) == len(lab.nodes))
    access = environment.Access(place.target, place.http, NAMESPACE, key)
    values = environment.variables(lab, access, _enter_command(inside))
    environment.write(ENV, values)
    sys.stdout.write(environment.guide(values, str(LOGS)))
    sys.stdout.flush()
    try:
        yield
    finally:
        ENV.unlink(missing_ok=True)


def _enter_command(inside: "subprocess.Popen[str]") -> str:
    """The command prefix that leads into an ordinary user's world; empty for root, who is in it already."""
    if os.getuid() == 0:
        return ""
    first_process = Path(f"/proc/{inside.pid}/task/{inside.pid}/children").read_text(encoding="ascii").split()[0]
    return f"nsenter --preserve-credentials --user --mount --net --pid --wd --target {first_process}"


def _keep(ended: threading.Event, server: Program, inside: "subprocess.Popen[str]") -> None:
    """Waits for the end, starting the server again if it ends before, as a service manager does."""
    while not ended.wait(0.5):
        if inside.poll() is not None:
            raise Refused(f"the world has ended by itself (code {inside.returncode}); logs are in {LOGS}")
        if not server.running:
            sys.stdout.write(f"The server ended; it is started again. Its last words: {server.last_words(1)}\n")
            sys.stdout.flush()
            server.start()


if __name__ == "__main__":
    sys.exit(main())
