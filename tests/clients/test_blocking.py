"""The blocking client against a real grpc server."""

import threading
from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest
from buoy_client import (
    BuoyClient,
    BuoyError,
    DeadlineExceeded,
    EventType,
    FieldViolation,
    FloatingPhase,
    InstanceState,
    InterfaceSpec,
    InterfaceState,
    InvalidArgument,
    NetworkState,
    NotFound,
    Unavailable,
    WaitFailed,
    WaitTimeout,
)
from google.rpc import code_pb2

from tests.clients.scripted_server import ScriptedServer
from tests.clients.scripted_world import UNAVAILABLE, World, plain, rich_error
from tests.support.waiting import PATIENCE


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[BuoyClient]:
    """A client of the scripted server."""
    with BuoyClient(server.target, timeout=PATIENCE) as opened:
        yield opened


def test_get_returns_a_typed_object(client: BuoyClient, world: World) -> None:
    plugged = world.plug()
    interface = client.get_interface(plugged.uuid)
    assert interface.ipv4 == IPv4Address("10.0.0.10")
    assert interface.state is InterfaceState.CREATED
    assert interface.update_time is not None
    assert interface.update_time.tzinfo is not None
    assert interface.to_dict()["state"] == "created"


def test_not_found_has_the_reason(client: BuoyClient) -> None:
    with pytest.raises(NotFound) as caught:
        client.get_interface("b1981e81-b37a-4176-ba37-b61bc7208012")
    assert (caught.value.reason, caught.value.message) == ("INTERFACE_NOT_FOUND", "interface not found")


def test_malformed_names_the_field(client: BuoyClient, world: World) -> None:
    world.faults["GetInterface"].append(rich_error(code_pb2.INVALID_ARGUMENT, "MALFORMED", "not a uuid", "interface_uuid"))
    with pytest.raises(InvalidArgument) as caught:
        client.get_interface("x")
    assert caught.value.field_violations == (FieldViolation("interface_uuid", "not a uuid"),)


def test_list_reads_every_page(client: BuoyClient, world: World) -> None:
    uuids = sorted(world.plug().uuid for _ in range(5))
    assert [item.uuid for item in client.get_interfaces()] == uuids
    assert world.calls["ListInterfaces"] == 3


def test_calls_are_repeated_on_unavailable(client: BuoyClient, world: World) -> None:
    plugged = world.plug()
    for method in ("GetInterface", "FloatInterface"):
        world.faults[method].extend([UNAVAILABLE, UNAVAILABLE])
    client.get_interface(plugged.uuid)
    client.float_interface(plugged.uuid)
    assert (world.calls["GetInterface"], world.calls["FloatInterface"]) == (3, 3)


def test_float_with_wait_returns_when_active(client: BuoyClient, world: World) -> None:
    seen = []
    interface = client.float_interface(world.plug().uuid, wait=True, on_change=lambda item: seen.append(item.floating))
    assert interface.floating is not None
    assert interface.floating.phase is FloatingPhase.ACTIVE
    assert seen[0] is not None
    assert seen[0].phase is FloatingPhase.PENDING
    assert world.calls["GetInterface"] == 0


def test_float_with_wait_tells_why_it_failed(client: BuoyClient, world: World) -> None:
    world.on_float = world.fail
    with pytest.raises(WaitFailed, match="eth0 is down"):
        client.float_interface(world.plug().uuid, wait=True)


def test_float_with_wait_ends_at_its_deadline(client: BuoyClient, world: World) -> None:
    world.on_float = lambda _: None
    with pytest.raises(WaitTimeout):
        client.float_interface(world.plug().uuid, wait=True, timeout=0.3)


def test_float_with_wait_survives_a_broken_stream(client: BuoyClient, world: World) -> None:
    world.on_float = lambda _: None
    plugged = world.plug()
    results = []
    thread = threading.Thread(target=lambda: results.append(client.float_interface(plugged.uuid, wait=True)))
    thread.start()
    world.wait_for_calls("WatchInterface", 1)
    world.break_streams()
    world.wait_for_calls("WatchInterface", 2)
    world.activate(world.interfaces[plugged.uuid])
    thread.join(PATIENCE)
    assert [item.floating and item.floating.phase for item in results] == [FloatingPhase.ACTIVE]


