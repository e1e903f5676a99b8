"""The asyncio client against a real grpc server: what differs from the blocking one, which shares all the rest."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from buoy_client import AsyncBuoyClient, EventType, FloatingPhase, NotFound, Unavailable, WaitFailed, WaitTimeout
from google.rpc import code_pb2

from tests.clients.scripted_server import ScriptedServer
from tests.clients.scripted_world import World, plain
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(server: ScriptedServer) -> AsyncIterator[AsyncBuoyClient]:
    """A client of the scripted server."""
    async with AsyncBuoyClient(server.target, timeout=PATIENCE) as opened:
        yield opened


async def test_calls_and_errors_are_those_of_the_blocking_client(client: AsyncBuoyClient, world: World) -> None:
    plugged = world.plug()
    assert (await client.get_interface(plugged.uuid)).uuid == plugged.uuid
    with pytest.raises(NotFound) as caught:
        await client.get_interface("b1981e81-b37a-4176-ba37-b61bc7208012")
    assert caught.value.reason == "INTERFACE_NOT_FOUND"


async def test_an_explanation_is_an_object_with_links_in_order(client: AsyncBuoyClient, world: World) -> None:
    found = await client.explain_interface(world.plug(floating=True).uuid)
    assert [(link.link, link.state.value) for link in found.links] == [
        ("rules", "ok"),
        ("floating-to-fixed", "broken"),
        ("nic", "unknown"),
    ]
    assert found.examination is not None
    assert found.examination.incoming_flows == 2


async def test_many_calls_at_once(client: AsyncBuoyClient, world: World) -> None:
    uuids = [world.plug().uuid for _ in range(50)]
    found = await asyncio.gather(*(client.get_interface(item) for item in uuids))
    assert [item.uuid for item in found] == uuids


async def test_float_with_wait(client: AsyncBuoyClient, world: World) -> None:
    interface = await client.float_interface(world.plug().uuid, wait=True)
    assert interface.floating is not None
    assert interface.floating.phase is FloatingPhase.ACTIVE
    world.on_float = world.fail
    with pytest.raises(WaitFailed, match="eth0 is down"):
        await client.float_interface(world.plug().uuid, wait=True)
    world.on_float = lambda _: None
    with pytest.raises(WaitTimeout):
        await client.float_interface(world.plug().uuid, wait=True, timeout=0.2)


async def test_unreachable_server_is_told(tmp_path: object) -> None:
    async with AsyncBuoyClient(f"unix://{tmp_path}/nobody.sock", connect_timeout=0.2) as client:
        with pytest.raises(Unavailable) as caught:
            await client.get_nodes()
        assert caught.value.reason == "UNREACHABLE"


async def test_watch_resumes_without_gap_or_repeat(client: AsyncBuoyClient, server: ScriptedServer, world: World) -> None:
    async with client.watch_interfaces() as watch:
        for revision in range(1, 4):
            world.plug()
            assert (await anext(watch)).revision == revision
            world.break_streams()
        await asyncio.to_thread(server.stop)
        world.plug()
        server.start()
        assert (await anext(watch)).revision == 4


async def test_watch_reconnects_after_a_cancelled_that_nobody_asked_for(client: AsyncBuoyClient, world: World) -> None:
    world.plug()
    world.faults["WatchInterface"].append(plain(code_pb2.CANCELLED))
    async with client.watch_interfaces() as watch:
        assert (await anext(watch)).revision == 1


async def test_watch_after_compaction_yields_differences(client: AsyncBuoyClient, world: World) -> None:
    gone = world.plug()
    async with client.watch_interfaces() as watch:
        assert (await anext(watch)).type is EventType.SNAPSHOT
        with world.changed:
            world.break_streams()
            world.delete(gone.uuid)
            new = world.plug()
            world.compact()
        seen = [((event := await anext(watch)).type, event.interface.uuid) for _ in range(2)]
    assert seen == [(EventType.CREATED, new.uuid), (EventType.DELETED, gone.uuid)]


async def test_watch_goes_on_when_a_server_has_gone_silent(client: AsyncBuoyClient, world: World) -> None:
    async with client.watch_interfaces(progress_interval=0.1) as watch:
        world.plug()
        assert (await anext(watch)).revision == 1
        world.silent = True
        reader = asyncio.create_task(anext(watch))
        await asyncio.to_thread(world.wait_for_calls, "WatchInterface", 2)
        world.plug()
        assert (await asyncio.wait_for(reader, PATIENCE)).revision == 2


async def test_watch_of_a_restored_server_yields_what_differs(client: AsyncBuoyClient, world: World) -> None:
    world.plug()
    gone = world.plug()
    async with client.watch_interfaces() as watch:
        for _ in range(2):
            await anext(watch)
        world.restore(revision=1)
        event = await anext(watch)
        assert (event.type, event.interface.uuid, watch.cluster_id) == (EventType.DELETED, gone.uuid, "first restored")


async def test_watch_reconnects_when_the_stream_is_silent(client: AsyncBuoyClient, world: World) -> None:
    world.silent = True
    watch = client.watch_interfaces(start_revision=1, progress_interval=0.1)
    reader = asyncio.create_task(anext(watch, None))
    await asyncio.to_thread(world.wait_for_calls, "WatchInterface", 2)
    watch.close()
    assert await asyncio.wait_for(reader, PATIENCE) is None


async def test_cancelling_a_read_loses_no_event(client: AsyncBuoyClient, world: World) -> None:
    async with client.watch_interfaces() as watch:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(watch), 0.2)
        world.plug()
        assert (await asyncio.wait_for(anext(watch), PATIENCE)).revision == 1


async def test_cancelling_the_task_is_not_swallowed(client: AsyncBuoyClient, world: World) -> None:
    async def consume() -> None:
        async for _ in client.watch_interfaces():
            pass

    task = asyncio.create_task(consume())
    await asyncio.to_thread(world.wait_for_calls, "WatchInterface", 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, PATIENCE)
