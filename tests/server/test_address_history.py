"""Who had an address when, by whose request: an answer for every moment, also of what is long gone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from buoy.v1 import address_pb2, instance_pb2, interface_pb2, namespace_pb2, network_pb2, pool_pb2
from buoy_server.storage import database, retention
from buoy_server.storage.retention import Retention
from buoy_server.storage.tables import address_history
from google.protobuf.timestamp_pb2 import Timestamp

from tests.server.agent import ScriptedAgent, agent
from tests.server.running import Running, running
from tests.server.tenants import Metadata, tenants
from tests.server.waiting import wait_until_async

pytestmark = pytest.mark.anyio

FLOATING, GATEWAY = pool_pb2.RESERVATION_TYPE_FLOATING, pool_pb2.RESERVATION_TYPE_GATEWAY
ROUTED, RESERVED = pool_pb2.RESERVATION_TYPE_ROUTED, pool_pb2.RESERVATION_TYPE_RESERVED
ADDRESS = "192.0.2.7"
ATTEMPTS = [f"{number}0000000-0000-4000-8000-000000000000" for number in range(6)]


async def _periods(server: Running, address: str = ADDRESS, metadata: Metadata = (), **asked: Any) -> list[Any]:
    """Return the periods of an address, the oldest first."""
    request = address_pb2.GetAddressHistoryRequest(address=address, **asked)
    return list(reversed((await server.pools.GetAddressHistory(request, metadata=metadata)).periods))


async def _settle(server: Running, node: ScriptedAgent, **read: Any) -> None:
    """Have a node do and confirm what it was asked, until it is asked no more."""

    async def settled() -> bool:
        revision = (await server.interfaces.ListInterfaces(interface_pb2.ListInterfacesRequest(), **read)).revision
        while node.revision < revision:
            await node.hear()
        await node.confirm(**read)
        listed = await server.interfaces.ListInterfaces(interface_pb2.ListInterfacesRequest(include_deleted=True), **read)
        return all(it.generation == it.observed_generation and not it.former_nodes for it in listed.interfaces)

    await wait_until_async(settled, f"node {node.node} has confirmed everything")


async def _float(server: Running, uuid: str, attempt: str = "", address: str = ADDRESS) -> None:
    request = interface_pb2.FloatInterfaceRequest(interface_uuid=uuid, address=address, request_id=attempt)
    await server.interfaces.FloatInterface(request)


async def _defloat(server: Running, uuid: str, attempt: str = "", **asked: Any) -> None:
    await server.interfaces.DefloatInterface(
        interface_pb2.DefloatInterfaceRequest(interface_uuid=uuid, request_id=attempt, **asked)
    )


async def test_a_float_says_who_had_it_where_from_when_to_when_and_by_whose_request(
    server: Running, node: ScriptedAgent
) -> None:
    interface = await server.interface()
    began = datetime.now(UTC)
    await _float(server, interface.uuid, ATTEMPTS[0])
    (period,) = await _periods(server)
    assert (period.address, period.type, period.namespace, period.node) == (ADDRESS, FLOATING, "system", "n1")
    assert (period.interface_uuid, period.instance_uuid) == (interface.uuid, interface.instance_uuid)
    assert (period.instance_name, period.network_uuid, period.network_name) == ("web", interface.network_uuid, "net")
    assert (period.asked.method, period.asked.actor, period.asked.request_id) == ("FloatInterface", "system", ATTEMPTS[0])
    assert began <= period.since.ToDatetime(UTC) <= datetime.now(UTC)
    assert not period.HasField("until")
    assert not period.HasField("ended")

    await _settle(server, node)
    await _defloat(server, interface.uuid, ATTEMPTS[1])
    (period,) = await _periods(server)
    assert not period.HasField("until")  # its node has it still
    assert (period.ended.method, period.ended.request_id) == ("DefloatInterface", ATTEMPTS[1])
    await _settle(server, node)
    (period,) = await _periods(server)
    assert period.HasField("until")
    assert (period.ended.method, period.ended.actor, period.ended.request_id) == ("DefloatInterface", "system", ATTEMPTS[1])


async def test_it_is_known_when_the_interface_is_long_gone(server: Running, node: ScriptedAgent) -> None:
    interface = await server.interface()
    await _float(server, interface.uuid)
    await _settle(server, node)
    await server.instances.DeleteInstance(instance_pb2.DeleteInstanceRequest(instance_ref="web"))
    await _settle(server, node)
    (period,) = await _periods(server)
    assert (period.instance_name, period.ended.method) == ("web", "DeleteInstance")


async def test_floated_again_before_its_node_let_go_it_goes_on(server: Running, node: ScriptedAgent) -> None:
    interface = await server.interface()
    await _float(server, interface.uuid)
    await _defloat(server, interface.uuid)
    await _float(server, interface.uuid)
    await _settle(server, node)
    (period,) = await _periods(server)
    assert not period.HasField("ended")


async def test_the_moment_says_who_had_it_then(server: Running, node: ScriptedAgent) -> None:
    first, second = await server.interface("first"), await server.interface("second")
    for interface in (first, second):
        await _float(server, interface.uuid)
        await _settle(server, node)
        await _defloat(server, interface.uuid)
        await _settle(server, node)
    one, other = await _periods(server)

    async def at(moment: datetime) -> list[str]:
        time = Timestamp()
        time.FromDatetime(moment)
        return [period.instance_name for period in await _periods(server, time=time)]

    tick = timedelta(microseconds=1)
    since, until = one.since.ToDatetime(UTC), one.until.ToDatetime(UTC)
    assert [await at(moment) for moment in (since - tick, since, until - tick, until)] == [[], ["first"], ["first"], []]
    assert await at(other.since.ToDatetime(UTC)) == ["second"]
    assert await at(datetime.now(UTC)) == []


async def test_a_move_is_two_periods_the_second_by_the_moves_request(server: Running) -> None:
    async with agent(server, "n1") as n1, agent(server, "n2"):
        old, new = await server.interface("old", "n1"), await server.interface("new", "n2")
        await _float(server, old.uuid)
        await n1.read()
        await n1.confirm()
        move = address_pb2.MoveFloatingRequest(
            address=ADDRESS, from_interface_uuid=old.uuid, to_interface_uuid=new.uuid, request_id=ATTEMPTS[2]
        )
        moved = await server.interfaces.MoveFloating(move)
        (period,) = await _periods(server)
        assert (period.instance_name, period.HasField("until"), period.ended.method) == ("old", False, "MoveFloating")
        while n1.bindings[old.uuid].generation < moved.from_interface.generation:
            await n1.read()
        await n1.confirm()
        first, second = await _periods(server)
    assert (first.instance_name, first.node, second.instance_name, second.node) == ("old", "n1", "new", "n2")
    assert first.until == second.since
    for cause in (first.ended, second.asked):
        assert (cause.method, cause.actor, cause.request_id) == ("MoveFloating", "system", ATTEMPTS[2])


@pytest.mark.parametrize("back", [False, True])
async def test_a_move_that_is_undone_or_given_up_leaves_one_period(server: Running, node: ScriptedAgent, *, back: bool) -> None:
    old, new = await server.interface("old"), await server.interface("new")
    await _float(server, old.uuid)
    await _settle(server, node)
    there = address_pb2.MoveFloatingRequest(address=ADDRESS, from_interface_uuid=old.uuid, to_interface_uuid=new.uuid)
    await server.interfaces.MoveFloating(there)
    if back:
        again = address_pb2.MoveFloatingRequest(address=ADDRESS, from_interface_uuid=new.uuid, to_interface_uuid=old.uuid)
        await server.interfaces.MoveFloating(again)
    else:
        await _defloat(server, new.uuid)
    await _settle(server, node)
    (period,) = await _periods(server)
    assert (period.instance_name, period.HasField("until")) == ("old", not back)
    assert period.ended.method == ("" if back else "DefloatInterface")


async def test_an_instance_that_moves_begins_a_period_on_its_new_node(server: Running, node: ScriptedAgent) -> None:
    interface = await server.interface()
    await _float(server, interface.uuid)
    async with agent(server, "n2"):
        moved = instance_pb2.MoveInstanceRequest(instance_ref="web", node="n2", request_id=ATTEMPTS[3])
        await server.instances.MoveInstance(moved)
    first, second = await _periods(server)
    assert (first.node, second.node, first.until) == ("n1", "n2", second.since)
    assert (second.asked.method, second.asked.request_id) == ("MoveInstance", ATTEMPTS[3])


async def test_a_reservation_is_a_period_of_its_namespace(server: Running, node: ScriptedAgent) -> None:
    interface = await server.interface()
    await server.pools.ReserveAddress(address_pb2.ReserveAddressRequest(address=ADDRESS, request_id=ATTEMPTS[4]))
    await _float(server, interface.uuid)
    await _settle(server, node)
    await _defloat(server, interface.uuid)
    await _settle(server, node)
    await server.pools.ReleaseAddress(address_pb2.ReleaseAddressRequest(address=ADDRESS, request_id=ATTEMPTS[5]))
    periods = await _periods(server)
    assert [period.type for period in periods] == [RESERVED, FLOATING, RESERVED]
    assert [period.since for period in periods[1:]] == [period.until for period in periods[:-1]]
    assert (periods[0].asked.method, periods[0].asked.request_id) == ("ReserveAddress", ATTEMPTS[4])
    assert (periods[2].ended.method, periods[2].ended.request_id) == ("ReleaseAddress", ATTEMPTS[5])


async def test_the_source_address_of_a_network_is_known_on_each_node(server: Running, node: ScriptedAgent) -> None:
    wanted = network_pb2.CreateNetworkRequest(name="nat", netblock="10.3.0.0/24", provide_nat=True)
    network = await server.networks.CreateNetwork(wanted)
    request = instance_pb2.CreateInstanceRequest(
        name="out", node="n1", interfaces=[instance_pb2.InterfaceSpec(network_ref="nat")]
    )
    await server.instances.CreateInstance(request)
    shown = await server.networks.GetNetwork(network_pb2.GetNetworkRequest(network_ref="nat"))
    address = shown.floating_gateways[0].address
    (period,) = await _periods(server, address)
    assert (period.type, period.node, period.network_uuid, period.network_name) == (GATEWAY, "n1", network.uuid, "nat")
    await server.instances.DeleteInstance(instance_pb2.DeleteInstanceRequest(instance_ref="out"))
    await _settle(server, node)
    (period,) = await _periods(server, address)
    assert period.HasField("until")


async def test_a_routed_address_is_known_with_the_node_that_has_it(server: Running, node: ScriptedAgent) -> None:
    await server.interface()
    await server.networks.RouteAddress(network_pb2.RouteAddressRequest(network_ref="net", address=ADDRESS))
    await node.until_routed(ADDRESS)
    (period,) = await _periods(server)
    assert (period.type, period.node, period.network_name, period.asked.method) == (ROUTED, "n1", "net", "RouteAddress")
    await server.networks.UnrouteAddress(network_pb2.UnrouteAddressRequest(network_ref="net", address=ADDRESS))
    await node.until_unrouted(ADDRESS)
    (period,) = await _periods(server)
    assert (period.HasField("until"), period.ended.method) == (True, "UnrouteAddress")


async def test_several_addresses_of_a_network_go_to_a_node_at_once(server: Running, node: ScriptedAgent) -> None:
    addresses = ("192.0.2.7", "192.0.2.8", "192.0.2.9")
    await server.networks.CreateNetwork(network_pb2.CreateNetworkRequest(name="empty", netblock="10.3.0.0/24"))
    for address in addresses:
        await server.networks.RouteAddress(network_pb2.RouteAddressRequest(network_ref="empty", address=address))
    nic = instance_pb2.InterfaceSpec(network_ref="empty")
    await server.instances.CreateInstance(instance_pb2.CreateInstanceRequest(name="first", node="n1", interfaces=[nic]))
    for address in addresses:
        before, now = await _periods(server, address)
        assert (before.node, before.HasField("until")) == ("", True)
        assert (now.node, now.HasField("until")) == ("n1", False)
    await server.instances.DeleteInstance(instance_pb2.DeleteInstanceRequest(instance_ref="first"))
    await _settle(server, node)
    for address in addresses:
        assert [period.node for period in await _periods(server, address)] == ["", "n1", ""]


async def test_an_address_of_a_pools_block_or_a_private_network_is_nobodys_period(server: Running, node: ScriptedAgent) -> None:
    interface = await server.interface()
    for address in ("192.0.2.1", interface.ipv4, "203.0.113.9"):
        assert await _periods(server, address) == []


async def test_a_tenant_sees_what_was_theirs_alone(tmp_path: Path) -> None:
    async with tenants(tmp_path / "buoy.db") as world:
        server, system = world.server, world.tokens["system"]
        pool = pool_pb2.CreatePoolRequest(name="p", ranges=["192.0.2.0/24"], quarantine={"seconds": 0})
        await server.pools.CreatePool(pool, metadata=system)
        for name in ("a", "b", "a"):
            reserve = address_pb2.ReserveAddressRequest(address=ADDRESS)
            await server.pools.ReserveAddress(reserve, metadata=world.tokens[name])
            await server.pools.ReleaseAddress(address_pb2.ReleaseAddressRequest(address=ADDRESS), metadata=world.tokens[name])
        seen = {
            name: [period.namespace for period in await _periods(server, metadata=world.tokens[name])]
            for name in ("a", "b", "system")
        }
        assert seen == {"a": ["a", "a"], "b": ["b"], "system": ["a", "b", "a"]}
        calls = server.namespaces
        await calls.DeleteNamespace(namespace_pb2.DeleteNamespaceRequest(namespace="b"), metadata=system)
        await calls.CreateNamespace(namespace_pb2.CreateNamespaceRequest(name="b"), metadata=system)
        key = namespace_pb2.SetNamespaceKeyRequest(namespace="b", key_name="k")
        made = await calls.SetNamespaceKey(key, metadata=system)
        reborn = (("authorization", f"Bearer {await world.login('b', made.key)}"),)
        assert await _periods(server, metadata=reborn) == []


async def test_pages_follow_one_another(server: Running) -> None:
    for _ in range(5):
        await server.pools.ReserveAddress(address_pb2.ReserveAddressRequest(address=ADDRESS))
        await server.pools.ReleaseAddress(address_pb2.ReleaseAddressRequest(address=ADDRESS))
    whole = [period.revision for period in reversed(await _periods(server))]
    assert whole == sorted(whole, reverse=True)
    read: list[int] = []
    token = ""
    while len(read) < 5:
        request = address_pb2.GetAddressHistoryRequest(address=ADDRESS, page_size=2, page_token=token)
        page = await server.pools.GetAddressHistory(request)
        read += [period.revision for period in page.periods]
        token = page.next_page_token
    assert (read, token) == (whole, "")


async def test_what_ended_long_ago_goes_and_what_goes_on_stays(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    for _ in range(5):
        await server.pools.ReserveAddress(address_pb2.ReserveAddressRequest(address=ADDRESS))
        await server.pools.ReleaseAddress(address_pb2.ReleaseAddressRequest(address=ADDRESS))
    await server.pools.ReserveAddress(address_pb2.ReserveAddressRequest(address=ADDRESS))
    compactor = server.server._compactor
    compactor._retention = Retention(address_history=timedelta(days=2))
    for days, kept in ((1, 6), (3, 1)):
        compactor._clock = lambda days=days: datetime.now(UTC) + timedelta(days=days)  # type: ignore[misc]
        await compactor.tidy()
        assert len(await _periods(server)) == kept


@asynccontextmanager
async def _of_before(path: Path) -> AsyncIterator[Running]:
    """Run a server on a database that was written before there was a history."""
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
        config.attributes["connection"] = connection
        command.downgrade(config, "0003")
    engine.dispose()
    async with running(path) as server:
        yield server


async def test_what_was_held_before_there_was_a_history_is_taken_in(tmp_path: Path) -> None:
    async with running(tmp_path / "buoy.db") as server, agent(server):
        await server.furnish()
        interface = await server.interface()
        await _float(server, interface.uuid, ATTEMPTS[0])
        (known,) = await _periods(server)
    async with _of_before(tmp_path / "buoy.db") as server, agent(server) as node:
        (period,) = await _periods(server)
        assert (period.interface_uuid, period.instance_name, period.node) == (interface.uuid, "web", "n1")
        assert (period.since, period.asked.request_id) == (known.since, ATTEMPTS[0])
        await _defloat(server, interface.uuid)
        await _settle(server, node)
        (period,) = await _periods(server)
        assert period.HasField("until")


async def test_it_is_written_with_the_change_or_not_at_all(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    store = server.server._backend.store

    def fail(*_: object) -> None:
        raise sa.exc.OperationalError("INSERT", {}, Exception("disk I/O error"))

    monkeypatch.setattr(store._history, "write", fail)
    with pytest.raises(Exception, match="nothing was changed"):
        await server.pools.ReserveAddress(address_pb2.ReserveAddressRequest(address=ADDRESS))
    monkeypatch.undo()

    async def reserved() -> bool:
        listed = await server.pools.ListReservedAddresses(address_pb2.ListReservedAddressesRequest())
        assert not listed.addresses
        await server.pools.ReserveAddress(address_pb2.ReserveAddressRequest(address=ADDRESS))
        return True

    assert await reserved()
    with store.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(address_history)) == 1
