"""What is old goes, from the oldest up, and what is kept stays whole; the server itself, as its operators see it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
import sqlalchemy as sa
from buoy.v1 import admin_pb2, interface_pb2, network_pb2
from buoy_server.core.errors import StorageUnavailable
from buoy_server.core.events import EventType
from buoy_server.feed.compactor import Compactor
from buoy_server.storage import retention
from buoy_server.storage.retention import Past, Retention
from buoy_server.storage.tables import answers, events, ledger

from tests.server.agent import agent
from tests.server.running import Running, refusal, running

pytestmark = pytest.mark.anyio

LATER = timedelta(days=30)
FAR = timedelta(days=365)


async def _fill(server: Running, count: int) -> None:
    for number in range(count):
        request = network_pb2.CreateNetworkRequest(name=f"n{number}", netblock=f"10.{number}.0.0/24")
        await server.networks.CreateNetwork(request)


def _compactor(server: Running, ahead: timedelta = timedelta(), **keep: Any) -> Compactor:
    """The server's compactor, with another retention, at a time that is yet to come."""
    own = server.server._compactor
    own._retention, own._clock = Retention(**keep), lambda: datetime.now(UTC) + ahead
    return own


def _column(server: Running, column: sa.Column[Any]) -> list[Any]:
    with server.server._backend.store.reading() as connection:
        return list(connection.scalars(sa.select(column).order_by(next(iter(column.table.primary_key)))))


async def _watch_from(server: Running, revision: int) -> interface_pb2.WatchInterfaceResponse:
    call = server.interfaces.WatchInterface(interface_pb2.WatchInterfaceRequest(start_revision=revision))
    try:
        response: interface_pb2.WatchInterfaceResponse = await call.read()
        return response
    finally:
        call.cancel()


