"""A server listens before it reads its database; where it cannot listen, it says why and ends."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from buoy_server.feed.view import Snapshot, View
from buoy_server.server import Options, Server
from buoy_server.storage.database import open_database

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NO_SETTINGS = bytes(3) + b"\x04" + bytes(5)
SECONDS = 30.0


@pytest.mark.anyio
async def test_who_connects_while_the_view_is_loaded_is_served_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, early = View.load, socket.socket(socket.AF_UNIX)
    early.settimeout(SECONDS)

    def connected(view: View, snapshot: Snapshot) -> None:
        early.connect(f"{tmp_path}/buoy.sock")
        load(view, snapshot)

    monkeypatch.setattr(View, "load", connected)
    database = open_database(f"sqlite:///{tmp_path}/buoy.db")
    server = Server(database.store, Options(), [f"unix://{tmp_path}/buoy.sock"])
    try:
        with early:
            early.sendall(PREFACE + NO_SETTINGS)
            await server.start()
            assert (await asyncio.to_thread(early.recv, 9))[3:4] == b"\x04", "the server's settings"
    finally:
        await server.stop()
        database.close()


def test_a_socket_without_its_directory_is_said_plainly(tmp_path: Path) -> None:
    target = f"unix://{tmp_path}/absent/buoy.sock"
    command = [sys.executable, "-m", "buoy_server", "--database", f"sqlite:///{tmp_path}/buoy.db", "--listen", target]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    words = f"buoy-server: listen: {target} cannot be served: there is no directory {tmp_path}/absent, make it first"
    assert (ended.returncode, words in ended.stderr) == (3, True)
