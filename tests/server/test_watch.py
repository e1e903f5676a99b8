"""WatchInterface: what it promises."""

import asyncio
from typing import Any

import grpc
import pytest
from buoy.v1 import instance_pb2, network_pb2
from buoy.v1 import interface_pb2 as i
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Value

from tests.server.agent import ScriptedAgent, agent
from tests.server.running import Running, refusal, running
from tests.server.waiting import read_to_the_end, wait_until_async
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio

SNAPSHOT, CREATED, UPDATED, DELETED = (
    i.INTERFACE_EVENT_TYPE_SNAPSHOT,
    i.INTERFACE_EVENT_TYPE_CREATED,
    i.INTERFACE_EVENT_TYPE_UPDATED,
    i.INTERFACE_EVENT_TYPE_DELETED,
)

OTHER_CLUSTER = "6d5a4b1c-0f43-4f2e-9d38-3f0f6f0a1b2c"


def _watch(server: Running, **request: Any) -> Any:
    return server.interfaces.WatchInterface(i.WatchInterfaceRequest(**request))


async def _read(call: Any) -> i.WatchInterfaceResponse:
    response: i.WatchInterfaceResponse = await asyncio.wait_for(call.read(), PATIENCE)
    return response


async def _events(call: Any, count: int) -> list[i.InterfaceEvent]:
    events: list[i.InterfaceEvent] = []
    while len(events) < count:
        events += (await _read(call)).events
    assert len(events) == count
    return events


async def _change(server: Running, uuid: str, times: int) -> None:
    for _ in range(times):
        await server.interfaces.FloatInterface(i.FloatInterfaceRequest(interface_uuid=uuid))
        await server.interfaces.DefloatInterface(i.DefloatInterfaceRequest(interface_uuid=uuid))


async def test_a_snapshot_comes_first_then_synced_then_every_change(server: Running, node: ScriptedAgent) -> None:
    first = await server.interface("a")
    call = _watch(server)
    snapshot = await _read(call)
    assert [(event.type, event.interface.uuid) for event in snapshot.events] == [(SNAPSHOT, first.uuid)]
    synced = await _read(call)
    assert synced.synced
    assert synced.revision > 0
    second = await server.interface("b")
    await server.interfaces.DeleteInterface(i.DeleteInterfaceRequest(interface_uuid=second.uuid))
    created, deleted = await _events(call, 2)
    assert (created.type, created.cause.method, created.interface.uuid) == (CREATED, "CreateInstance", second.uuid)
    assert (deleted.type, deleted.cause.method, deleted.cause.actor) == (DELETED, "DeleteInterface", "system")
    assert synced.revision < created.revision < deleted.revision
    call.cancel()


async def test_every_change_arrives_exactly_once_in_order_on_every_watcher(server: Running, node: ScriptedAgent) -> None:
    uuid = (await server.interface()).uuid
    calls = [_watch(server, interface_uuid=uuid) for _ in range(10)]
    for call in calls:
        while not (await _read(call)).synced:
            pass
    await asyncio.gather(*(_change(server, uuid, 5) for _ in range(8)))
    final = (await server.interfaces.GetInterface(i.GetInterfaceRequest(interface_uuid=uuid))).revision
    histories = []
    for call in calls:
        revisions: list[int] = []
        while not revisions or revisions[-1] < final:
            revisions += [event.revision for event in (await _read(call)).events]
        histories.append(revisions)
        call.cancel()
    assert histories[0] == sorted(set(histories[0]))
    assert all(history == histories[0] for history in histories)


async def test_resume_continues_without_gap_or_repeat_also_after_a_restart(tmp_path: Any) -> None:
    async with running(tmp_path / "buoy.db") as server:
        await server.furnish()
        async with agent(server):
            uuid = (await server.interface()).uuid
            await _change(server, uuid, 10)
            call = _watch(server, interface_uuid=uuid, start_revision=1)
            history = await _events(call, 21)
            call.cancel()
    for start in (1, history[7].revision + 1, history[-1].revision):
        async with running(tmp_path / "buoy.db") as server:
            expected = [event for event in history if event.revision >= start]
            call = _watch(server, interface_uuid=uuid, start_revision=start)
            assert await _events(call, len(expected)) == expected
            call.cancel()


