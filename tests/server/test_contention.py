"""More clients and interfaces than addresses: nobody gets one that somebody has, and none is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import grpc
import pytest
from buoy.v1 import instance_pb2, interface_pb2, interface_pb2_grpc, pool_pb2

from tests.server.agent import agent
from tests.server.running import Running, refusal, running
from tests.server.waiting import wait_until_async

pytestmark = pytest.mark.anyio

CLIENTS, ADDRESSES, ROUNDS = 64, 40, 6
OWN_CONNECTION = (("grpc.use_local_subchannel_pool", 1),)


async def test_64_clients_on_a_pool_of_40_get_no_address_twice_and_lose_none(tmp_path: Path) -> None:
    async with running(tmp_path / "buoy.db") as server, _obliging(server):
        pool = pool_pb2.CreatePoolRequest(name="floating", ranges=[f"192.0.2.1-192.0.2.{ADDRESSES}"], quarantine={"seconds": 0})
        uuids = await _furnish(server, pool)
        async with _watching(server) as watched, AsyncExitStack() as channels:
            stubs = []
            for _ in range(CLIENTS):
                channel = grpc.aio.insecure_channel(server.target, options=OWN_CONNECTION)
                stubs.append(interface_pb2_grpc.InterfaceServiceStub(await channels.enter_async_context(channel)))
            full = await asyncio.gather(*(_client(stub, uuids, seed) for seed, stub in enumerate(stubs)))
            assert sum(full) > 0, "the pool was never full: nothing was put to the test"
            await asyncio.gather(*(_defloat(server.interfaces, uuid) for uuid in uuids))
            await wait_until_async(lambda: _is_whole(server), "every address is free again")
            listed = await server.interfaces.ListInterfaces(interface_pb2.ListInterfacesRequest())
            last = max(interface.revision for interface in listed.interfaces)
            await wait_until_async(lambda: watched.reached(last), "the watch has come to the last change")
            assert len({address for addresses in watched.ever.values() for address in addresses}) == ADDRESSES
        floated = [
            await server.interfaces.FloatInterface(interface_pb2.FloatInterfaceRequest(interface_uuid=uuid))
            for uuid in uuids[:ADDRESSES]
        ]
        assert len({interface.floating.address for interface in floated}) == ADDRESSES


async def _furnish(server: Running, pool: pool_pb2.CreatePoolRequest) -> list[str]:
    await server.furnish()
    await server.pools.DeletePool(pool_pb2.DeletePoolRequest(pool_ref="floating"))
    await server.pools.CreatePool(pool)
    specs = [instance_pb2.InterfaceSpec(network_ref="net")] * CLIENTS
    await server.instances.CreateInstance(instance_pb2.CreateInstanceRequest(name="web", node="n1", interfaces=specs))
    listed = await server.instances.ListInstanceInterfaces(instance_pb2.ListInstanceInterfacesRequest(instance_ref="web"))
    return [interface.uuid for interface in listed.interfaces]


async def _client(stub: Any, uuids: list[str], seed: int) -> int:
    """Float and defloat any of the interfaces, as others do; return how often there was no address."""
    chance, full = Random(seed), 0
    for _ in range(ROUNDS):
        uuid = chance.choice(uuids)
        try:
            await stub.FloatInterface(interface_pb2.FloatInterfaceRequest(interface_uuid=uuid))
        except grpc.aio.AioRpcError as error:
            if refusal(error).reason != "POOL_EXHAUSTED":
                raise
            full += 1
        if chance.random() < 0.3:
            await _defloat(stub, chance.choice(uuids))
    return full


async def _defloat(stub: Any, uuid: str) -> None:
    await stub.DefloatInterface(interface_pb2.DefloatInterfaceRequest(interface_uuid=uuid))


async def _is_whole(server: Running) -> bool:
    usage = (await server.pools.GetPool(pool_pb2.GetPoolRequest(pool_ref="floating"))).usage
    assert usage.size == usage.free + usage.in_use + usage.reserved + usage.quarantined == ADDRESSES
    return bool(usage.free == ADDRESSES)


@asynccontextmanager
async def _obliging(server: Running) -> AsyncIterator[None]:
    """Run an agent that does everything and says so."""
    async with agent(server) as node:

        async def oblige() -> None:
            while True:
                await node.hear()
                await node.confirm()

        task = asyncio.create_task(oblige())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@dataclass
class _Watched:
    """How far a watch has come, and which addresses each interface ever had."""

    revision: int = 0
    ever: dict[str, set[str]] = field(default_factory=dict)

    async def reached(self, revision: int) -> bool:
        return self.revision >= revision


@asynccontextmanager
async def _watching(server: Running) -> AsyncIterator[_Watched]:
    """Fold a watch, and hold after each change that no address is at two interfaces; collect who ever had which."""
    call = server.interfaces.WatchInterface(interface_pb2.WatchInterfaceRequest())
    now: dict[str, str] = {}
    watched = _Watched()
    ever = watched.ever

    async def fold() -> None:
        async for response in call:
            for event in response.events:
                now[event.interface.uuid] = event.interface.floating.address
                ever.setdefault(event.interface.uuid, set()).add(event.interface.floating.address)
                ever[event.interface.uuid].discard("")
                had = [address for address in now.values() if address]
                assert len(had) == len(set(had)), event
                watched.revision = event.revision

    task = asyncio.create_task(fold())
    try:
        yield watched
    finally:
        call.cancel()
        with suppress(asyncio.CancelledError):
            await task