def test_defloat_with_wait_returns_when_it_is_gone(client: BuoyClient, world: World) -> None:
    interface = client.defloat_interface(world.plug(floating=True).uuid, wait=True)
    assert interface.floating is None


def test_delete_with_wait_returns_when_the_node_confirmed(client: BuoyClient, world: World) -> None:
    interface = client.delete_interface(world.plug().uuid, wait=True)
    assert interface.state is InterfaceState.DELETED
    assert interface.observed_generation == interface.generation == 1


def test_instance_life_with_waits(client: BuoyClient) -> None:
    instance = client.create_instance("vm", ["blue", InterfaceSpec("red", address="10.0.0.9", float=True)], wait=True)
    assert instance.state is InstanceState.CREATED
    assert len(client.get_instance_interfaces("vm")) == 2
    assert client.delete_instance("vm", wait=True).state is InstanceState.DELETED


def test_network_life_with_wait(client: BuoyClient) -> None:
    created = client.allocate_network("10.0.0.0/24", False, True, "blue")
    assert (created.provide_nat, client.get_network("blue")) == (True, created)
    assert client.delete_network("blue", wait=True).state is NetworkState.DELETED


def test_pools_and_nodes(client: BuoyClient) -> None:
    pool = client.create_pool("public", ["192.168.20.0/24"], quarantine=60)
    assert pool.quarantine.total_seconds() == 60
    assert client.get_pools() == [pool]
    assert [str(item.address) for item in client.get_pool_addresses("public")] == ["192.168.20.17"]
    assert client.delete_pool("public") == pool
    assert [node.name for node in client.get_nodes()] == ["n1"]


def test_metadata_keeps_json_values(client: BuoyClient, world: World) -> None:
    plugged = world.plug()
    client.set_interface_metadata_item(plugged.uuid, "tags", {"a": [1, 2.5, None, True, "x"]})
    assert client.get_interface_metadata(plugged.uuid) == {"tags": {"a": [1, 2.5, None, True, "x"]}}
    client.delete_interface_metadata_item(plugged.uuid, "tags")
    assert client.get_interface_metadata(plugged.uuid) == {}


def test_metadata_that_json_cannot_say_is_refused_before_it_is_sent(client: BuoyClient, world: World) -> None:
    with pytest.raises(InvalidArgument) as caught:
        client.set_interface_metadata_item(world.plug().uuid, "k", float("nan"))
    assert caught.value.field_violations[0].field == "value"


def test_unreachable_server_is_told_with_its_target(tmp_path: object) -> None:
    with BuoyClient(f"unix://{tmp_path}/nobody.sock", connect_timeout=0.2) as client, pytest.raises(Unavailable) as caught:
        client.get_nodes()
    assert caught.value.reason == "UNREACHABLE"
    assert "nobody.sock" in caught.value.message


def test_a_call_waits_for_a_server_that_comes_back(client: BuoyClient, server: ScriptedServer) -> None:
    client.get_nodes()
    server.stop()
    restart = threading.Timer(0.3, server.start)
    restart.start()
    assert client.get_nodes()
    restart.join()


def test_a_server_that_stays_away_is_unavailable(client: BuoyClient, server: ScriptedServer) -> None:
    with BuoyClient(server.target, timeout=PATIENCE) as impatient:
        impatient.get_nodes()
        server.stop()
        impatient._transport._wire.timeout = 0.5
        with pytest.raises((Unavailable, DeadlineExceeded)):
            impatient.get_nodes()


def test_every_status_becomes_one_of_our_errors(client: BuoyClient, world: World) -> None:
    for code in range(1, 17):
        if code not in {code_pb2.UNAVAILABLE, code_pb2.CANCELLED}:  # which are tried again
            world.faults["GetInstance"].append(plain(code))
            with pytest.raises(BuoyError) as caught:
                client.get_instance("x")
            words = "no token: the server takes nobody without a key" if code == code_pb2.UNAUTHENTICATED else "plain words"
            assert caught.value.message == words