async def test_all_changes_of_one_transaction_come_in_one_message(server: Running, node: ScriptedAgent) -> None:
    await server.networks.CreateNetwork(network_pb2.CreateNetworkRequest(name="two", netblock="10.1.0.0/24"))
    call = _watch(server)
    while not (await _read(call)).synced:
        pass
    specs = [instance_pb2.InterfaceSpec(network_ref=network) for network in ("net", "two")]
    await server.instances.CreateInstance(instance_pb2.CreateInstanceRequest(name="both", interfaces=specs))
    assert [event.interface.order for event in (await _read(call)).events] == [0, 1]
    call.cancel()


async def test_a_filtered_stream_that_has_nothing_to_say_marks_its_progress(server: Running, node: ScriptedAgent) -> None:
    uuid = (await server.interface()).uuid
    call = _watch(server, node="elsewhere", progress_interval=Duration(nanos=100_000_000))
    assert (await _read(call)).synced
    await _change(server, uuid, 2)
    final = (await server.interfaces.GetInterface(i.GetInterfaceRequest(interface_uuid=uuid))).revision
    mark = await _read(call)
    while mark.revision < final:
        mark = await _read(call)
    assert not mark.events
    call.cancel()


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ({"instance_ref": "a"}, 1),
        ({"network_ref": "net"}, 2),
        ({"node": "n1"}, 2),
        ({"namespace": "system"}, 2),
        ({"namespace": "nobody"}, 0),
    ],
)
async def test_filters(server: Running, node: ScriptedAgent, chosen: dict[str, str], count: int) -> None:
    for name in ("a", "b"):
        await server.interface(name)
    call = _watch(server, **chosen)
    seen: list[Any] = []
    while not (response := await _read(call)).synced:
        seen += response.events
    assert len(seen) == count
    call.cancel()


