"""Backup and restore: a copy holds every change that was acknowledged before it began, and is a cluster of its own."""

import asyncio
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from buoy.v1 import interface_pb2 as i
from buoy_server.storage import copies
from buoy_server.storage.copies import CopyError
from buoy_server.storage.database import DatabaseError, open_database
from google.protobuf.struct_pb2 import Value

from tests.server.agent import agent
from tests.server.running import Running, running

pytestmark = pytest.mark.anyio


def _url(path: Path) -> str:
    return f"sqlite:///{path}"


def _quietly(_done: int, _pages: int) -> None:
    pass


async def _write(server: Running, uuid: str, written: list[int], enough: asyncio.Event, stop: asyncio.Event) -> None:
    while not stop.is_set():
        value = Value(string_value="x" * 2000)
        request = i.SetInterfaceMetadataItemRequest(interface_uuid=uuid, key=f"k{len(written) % 50}", value=value)
        written.append((await server.interfaces.SetInterfaceMetadataItem(request)).revision)
        if len(written) == 50:
            enough.set()


async def test_a_copy_taken_under_load_is_whole_and_holds_what_was_acknowledged(tmp_path: Path) -> None:
    async with running(tmp_path / "buoy.db") as server, agent(server):
        await server.furnish()
        uuid = (await server.interface()).uuid
        written: list[int] = []
        enough, stop = asyncio.Event(), asyncio.Event()
        writing = asyncio.create_task(_write(server, uuid, written, enough, stop))
        await enough.wait()
        acknowledged = written[-1]
        contents = await asyncio.to_thread(copies.backup, _url(tmp_path / "buoy.db"), tmp_path / "copy.db", _quietly)
        stop.set()
        await writing
        cluster = (await server.interfaces.ListInterfaces(i.ListInterfacesRequest())).cluster_id
    assert contents.revision >= acknowledged
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    restored = copies.restore(_url(tmp_path / "new.db"), tmp_path / "copy.db", _quietly, replace=False)
    assert restored.contents.revision == contents.revision
    async with running(tmp_path / "new.db") as server:
        listed = await server.interfaces.ListInterfaces(i.ListInterfacesRequest())
        assert (listed.revision, listed.cluster_id) == (contents.revision, restored.cluster_id)
        assert restored.cluster_id != cluster
        store = server.server._backend.store
        entries = store.read(0, contents.revision)
        assert [entry.revision for entry in entries] == list(range(1, contents.revision + 1))
        last = {entry.key: entry for entry in entries}
        assert last[uuid].body == server.server._backend.view.body(last[uuid].kind, uuid)


async def test_what_is_there_is_replaced_only_when_asked_and_kept(tmp_path: Path) -> None:
    for name in ("old", "other"):
        async with running(tmp_path / f"{name}.db") as server:
            await server.furnish(quarantine=None) if name == "old" else None
    copies.backup(_url(tmp_path / "old.db"), tmp_path / "copy.db", _quietly)
    with pytest.raises(CopyError, match="--replace"):
        copies.restore(_url(tmp_path / "other.db"), tmp_path / "copy.db", _quietly, replace=False)
    before = (tmp_path / "other.db").read_bytes()
    restored = copies.restore(_url(tmp_path / "other.db"), tmp_path / "copy.db", _quietly, replace=True)
    assert restored.kept is not None
    assert restored.kept.read_bytes() == before
    async with running(tmp_path / "other.db") as server:
        assert server.server._backend.view.revision == restored.contents.revision > 0


async def test_a_database_in_use_is_not_replaced(tmp_path: Path) -> None:
    async with running(tmp_path / "buoy.db"):
        copies.backup(_url(tmp_path / "buoy.db"), tmp_path / "copy.db", _quietly)
        with pytest.raises(DatabaseError, match="in use"):
            copies.restore(_url(tmp_path / "buoy.db"), tmp_path / "copy.db", _quietly, replace=True)


def test_what_is_no_whole_copy_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    open_database(_url(tmp_path / "buoy.db")).close()
    whole = (tmp_path / "buoy.db").read_bytes()
    (tmp_path / "text").write_text("hello")
    (tmp_path / "half").write_bytes(whole[: len(whole) // 2])
    for name in ("text", "half", "absent"):
        with pytest.raises(CopyError):
            copies.restore(_url(tmp_path / "new.db"), tmp_path / name, _quietly, replace=False)
    with pytest.raises(CopyError, match="exists"):
        copies.backup(_url(tmp_path / "buoy.db"), tmp_path / "text", _quietly)
    assert not [path for path in tmp_path.iterdir() if "partial" in path.name or path.name == "new.db"]


def _program(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "buoy_server", *arguments], capture_output=True, text=True, check=False)


def test_the_commands_say_what_they_did_or_what_is_wrong(tmp_path: Path) -> None:
    open_database(_url(tmp_path / "buoy.db")).close()
    database = f"--database={_url(tmp_path / 'buoy.db')}"
    made = _program("backup", str(tmp_path / "copy.db"), database)
    assert (made.returncode, "revision 0" in made.stderr) == (0, True), made.stderr
    again = _program("backup", str(tmp_path / "copy.db"), database)
    assert (again.returncode, "name another file" in again.stderr) == (3, True)
    refused = _program("restore", str(tmp_path / "copy.db"), database)
    assert (refused.returncode, "--replace" in refused.stderr) == (3, True)
    done = _program("restore", str(tmp_path / "copy.db"), "--replace", database)
    assert (done.returncode, "as cluster" in done.stderr) == (0, True), done.stderr
    assert _program("backup").returncode == 2