def test_watch_starts_with_a_snapshot_and_goes_on(client: BuoyClient, world: World) -> None:
    plugged = world.plug()
    with client.watch_interfaces() as watch:
        events = iter(watch)
        assert next(events).type is EventType.SNAPSHOT
        world.update(world.plug())
        assert [next(events).revision for _ in range(2)] == [2, 3]
        world.delete(plugged.uuid)
        assert next(events).type is EventType.DELETED


def test_watch_resumes_without_gap_or_repeat(client: BuoyClient, server: ScriptedServer, world: World) -> None:
    with client.watch_interfaces() as watch:
        events = iter(watch)
        for revision in range(1, 4):
            world.plug()
            assert next(events).revision == revision
            world.break_streams()
        server.stop()
        world.plug()
        server.start()
        assert next(events).revision == 4


def test_watch_reconnects_after_a_cancelled_that_nobody_asked_for(client: BuoyClient, world: World) -> None:
    world.plug()
    world.faults["WatchInterface"].append(plain(code_pb2.CANCELLED))
    with client.watch_interfaces() as watch:
        assert next(iter(watch)).revision == 1


def test_watch_takes_a_snapshot_after_compaction_and_yields_differences(client: BuoyClient, world: World) -> None:
    kept, changed, gone = world.plug(), world.plug(), world.plug()
    told: list[str] = []
    with client.watch_interfaces(progress_interval=0.1, on_snapshot=lambda why: told.append(why.reason)) as watch:
        events = iter(watch)
        for _ in range(3):
            next(events)
        with world.changed:
            world.break_streams()
            world.update(world.interfaces[changed.uuid])
            world.delete(gone.uuid)
            new = world.plug()
            world.compact()
        seen = [(event.type, event.interface.uuid) for event in (next(events) for _ in range(3))]
        assert sorted(seen) == sorted(
            [(EventType.UPDATED, changed.uuid), (EventType.DELETED, gone.uuid), (EventType.CREATED, new.uuid)]
        )
        assert kept.uuid not in [uuid for _, uuid in seen]
        assert told == ["COMPACTED"]


def test_a_watch_of_a_restored_server_yields_what_differs(client: BuoyClient, world: World) -> None:
    kept, gone = world.plug(), world.plug()
    told: list[str] = []
    with client.watch_interfaces(on_snapshot=lambda why: told.append(why.reason)) as watch:
        events = iter(watch)
        for _ in range(2):
            next(events)
        world.restore(revision=1)
        event = next(events)
        assert (event.type, event.interface.uuid, event.interface.macaddr) == (EventType.DELETED, gone.uuid, gone.macaddr)
        assert (told, watch.cluster_id, watch.revision) == (["CLUSTER_CHANGED"], "first restored", 1)
        world.update(kept)
        assert next(events).revision == 2


def test_watch_goes_on_when_a_server_has_gone_silent(client: BuoyClient, world: World) -> None:
    with client.watch_interfaces(progress_interval=0.1) as watch:
        events = iter(watch)
        world.plug()
        assert next(events).revision == 1
        world.silent = True
        later = threading.Thread(target=world.plug_at_call, args=("WatchInterface", 2))
        later.start()
        assert next(events).revision == 2
        later.join()


def test_watch_reconnects_when_the_stream_is_silent(client: BuoyClient, world: World) -> None:
    world.silent = True
    with client.watch_interfaces(start_revision=1, progress_interval=0.1) as watch:
        reader = threading.Thread(target=list, args=(watch,))
        reader.start()
        world.wait_for_calls("WatchInterface", 2)
        watch.close()
        reader.join(PATIENCE)
        assert not reader.is_alive()


def test_watch_raises_what_is_final(client: BuoyClient, world: World) -> None:
    world.faults["WatchInterface"].append(rich_error(code_pb2.NOT_FOUND, "NETWORK_NOT_FOUND", "network x not found"))
    with client.watch_interfaces(network="x") as watch, pytest.raises(NotFound, match="network x"):
        next(iter(watch))


def test_close_from_another_thread_ends_a_waiting_watch(client: BuoyClient, world: World) -> None:
    watch = client.watch_interfaces()
    reader = threading.Thread(target=list, args=(watch,))
    reader.start()
    world.wait_for_calls("WatchInterface", 1)
    watch.close()
    reader.join(PATIENCE)
    assert not reader.is_alive()