async def test_a_revision_from_the_future_is_refused(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("buoy_server.feed.feed.FUTURE_WAIT", 0.05)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _read(_watch(server, start_revision=10_000))
    assert refusal(refused.value).code is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal(refused.value).reason == "REVISION_IN_FUTURE"


async def test_history_that_is_gone_is_compacted(server: Running) -> None:
    server.server._backend.feed.raise_floor(3)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _read(_watch(server, start_revision=2))
    assert refused.value.code() is grpc.StatusCode.OUT_OF_RANGE
    assert refusal(refused.value).reason == "COMPACTED"


async def test_a_revision_of_another_cluster_is_refused_and_every_answer_names_the_cluster(server: Running) -> None:
    call = server.interfaces.ListInterfaces(i.ListInterfacesRequest())
    listed = await call
    assert dict(await call.trailing_metadata())["buoy-cluster-id"] == listed.cluster_id
    watching = _watch(server, start_revision=listed.revision + 1, cluster_id=listed.cluster_id)
    assert (await _read(watching)).cluster_id == listed.cluster_id
    watching.cancel()
    fresh = _watch(server, cluster_id=OTHER_CLUSTER)  # a snapshot is of any
    assert (await _read(fresh)).cluster_id == listed.cluster_id
    fresh.cancel()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _read(_watch(server, start_revision=1, cluster_id=OTHER_CLUSTER))
    assert dict(refused.value.trailing_metadata())["buoy-cluster-id"] == listed.cluster_id
    assert refusal(refused.value).code is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal(refused.value).reason == "CLUSTER_CHANGED"


async def test_no_stream_lives_for_ever(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("buoy_server.rpc.register.STREAM_AGE", (0.05, 0.1))
    call = _watch(server)
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await read_to_the_end(call)
    assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
    assert refusal(ended.value).reason == "STREAM_EXPIRED"


async def test_a_read_waits_for_the_revision_that_it_names(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    async def waits() -> bool:
        return bool(server.server._backend.feed._ahead)

    monkeypatch.setattr("buoy_server.feed.feed.FUTURE_WAIT", PATIENCE)
    head = (await server.interfaces.ListInterfaces(i.ListInterfacesRequest())).revision
    waiting = asyncio.ensure_future(
        server.networks.GetNetwork(network_pb2.GetNetworkRequest(network_ref="net", min_revision=head + 1))
    )
    await wait_until_async(waits, "the read waits")
    await server.networks.CreateNetwork(network_pb2.CreateNetworkRequest(name="two", netblock="10.1.0.0/24"))
    assert (await waiting).name == "net"
    monkeypatch.setattr("buoy_server.feed.feed.FUTURE_WAIT", 0.05)
    for revision, reason in ((head + 1000, "REVISION_IN_FUTURE"), (-1, "MALFORMED")):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await server.interfaces.ListInterfaces(i.ListInterfacesRequest(min_revision=revision))
        assert (refusal(refused.value).reason, refusal(refused.value).field) == (reason, "min_revision")
        assert "buoy-cluster-id" in dict(refused.value.trailing_metadata())


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({"start_revision": -1}, "start_revision"),
        ({"progress_interval": Duration(seconds=16)}, "progress_interval"),
        ({"interface_uuid": "x"}, "interface_uuid"),
    ],
)
async def test_malformed_watches(server: Running, request_: dict[str, Any], field: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _read(_watch(server, **request_))
    assert (refusal(refused.value).reason, refusal(refused.value).field) == ("MALFORMED", field)


async def test_a_server_that_stops_ends_its_streams_with_unavailable(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("buoy_server.server.GRACE", 3600.0)  # which it does not wait for
    async with running(tmp_path / "buoy.db") as server:
        call = _watch(server)
        assert (await _read(call)).synced
        stopping = asyncio.create_task(server.server.stop())
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await _read(call)
        assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
        assert refusal(ended.value).reason == "SHUTTING_DOWN"
        await asyncio.wait_for(stopping, PATIENCE)


async def test_a_transaction_larger_than_a_message_may_be_comes_in_several(server: Running, node: ScriptedAgent) -> None:
    count, value = 20, Value(string_value="x" * 60_000)
    specs = [instance_pb2.InterfaceSpec(network_ref="net")] * count
    await server.instances.CreateInstance(instance_pb2.CreateInstanceRequest(name="big", interfaces=specs))
    for interface in (await server.interfaces.ListInterfaces(i.ListInterfacesRequest())).interfaces:
        for key in "abcd":
            request = i.SetInterfaceMetadataItemRequest(interface_uuid=interface.uuid, key=key, value=value)
            await server.interfaces.SetInterfaceMetadataItem(request)
    head = (await server.interfaces.ListInterfaces(i.ListInterfacesRequest(page_size=1))).revision
    call = _watch(server, start_revision=head + 1)
    await server.instances.DeleteInstance(instance_pb2.DeleteInstanceRequest(instance_ref="big"))
    events: list[i.InterfaceEvent] = []
    while len(events) < count:
        response = await _read(call)
        assert response.ByteSize() < 4 << 20
        assert not response.events or response.revision >= response.events[-1].revision
        events += response.events
    assert [event.revision for event in events] == sorted({event.revision for event in events})
    call.cancel()


async def test_a_change_wakes_every_watch_that_means_it_at_once(
    server: Running, node: ScriptedAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("buoy_server.rpc.watch.MAX_PROGRESS", 3600.0)  # no mark is due before the test gives up
    uuid = (await server.interface("a")).uuid
    named = {"interface_uuid": uuid, "instance_ref": "a", "network_ref": "net", "node": "n1", "namespace": "system"}
    chosen: list[dict[str, str]] = [{name: value} for name, value in named.items()] + [{}]
    calls = [_watch(server, **wanted) for wanted in chosen]
    for call in calls:
        while not (await _read(call)).synced:
            pass
    request = i.SetInterfaceMetadataItemRequest(interface_uuid=uuid, key="k", value=Value(bool_value=True))
    revision = (await server.interfaces.SetInterfaceMetadataItem(request)).revision
    for call in calls:
        assert [event.revision for event in (await _read(call)).events] == [revision]
        call.cancel()
