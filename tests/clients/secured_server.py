"""buoy-server as a process that takes nobody without a key."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from buoy_client import BuoyClient, Unauthenticated

from tests.support.waiting import PATIENCE

PROGRAM = [sys.executable, "-m", "buoy_server"]


@dataclass(frozen=True, slots=True)
class SecuredServer:
    """Where it listens, and the key of the namespace `system`."""

    target: str
    system_key: str
    log: Path


@contextmanager
def secured_server(folder: Path) -> Iterator[SecuredServer]:
    """Run it for the length of a `with`, from when it answers."""
    database = ["--database", f"sqlite:///{folder}/buoy.db"]
    made = subprocess.run([*PROGRAM, "bootstrap", *database], capture_output=True, text=True, check=True)
    server = SecuredServer(f"unix://{folder}/buoy.sock", made.stdout.strip(), folder / "server.log")
    with server.log.open("ab") as log:
        process = subprocess.Popen([*PROGRAM, *database, "--listen", server.target], stdout=log, stderr=log)
    try:
        with BuoyClient(server.target) as nobody, suppress(Unauthenticated):
            nobody.whoami()
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