async def test_entries_beyond_the_count_go_and_the_newest_stay(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK", 7)
    await _fill(server, 20)
    head = server.server._backend.store.head()
    await _compactor(server, entries=10).tidy()
    assert _column(server, ledger.c.revision) == list(range(head - 9, head + 1))
    assert server.server._backend.feed.floor == head - 9


async def test_entries_older_than_the_age_go_and_the_newest_entry_stays(server: Running) -> None:
    await _fill(server, 5)
    head = server.server._backend.store.head()
    await _compactor(server).tidy()
    assert _column(server, ledger.c.revision)[0] == 1
    await _compactor(server, ahead=FAR).tidy()
    assert _column(server, ledger.c.revision) == [head]
    made = await server.networks.CreateNetwork(network_pb2.CreateNetworkRequest(name="next", netblock="10.99.0.0/24"))
    assert made.revision > head


async def test_only_entries_from_before_the_moment_go(server: Running) -> None:
    await _fill(server, 5)
    head = server.server._backend.store.head()
    young = datetime.now(UTC)
    await server.networks.CreateNetwork(network_pb2.CreateNetworkRequest(name="young", netblock="10.99.0.0/24"))
    assert Past(server.server._backend.store).floor(1_000_000, young) == head + 1


async def test_a_restart_after_a_compaction_has_all_objects_and_the_same_floor(tmp_path: Path) -> None:
    async with running(tmp_path / "buoy.db") as server:
        await _fill(server, 5)
        answer = await server.admin.CompactLedger(admin_pb2.CompactLedgerRequest(revision=4))
        before = await server.networks.ListNetworks(network_pb2.ListNetworksRequest())
    async with running(tmp_path / "buoy.db") as server:
        info = await server.admin.GetServer(admin_pb2.GetServerRequest())
        assert (answer.compact_revision, info.compact_revision) == (4, 4)
        assert await server.networks.ListNetworks(network_pb2.ListNetworksRequest()) == before


async def test_a_watch_from_before_the_floor_is_told_compacted_and_one_from_the_floor_is_served(server: Running) -> None:
    await _fill(server, 5)
    async with agent(server):
        await server.interface()
        floor = server.server._backend.view.revision - 2
        await server.admin.CompactLedger(admin_pb2.CompactLedgerRequest(revision=floor))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await _watch_from(server, floor - 1)
        assert refusal(refused.value).reason == "COMPACTED"
        await _watch_from(server, floor)


async def test_answers_go_by_age(server: Running) -> None:
    past = Past(server.server._backend.store)
    row = {"request": b"", "answer": b""}
    with server.server._backend.store._engine.begin() as connection:
        rows = [{"key": bytes([number]), "time": number, **row} for number in range(9)]
        connection.execute(sa.insert(answers), rows)
    for step in past.old_answers(datetime.fromtimestamp(0, UTC) + timedelta(microseconds=5)):
        step()
    assert _column(server, answers.c.time) == [5, 6, 7, 8]


async def test_events_go_by_the_age_of_their_type(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    monkeypatch.setattr(retention, "SCAN", 5)
    async with agent(server) as node:
        for number in range(3):
            await server.interface(f"i{number}", float=True)
        await node.read()
        await node.confirm()
    assert set(_column(server, events.c.type)) == {"audit", "status"}
    others = [kind for kind in _column(server, events.c.type) if kind != EventType.STATUS]
    await _compactor(server, ahead=LATER).tidy()
    assert _column(server, events.c.type) == others
    await _compactor(server, ahead=FAR).tidy()
    assert _column(server, events.c.type) == []


async def test_an_event_that_could_not_be_deleted_is_deleted_in_the_next_round(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with agent(server):
        await server.interface()
    compactor = _compactor(server, ahead=FAR)

    def fail(_: object) -> None:
        raise StorageUnavailable("away")

    with monkeypatch.context() as broken:
        broken.setattr(server.server._backend.store, "drop", fail)
        with pytest.raises(StorageUnavailable):
            await compactor.tidy()
    await compactor.tidy()
    assert (_column(server, events.c.revision), len(_column(server, ledger.c.revision))) == ([], 1)


Request = Callable[[int], admin_pb2.CompactLedgerRequest]
REFUSED: list[tuple[Request, grpc.StatusCode, str, str]] = [
    (
        lambda head: admin_pb2.CompactLedgerRequest(revision=head + 1),
        grpc.StatusCode.FAILED_PRECONDITION,
        "REVISION_IN_FUTURE",
        "revision",
    ),
    (lambda _: admin_pb2.CompactLedgerRequest(revision=-1), grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED", "revision"),
    (lambda _: admin_pb2.CompactLedgerRequest(request_id="x"), grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED", "request_id"),
]


@pytest.mark.parametrize(("request_of", "code", "reason", "field"), REFUSED)
async def test_a_compaction_that_is_refused_drops_nothing(
    server: Running, request_of: Request, code: grpc.StatusCode, reason: str, field: str
) -> None:
    head = server.server._backend.view.revision
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await server.admin.CompactLedger(request_of(head))
    said = refusal(refused.value)
    assert (said.code, said.reason, said.field) == (code, reason, field)
    assert _column(server, ledger.c.revision) == list(range(1, head + 1))


async def test_a_compaction_below_the_floor_answers_with_the_floor_and_drops_nothing(server: Running) -> None:
    await _fill(server, 5)
    for revision, floor in ((5, 5), (2, 5), (0, 5)):
        request = admin_pb2.CompactLedgerRequest(revision=revision, request_id=str(uuid4()))
        assert (await server.admin.CompactLedger(request)).compact_revision == floor
        assert _column(server, ledger.c.revision)[0] == floor


async def test_the_server_tells_its_operators_what_it_is(server: Running) -> None:
    async with agent(server):
        await server.interface()
        watching = server.interfaces.WatchInterface(interface_pb2.WatchInterfaceRequest())
        await watching.read()
        info = await server.admin.GetServer(admin_pb2.GetServerRequest())
        watching.cancel()
    backend = server.server._backend
    assert (info.revision, info.compact_revision, info.cluster_id) == (backend.view.revision, 1, backend.cluster_id)
    assert (info.interfaces, info.watches, info.agents, info.storage_problem) == (1, 1, 1, "")
    assert info.version
    assert 0 <= datetime.now(UTC).timestamp() - info.start_time.seconds < 600
