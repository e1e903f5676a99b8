"""The audit trail: what every call leaves of itself, and what none may."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from buoy.v1 import (
    address_pb2,
    announcing_pb2,
    instance_pb2,
    interface_pb2,
    namespace_pb2,
    network_pb2,
    node_pb2,
    pool_pb2,
)
from buoy_server.core.changes import Change
from buoy_server.core.commands.nodes import MissNode
from buoy_server.core.events import Event, EventType
from buoy_server.core.lookup import Caller
from buoy_server.core.state import Cause, Kind
from buoy_server.feed.entry import Committed
from buoy_server.rpc.policy import POLICY
from buoy_server.storage.database import open_database
from buoy_server.storage.tables import events, ledger
from google.protobuf.struct_pb2 import Value

from tests.server.agent import agent
from tests.server.tenants import Tenants, tenants

pytestmark = pytest.mark.anyio

SECRET = "hunter2-never-shown"  # noqa: S105
ADDRESS = "192.0.2.7"
ATTEMPT = "11111111-0000-4000-8000-000000000000"
READS = ("Get", "List", "Watch", "Explain")


def _value() -> Value:
    value = Value()
    value.struct_value.update({"password": SECRET})
    return value


async def test_an_event_says_who_asked_what_changed_and_when(tmp_path: Path) -> None:
    async with tenants(tmp_path / "buoy.db") as world:
        uuid = await _furnish(world)
        interfaces, a = world.server.interfaces, world.tokens["a"]
        floated = interface_pb2.FloatInterfaceRequest(interface_uuid=uuid, address="192.0.2.7", request_id=ATTEMPT)
        await interfaces.FloatInterface(floated, metadata=a)
        request = interface_pb2.ListInterfaceEventsRequest(interface_uuid=uuid)
        newest = (await interfaces.ListInterfaceEvents(request, metadata=a)).events[0]
        assert (newest.method, newest.actor, newest.message) == ("FloatInterface", "a", "floating address 192.0.2.7 asked for")
        assert newest.request_id == ATTEMPT
        assert newest.time.seconds > 1_600_000_000
        changed = {change.property: (change.before, change.after) for change in newest.changes}
        assert changed["floating.address"] == ("", "192.0.2.7")
        assert changed["floating.phase"] == ("", "pending")


async def test_no_call_leaves_a_secret_in_the_trail(tmp_path: Path) -> None:
    async with tenants(tmp_path / "buoy.db") as world:
        called = await _call_everything(world)
    changing = {name.rpartition("/")[2] for name in POLICY if not name.rpartition("/")[2].startswith(READS)}
    changing -= {"CompactLedger", "CheckLedger", "AnswerNode"}  # of no object
    assert called >= changing, "a new call belongs here too"
    database = open_database(f"sqlite:///{tmp_path / 'buoy.db'}")
    try:
        with database.store._engine.connect() as connection:
            told = [str(row) for row in connection.execute(sa.select(events))]
            causes = [str(row) for row in connection.execute(sa.select(ledger.c.method, ledger.c.actor, ledger.c.request_id))]
    finally:
        database.close()
    secrets = [SECRET, *world.keys.values(), *(metadata[0][1].split()[1] for metadata in world.tokens.values())]
    assert len(told) > 10
    assert not [(secret, text) for text in told + causes for secret in secrets if secret in text]


async def _furnish(world: Tenants) -> str:
    """Give namespace `a` a network and an instance, with a pool and a node for them, and return its interface."""
    server, system, a = world.server, world.tokens["system"], world.tokens["a"]
    async with agent(server, metadata=world.tokens["agent"]) as node:
        await server.pools.CreatePool(pool_pb2.CreatePoolRequest(name="floating", ranges=["192.0.2.0/24"]), metadata=system)
        await server.networks.CreateNetwork(network_pb2.CreateNetworkRequest(name="net", netblock="10.0.0.0/24"), metadata=a)
        create = instance_pb2.CreateInstanceRequest(name="web", interfaces=[instance_pb2.InterfaceSpec(network_ref="net")])
        create.metadata["k"].CopyFrom(_value())
        create.attributes.fields["user_data"].CopyFrom(_value())
        await server.instances.CreateInstance(create, metadata=a)
        while not node.bindings:
            await node.read()
        await node.confirm(metadata=world.tokens["agent"])
    listed = instance_pb2.ListInstanceInterfacesRequest(instance_ref="web")
    uuid: str = (await server.instances.ListInstanceInterfaces(listed, metadata=a)).interfaces[0].uuid
    return uuid


async def _call_everything(world: Tenants) -> set[str]:
    """Make every call that changes something, with a secret wherever one fits, and return their names."""
    server, system, a = world.server, world.tokens["system"], world.tokens["a"]
    uuid = await _furnish(world)
    async with agent(server, "n2", metadata=system), agent(server, "n6", metadata=system):
        pass  # nodes to move to and to delete
    async with agent(server, "off", metadata=system):
        pass
    await server.server._backend.writer.submit(MissNode(name="off"), Caller("system"), "MissNode")
    wanted = interface_pb2.CreateInterfaceRequest(instance_ref="web", network_ref="net")
    other = (await server.interfaces.CreateInterface(wanted, metadata=a)).uuid
    i, v, n, s = interface_pb2, instance_pb2, network_pb2, namespace_pb2
    calls: list[tuple[Any, Any, Any]] = [
        (server.interfaces, i.CreateInterfaceRequest(instance_ref="web", network_ref="net"), a),
        (server.interfaces, i.FloatInterfaceRequest(interface_uuid=uuid, address=ADDRESS), a),
        (server.interfaces, announcing_pb2.ReannounceInterfaceRequest(interface_uuid=uuid), a),
        (server.interfaces, i.SetInterfaceMetadataItemRequest(interface_uuid=uuid, key="k", value=_value()), a),
        (server.interfaces, i.DeleteInterfaceMetadataItemRequest(interface_uuid=uuid, key="k"), a),
        (server.interfaces, _moving(uuid, other), a),
        (server.interfaces, i.DefloatInterfaceRequest(interface_uuid=other), a),
        (server.interfaces, i.DeleteInterfaceRequest(interface_uuid=uuid), a),
        (server.instances, v.SetInstanceMetadataItemRequest(instance_ref="web", key="l", value=_value()), a),
        (server.instances, v.DeleteInstanceMetadataItemRequest(instance_ref="web", key="l"), a),
        (server.instances, v.MoveInstanceRequest(instance_ref="web", node="n2"), a),
        (server.instances, v.DeleteInstanceRequest(instance_ref="web"), a),
        (server.networks, n.CreateNetworkRequest(name="two", netblock="10.2.0.0/24"), a),
        (server.networks, n.SetNetworkMetadataItemRequest(network_ref="two", key="k", value=_value()), a),
        (server.networks, n.DeleteNetworkMetadataItemRequest(network_ref="two", key="k"), a),
        (server.networks, n.RouteAddressRequest(network_ref="two", address="192.0.2.60"), a),
        (server.networks, n.UnrouteAddressRequest(network_ref="two", address="192.0.2.60"), a),
        (server.networks, n.DeleteNetworkRequest(network_ref="two"), a),
        (server.pools, pool_pb2.CreatePoolRequest(name="second", ranges=["198.51.100.0/28"]), system),
        (server.pools, pool_pb2.UpdatePoolRequest(pool_ref="second", low_percent=5), system),
        (server.pools, address_pb2.ReserveAddressRequest(address="198.51.100.5"), system),
        (server.pools, address_pb2.ReleaseAddressRequest(address="198.51.100.5"), system),
        (server.pools, pool_pb2.ExtendQuarantineRequest(address="198.51.100.5", duration={"seconds": 600}), system),
        (server.pools, pool_pb2.LiftQuarantineRequest(address="198.51.100.5"), system),
        (server.pools, pool_pb2.DeletePoolRequest(pool_ref="second"), system),
        (server.nodes, node_pb2.FenceNodeRequest(node="off"), system),
        (server.nodes, node_pb2.DrainNodeRequest(node="n2"), system),
        (server.nodes, node_pb2.UndrainNodeRequest(node="n2"), system),
        (server.nodes, announcing_pb2.ReannounceNodeRequest(node="n5"), system),
        (server.nodes, node_pb2.DeleteNodeRequest(node="n6"), system),
        (server.namespaces, s.CreateNamespaceRequest(name="c"), system),
        (server.namespaces, s.SetNamespaceKeyRequest(namespace="c", key_name="k", key=SECRET), system),
        (server.namespaces, s.CreateTokenRequest(namespace="c", key=SECRET), None),
        (server.namespaces, s.DeleteNamespaceKeyRequest(namespace="c", key_name="k"), system),
        (server.namespaces, s.AddNamespaceTrustRequest(namespace="a", external_namespace="b"), a),
        (server.namespaces, s.RemoveNamespaceTrustRequest(namespace="a", external_namespace="b"), a),
        (server.namespaces, s.SetNamespaceQuotaRequest(namespace="c", quota=s.NamespaceQuota(interfaces=9)), system),
        (server.namespaces, s.SetNamespacePoolRequest(namespace="c", pool_ref="floating"), system),
        (server.namespaces, s.SetNamespaceMetadataItemRequest(namespace="a", key="k", value=_value()), a),
        (server.namespaces, s.DeleteNamespaceMetadataItemRequest(namespace="a", key="k"), a),
        (server.namespaces, s.DeleteNamespaceRequest(namespace="c"), system),
    ]
    async with agent(server, "n5", metadata=system):
        for stub, request, metadata in calls:
            await getattr(stub, _name(request))(request, metadata=metadata)
    return {_name(request) for _, request, _ in calls} | {"CreateInstance", "ReportNode"}


def _moving(uuid: str, other: str) -> address_pb2.MoveFloatingRequest:
    return address_pb2.MoveFloatingRequest(address=ADDRESS, from_interface_uuid=uuid, to_interface_uuid=other)


def _name(request: Any) -> str:
    return str(request.DESCRIPTOR.name).removesuffix("Request")


def test_an_event_is_stored_with_its_request_id_and_changes(tmp_path: Path) -> None:
    said = Event(EventType.AUDIT, "words", (Change("state", 'ini"tial', "créé"), Change("metadata.k")))
    cause = Cause("FloatInterface", "a", ATTEMPT)
    entry = Committed(1, 1, Kind.NODE, "n1", 0, None, None, cause, datetime(2026, 1, 2, tzinfo=UTC), said)
    database = open_database(f"sqlite:///{tmp_path / 'buoy.db'}")
    try:
        database.store.append([entry])
        (stored,) = database.store.events("n1", None, 0, 10)
    finally:
        database.close()
    assert (stored.event, stored.cause, stored.time) == (said, cause, entry.time)
