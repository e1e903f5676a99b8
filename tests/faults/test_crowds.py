"""Many watchers: some that never read hold up nobody and cost little memory, and thousands come back to a restarted server."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
from buoy.v1 import instance_pb2, instance_pb2_grpc, interface_pb2_grpc
from buoy.v1 import interface_pb2 as i
from google.protobuf.struct_pb2 import Value

from tests.faults.crowd import Member, all_of, crowd
from tests.faults.load import furnish
from tests.faults.victim import CLIENT_OPTIONS
from tests.lab import processes
from tests.lab.processes import Program, ServerPlace

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(900)]

WATCHERS = 500  # that never read, and as many that do
CHANGES, BYTES = 600, 2_000
# What one that never reads may cost, in bytes: 96 KiB that gRPC buffers, a full message behind them, some for the stream.
A_WATCHER = 288 << 10
STORM = 3_000
RETURNING = 200


@dataclass
class Site:
    """A server with one interface."""

    program: Program
    place: ServerPlace
    interfaces: Any
    uuid: str

    async def change(self, value: str) -> int:
        """Change the interface, and return the revision."""
        request = i.SetInterfaceMetadataItemRequest(interface_uuid=self.uuid, key="k", value=Value(string_value=value))
        return int((await self.interfaces.SetInterfaceMetadataItem(request, wait_for_ready=True)).revision)

    def memory(self) -> int:
        """The bytes of the server that are in memory."""
        return int(Path(f"/proc/{self.program.pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def site(directory: Path) -> AsyncIterator[Site]:
    """Such a server for the length of a `with`."""
    place = ServerPlace(directory, processes.free_port())
    program = processes.server(place, directory / "server.log")
    program.start()
    try:
        async with grpc.aio.insecure_channel(place.target, options=CLIENT_OPTIONS) as channel:
            await furnish(channel, "n0")
            instances: Any = instance_pb2_grpc.InstanceServiceStub(channel)
            interfaces: Any = interface_pb2_grpc.InterfaceServiceStub(channel)
            await instances.CreateInstance(instance_pb2.CreateInstanceRequest(name="web", node="n0"))
            made = await interfaces.CreateInterface(i.CreateInterfaceRequest(instance_ref="web", network_ref="net"))
            yield Site(program, place, interfaces, made.uuid)
    finally:
        program.kill()


async def test_watchers_that_never_read_hold_up_nobody_and_cost_little_and_miss_nothing(tmp_path: Path) -> None:
    async with site(tmp_path) as server:
        start = await server.change("") + 1
        async with crowd(server.place.target, WATCHERS, start) as idle, crowd(server.place.target, WATCHERS, start) as busy:
            await all_of([member.opened() for member in (*idle, *busy)])
            before = server.memory()
            reading = asyncio.gather(*(member.read_until(start + CHANGES - 1) for member in busy))
            revisions = sorted(await all_of([server.change(f"{number:0{BYTES}}") for number in range(CHANGES)]))
            await all_of([reading])
            await all_of([member.read_until(revisions[-1]) for member in busy])
            grown = server.memory() - before
            assert len(set(revisions)) == CHANGES
            assert all(member.revisions == revisions for member in busy)
            assert grown < WATCHERS * A_WATCHER + 4 * CHANGES * BYTES, f"{grown >> 20} MiB"
            for member in idle[::2]:
                member.open()
            await all_of([member.read_until(revisions[-1]) for member in idle])
            assert all(member.revisions == revisions for member in idle)


async def test_thousands_of_watches_come_back_to_a_restarted_server_and_none_is_refused(tmp_path: Path) -> None:
    async with site(tmp_path) as server:
        first = await server.change("first")
        async with crowd(server.place.target, STORM, first + 1) as members:
            await all_of([member.opened() for member in members])
            ending = asyncio.gather(*(member.ended() for member in members))
            server.program.kill()
            assert set((await all_of([ending]))[0]) == {grpc.StatusCode.UNAVAILABLE}
            server.program.start()
            await all_of([member.opened() for member in members])
            last = await server.change("last")
            await all_of([member.read_until(last) for member in members])
            assert all(member.revisions == [last] for member in members)


async def test_watches_that_come_back_at_once_to_a_server_that_stops_wait_for_the_next_one(tmp_path: Path) -> None:
    async with site(tmp_path) as server, crowd(server.place.target, RETURNING, 1) as members:
        await all_of([member.opened() for member in members])
        returning = asyncio.gather(*(_come_back(member) for member in members))
        assert server.program.stop() == 0
        server.program.start()
        assert (await all_of([returning]))[0] == [grpc.StatusCode.UNAVAILABLE] * RETURNING


async def _come_back(member: Member) -> grpc.StatusCode:
    code = await member.ended()
    await member.opened()
    return code
