"""Calls that are repeated, over connections that break, and reads that see what was written before."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from uuid import UUID, uuid4

import pytest
from buoy_client import AsyncBuoyClient, BuoyClient, FailedPrecondition, Unavailable, request_id
from google.rpc import code_pb2

from tests.clients.scripted_server import ScriptedServer
from tests.clients.scripted_world import UNAVAILABLE, World, plain
from tests.support.proxy import Proxy
from tests.support.waiting import PATIENCE, wait_for


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[BuoyClient]:
    """A client of the scripted server."""
    with BuoyClient(server.target, timeout=PATIENCE) as opened:
        yield opened


async def by_blocking(target: str) -> str:
    """Create an interface with the blocking client."""

    def create() -> str:
        with BuoyClient(target, timeout=PATIENCE) as client:
            client.get_nodes()
            return client.create_interface("vm", "blue").uuid

    return await asyncio.to_thread(create)


async def by_asyncio(target: str) -> str:
    """Create an interface with the asyncio client."""
    async with AsyncBuoyClient(target, timeout=PATIENCE) as client:
        await client.get_nodes()
        return (await client.create_interface("vm", "blue")).uuid


@pytest.mark.anyio
@pytest.mark.parametrize("create", [by_blocking, by_asyncio])
async def test_a_create_whose_connection_broke_gives_the_first_answer(
    server: ScriptedServer, world: World, create: Callable[[str], Awaitable[str]]
) -> None:
    with Proxy(server.target) as proxy:
        world.before["CreateInterface"] = proxy.hold
        creating = asyncio.ensure_future(create(proxy.target))
        await asyncio.to_thread(wait_for, "the interface", lambda: world.interfaces)
        proxy.cut()
        created = await asyncio.wait_for(creating, PATIENCE)
    assert [created] == list(world.interfaces)
    assert len({request.request_id for request in world.asked["CreateInterface"]}) == 1
    assert (len(world.asked["CreateInterface"]), world.calls["CreateInterface"]) == (2, 1)


def test_every_attempt_of_a_call_bears_its_request_id_and_every_call_another(client: BuoyClient, world: World) -> None:
    world.faults["CreateInterface"].extend([UNAVAILABLE, plain(code_pb2.CANCELLED), UNAVAILABLE])
    first = client.create_interface("vm", "blue")
    second = client.create_interface("vm", "blue")
    assert {first.uuid, second.uuid} == set(world.interfaces)
    ids = [request.request_id for request in world.asked["CreateInterface"]]
    assert len(ids) == 5
    assert len(set(ids[:4])) == 1
    assert ids[4] != ids[3]
    assert {UUID(given).version for given in ids} == {4}


def test_a_server_that_stays_unavailable_is_asked_five_times(client: BuoyClient, world: World) -> None:
    world.faults["CreateInterface"].extend([UNAVAILABLE] * 9)
    with pytest.raises(Unavailable) as caught:
        client.create_interface("vm", "blue")
    assert caught.value.reason == "SHUTTING_DOWN"
    assert world.calls["CreateInterface"] == 5


def test_large_changes_are_repeated_too(client: BuoyClient, world: World) -> None:
    world.faults["CreateInstance"].append(UNAVAILABLE)
    client.create_instance("vm", metadata={f"k{number}": "x" * 60_000 for number in range(12)})
    assert world.calls["CreateInstance"] == 2


def test_a_programs_own_request_id_gives_the_first_answer_later(server: ScriptedServer, world: World) -> None:
    own = uuid4()
    answers = []
    for _ in range(2):
        with BuoyClient(server.target) as restarted, request_id(own):
            answers.append(restarted.create_interface("vm", "blue"))
    assert answers[0] == answers[1]
    assert [request.request_id for request in world.asked["CreateInterface"]] == [str(own)] * 2
    with BuoyClient(server.target) as later:
        assert later.create_interface("vm", "blue") != answers[0]


@pytest.mark.anyio
async def test_tasks_bear_their_own_request_ids(server: ScriptedServer, world: World) -> None:
    async def create(client: AsyncBuoyClient, own: UUID) -> None:
        with request_id(own):
            await client.create_interface("vm", "blue")

    ids = [uuid4() for _ in range(8)]
    async with AsyncBuoyClient(server.target) as client:
        await asyncio.gather(*(create(client, own) for own in ids))
    assert {request.request_id for request in world.asked["CreateInterface"]} == {str(own) for own in ids}


def test_reads_ask_for_what_the_client_has_seen(client: BuoyClient, world: World) -> None:
    client.get_nodes()
    plugged = client.create_interface("vm", "blue")
    client.get_nodes()
    client.get_interface(plugged.uuid)
    for _ in range(3):
        world.plug()
    with client.watch_interfaces(start_revision=2) as watch:
        events = iter(watch)
        for _ in range(3):
            next(events)
    client.get_nodes()
    assert [request.min_revision for request in world.asked["ListNodes"]] == [0, 1, 4]
    assert [request.min_revision for request in world.asked["GetInterface"]] == [1]


def test_an_older_answer_does_not_take_the_client_back(client: BuoyClient, world: World) -> None:
    old, new = world.plug(), world.plug()
    client.get_interface(new.uuid)
    client.get_interface(old.uuid)
    client.get_nodes()
    assert world.asked["ListNodes"][0].min_revision == 2


def test_a_restored_server_is_read_from_its_own_revision(client: BuoyClient, world: World) -> None:
    world.plug()
    client.get_interface(world.plug().uuid)
    world.restore(revision=1)
    (kept,) = client.get_interfaces()
    client.get_interface(kept.uuid)
    assert [request.min_revision for request in world.asked["ListInterfaces"]] == [2, 0]
    assert world.asked["GetInterface"][-1].min_revision == 1


def test_a_server_that_is_behind_its_cluster_is_told_of(client: BuoyClient, world: World) -> None:
    client.get_interface(world.plug().uuid)
    world.events.clear()
    with pytest.raises(FailedPrecondition) as caught:
        client.get_nodes()
    assert caught.value.reason == "REVISION_IN_FUTURE"
