"""Each reason that a caller can meet: its status, the field that it names, and that nothing changed."""

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from buoy.v1 import address_pb2
from buoy.v1 import agent_pb2 as g
from buoy.v1 import announcing_pb2 as c
from buoy.v1 import explain_pb2 as e
from buoy.v1 import instance_pb2 as v
from buoy.v1 import interface_pb2 as i
from buoy.v1 import namespace_pb2 as s
from buoy.v1 import network_pb2 as n
from buoy.v1 import node_pb2 as d
from buoy.v1 import pool_pb2 as p
from buoy_server.core import errors
from buoy_server.rpc import status
from google.protobuf.struct_pb2 import ListValue, Value

from tests.server.agent import ScriptedAgent
from tests.server.running import Running, refusal

pytestmark = pytest.mark.anyio

Code = grpc.StatusCode
ABSENT = "00000000-0000-4000-8000-000000000000"
# service, method, request (a function of the uuid of a floating interface and of one that does not float), status, reason, field
Row = tuple[str, str, Callable[[str, str], Any], grpc.StatusCode, str, str]

MALFORMED = (Code.INVALID_ARGUMENT, "MALFORMED")
SPEC = v.InterfaceSpec
MAC = "02:00:00:00:00:01"
LONG = "x" * 254


DEEP = Value()
for _ in range(30):
    DEEP = Value(list_value=ListValue(values=[DEEP]))
NAN = Value(number_value=float("nan"))


def _create(**interface: Any) -> Callable[[str, str], v.CreateInstanceRequest]:
    return lambda *_: v.CreateInstanceRequest(name="new", interfaces=[SPEC(**{"network_ref": "net", **interface})])


def _moving(**other: Any) -> Callable[[str, str], address_pb2.MoveFloatingRequest]:
    def request(floating: str, bare: str) -> address_pb2.MoveFloatingRequest:
        whole = {"address": "192.0.2.50", "from_interface_uuid": floating, "to_interface_uuid": bare}
        return address_pb2.MoveFloatingRequest(**{**whole, **other})

    return request


ROWS: list[Row] = [
    ("interfaces", "GetInterface", lambda *_: i.GetInterfaceRequest(interface_uuid="x"), *MALFORMED, "interface_uuid"),
    ("interfaces", "GetInterface", lambda *_: i.GetInterfaceRequest(), *MALFORMED, "interface_uuid"),
    ("interfaces", "GetInterface", lambda *_: i.GetInterfaceRequest(interface_uuid=ABSENT), Code.NOT_FOUND, "INTERFACE_NOT_FOUND", "interface_uuid"),
    ("interfaces", "ListInterfaces", lambda *_: i.ListInterfacesRequest(page_size=1001), *MALFORMED, "page_size"),
    ("interfaces", "ListInterfaces", lambda *_: i.ListInterfacesRequest(page_token="?"), *MALFORMED, "page_token"),
    ("interfaces", "ListInterfaces", lambda *_: i.ListInterfacesRequest(page_token="\u00e9"), *MALFORMED, "page_token"),
    ("interfaces", "ListInterfaceEvents", lambda a, _: i.ListInterfaceEventsRequest(interface_uuid=a, page_token="OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5"), *MALFORMED, "page_token"),
    ("interfaces", "ListInterfaces", lambda *_: i.ListInterfacesRequest(instance_ref="absent"), Code.NOT_FOUND, "INSTANCE_NOT_FOUND", "instance_ref"),
    ("interfaces", "CreateInterface", lambda *_: i.CreateInterfaceRequest(instance_ref="absent", network_ref="net"), Code.NOT_FOUND, "INSTANCE_NOT_FOUND", "instance_ref"),
    ("interfaces", "CreateInterface", lambda *_: i.CreateInterfaceRequest(instance_ref="web"), *MALFORMED, "network_ref"),
    ("interfaces", "CreateInterface", lambda *_: i.CreateInterfaceRequest(instance_ref="web", network_ref="net", model="no model"), *MALFORMED, "model"),
    ("interfaces", "FloatInterface", lambda _, b: i.FloatInterfaceRequest(interface_uuid=b, address="1.2.3"), *MALFORMED, "address"),
    ("interfaces", "FloatInterface", lambda _, b: i.FloatInterfaceRequest(interface_uuid=b, pool="absent"), Code.NOT_FOUND, "POOL_NOT_FOUND", "pool"),
    ("interfaces", "FloatInterface", lambda _, b: i.FloatInterfaceRequest(interface_uuid=b, address="198.51.100.7"), Code.INVALID_ARGUMENT, "ADDRESS_OUTSIDE_POOL", "address"),
    ("interfaces", "FloatInterface", lambda _, b: i.FloatInterfaceRequest(interface_uuid=b, address="192.0.2.1"), Code.FAILED_PRECONDITION, "ADDRESS_RESERVED", "address"),
    ("interfaces", "FloatInterface", lambda _, b: i.FloatInterfaceRequest(interface_uuid=b, address="192.0.2.50"), Code.ALREADY_EXISTS, "ADDRESS_IN_USE", "address"),
    ("interfaces", "FloatInterface", lambda a, _: i.FloatInterfaceRequest(interface_uuid=a, address="192.0.2.51"), Code.FAILED_PRECONDITION, "ALREADY_FLOATING", "address"),
    ("interfaces", "FloatInterface", lambda _, b: i.FloatInterfaceRequest(interface_uuid=b, pool="tiny"), Code.RESOURCE_EXHAUSTED, "POOL_EXHAUSTED", "pool"),
    ("interfaces", "DefloatInterface", lambda a, _: i.DefloatInterfaceRequest(interface_uuid=a, flows=9), *MALFORMED, "flows"),  # type: ignore[arg-type]
    ("interfaces", "DefloatInterface", lambda a, _: i.DefloatInterfaceRequest(interface_uuid=a, drain_time={"seconds": 5}), *MALFORMED, "drain_time"),
    ("interfaces", "DefloatInterface", lambda a, _: i.DefloatInterfaceRequest(interface_uuid=a, flows="FLOW_POLICY_DRAIN", drain_time={"seconds": 86_401}), *MALFORMED, "drain_time"),
    ("interfaces", "SetInterfaceMetadataItem", lambda _, b: i.SetInterfaceMetadataItemRequest(interface_uuid=b, key="k"), *MALFORMED, "value"),
    ("interfaces", "SetInterfaceMetadataItem", lambda _, b: i.SetInterfaceMetadataItemRequest(interface_uuid=b, value=Value(bool_value=True)), *MALFORMED, "key"),
    ("interfaces", "SetInterfaceMetadataItem", lambda _, b: i.SetInterfaceMetadataItemRequest(interface_uuid=b, key=LONG, value=Value(bool_value=True)), *MALFORMED, "key"),
    ("interfaces", "SetInterfaceMetadataItem", lambda _, b: i.SetInterfaceMetadataItemRequest(interface_uuid=b, key="k", value=Value(string_value="x" * 65_536)), Code.INVALID_ARGUMENT, "METADATA_TOO_LARGE", "value"),
    ("interfaces", "SetInterfaceMetadataItem", lambda _, b: i.SetInterfaceMetadataItemRequest(interface_uuid=b, key="k", value=DEEP), *MALFORMED, "value"),
    ("interfaces", "SetInterfaceMetadataItem", lambda _, b: i.SetInterfaceMetadataItemRequest(interface_uuid=b, key="k", value=NAN), *MALFORMED, "value"),
    ("interfaces", "MoveFloating", _moving(from_interface_uuid="x"), *MALFORMED, "from_interface_uuid"),
    ("interfaces", "MoveFloating", _moving(to_interface_uuid=""), *MALFORMED, "to_interface_uuid"),
    ("interfaces", "MoveFloating", _moving(address="192.0.2"), *MALFORMED, "address"),
    ("interfaces", "MoveFloating", _moving(if_revision=-1), *MALFORMED, "if_revision"),
    ("interfaces", "MoveFloating", _moving(if_revision=1), Code.ABORTED, "REVISION_CHANGED", "if_revision"),
    ("interfaces", "MoveFloating", _moving(address="192.0.2.51"), Code.FAILED_PRECONDITION, "NOT_FLOATING", "address"),
    ("interfaces", "MoveFloating", _moving(to_interface_uuid=ABSENT), Code.NOT_FOUND, "INTERFACE_NOT_FOUND", "to_interface_uuid"),
    ("interfaces", "MoveFloating", lambda a, _: address_pb2.MoveFloatingRequest(address="192.0.2.50", from_interface_uuid=a, to_interface_uuid=a), *MALFORMED, "to_interface_uuid"),
    ("instances", "CreateInstance", lambda *_: v.CreateInstanceRequest(name="new", metadata={"k": NAN}), *MALFORMED, "metadata['k']"),
    ("instances", "CreateInstance", lambda *_: v.CreateInstanceRequest(name="new", attributes={"fields": {"k": DEEP}}), *MALFORMED, "attributes['k']"),
    ("instances", "CreateInstance", lambda *_: v.CreateInstanceRequest(name="no name"), *MALFORMED, "name"),
    ("instances", "CreateInstance", lambda *_: v.CreateInstanceRequest(name=LONG), *MALFORMED, "name"),
    ("instances", "CreateInstance", lambda *_: v.CreateInstanceRequest(name="web"), Code.ALREADY_EXISTS, "NAME_IN_USE", "name"),
    ("instances", "CreateInstance", lambda *_: v.CreateInstanceRequest(name="new", node="absent"), Code.NOT_FOUND, "NODE_NOT_FOUND", "node"),
    ("instances", "CreateInstance", lambda *_: v.CreateInstanceRequest(name="new", driver=9), *MALFORMED, "driver"),  # type: ignore[arg-type]
    ("instances", "CreateInstance", lambda *_: v.CreateInstanceRequest(name="new", interfaces=[SPEC(network_ref="net")] * 65), *MALFORMED, "interfaces"),
    ("instances", "CreateInstance", _create(network_ref="absent"), Code.NOT_FOUND, "NETWORK_NOT_FOUND", "interfaces[0].network_ref"),
    ("instances", "CreateInstance", _create(network_ref="gone"), Code.NOT_FOUND, "NETWORK_NOT_FOUND", "interfaces[0].network_ref"),
    ("instances", "CreateInstance", _create(address="10.0.1.1"), Code.INVALID_ARGUMENT, "ADDRESS_OUTSIDE_NETBLOCK", "interfaces[0].address"),
    ("instances", "CreateInstance", _create(address="10.0.0.1"), Code.FAILED_PRECONDITION, "ADDRESS_RESERVED", "interfaces[0].address"),
    ("instances", "CreateInstance", _create(address="10.0.0.9"), Code.ALREADY_EXISTS, "ADDRESS_IN_USE", "interfaces[0].address"),
    ("instances", "CreateInstance", _create(address="10.0.0.256"), *MALFORMED, "interfaces[0].address"),
    ("instances", "CreateInstance", _create(macaddr=MAC), Code.ALREADY_EXISTS, "MACADDR_IN_USE", "interfaces[0].macaddr"),
    ("instances", "CreateInstance", _create(macaddr="01:00:00:00:00:01"), *MALFORMED, "interfaces[0].macaddr"),
    ("instances", "CreateInstance", _create(macaddr="02:00:00:00:00"), *MALFORMED, "interfaces[0].macaddr"),
    ("instances", "CreateInstance", _create(network_ref="tiny"), Code.RESOURCE_EXHAUSTED, "NETWORK_FULL", "interfaces[0].address"),
    ("instances", "GetInstance", lambda *_: v.GetInstanceRequest(instance_ref="twice"), Code.FAILED_PRECONDITION, "AMBIGUOUS_NAME", "instance_ref"),
    ("networks", "CreateNetwork", lambda *_: n.CreateNetworkRequest(name="new", netblock="10.0.0.1/24"), *MALFORMED, "netblock"),
    ("networks", "CreateNetwork", lambda *_: n.CreateNetworkRequest(name="new", netblock="10.0.0.0"), *MALFORMED, "netblock"),
    ("networks", "CreateNetwork", lambda *_: n.CreateNetworkRequest(name="new", netblock="127.0.0.0/8"), *MALFORMED, "netblock"),
    ("networks", "CreateNetwork", lambda *_: n.CreateNetworkRequest(name="net", netblock="10.0.0.0/24"), Code.ALREADY_EXISTS, "NAME_IN_USE", "name"),
    ("networks", "CreateNetwork", lambda *_: n.CreateNetworkRequest(name="new", netblock="192.0.2.0/24"), Code.FAILED_PRECONDITION, "NETBLOCK_OVERLAPS_POOL", "netblock"),
    ("networks", "DeleteNetwork", lambda *_: n.DeleteNetworkRequest(network_ref="net"), Code.FAILED_PRECONDITION, "NETWORK_IN_USE", "network_ref"),
    ("networks", "RouteAddress", lambda *_: n.RouteAddressRequest(network_ref="net", address="x"), *MALFORMED, "address"),
    ("networks", "RouteAddress", lambda *_: n.RouteAddressRequest(network_ref="absent"), Code.NOT_FOUND, "NETWORK_NOT_FOUND", "network_ref"),
    ("networks", "RouteAddress", lambda *_: n.RouteAddressRequest(network_ref="net", pool="absent"), Code.NOT_FOUND, "POOL_NOT_FOUND", "pool"),
    ("networks", "RouteAddress", lambda *_: n.RouteAddressRequest(network_ref="net", node="absent"), Code.NOT_FOUND, "NODE_NOT_FOUND", "node"),
    ("networks", "RouteAddress", lambda *_: n.RouteAddressRequest(network_ref="net", address="192.0.2.50"), Code.ALREADY_EXISTS, "ADDRESS_IN_USE", "address"),
    ("networks", "RouteAddress", lambda *_: n.RouteAddressRequest(network_ref="net", address="192.0.2.1"), Code.FAILED_PRECONDITION, "ADDRESS_RESERVED", "address"),
    ("networks", "RouteAddress", lambda *_: n.RouteAddressRequest(network_ref="net", pool="tiny"), Code.RESOURCE_EXHAUSTED, "POOL_EXHAUSTED", "pool"),
    ("networks", "UnrouteAddress", lambda *_: n.UnrouteAddressRequest(network_ref="net"), *MALFORMED, "address"),
    ("networks", "UnrouteAddress", lambda *_: n.UnrouteAddressRequest(network_ref="net", address="192.0.2.50"), Code.NOT_FOUND, "ADDRESS_NOT_ROUTED", "address"),
    ("pools", "CreatePool", lambda *_: p.CreatePoolRequest(name="new"), *MALFORMED, "ranges"),
    ("pools", "CreatePool", lambda *_: p.CreatePoolRequest(name="new", ranges=["198.51.100.0/24", "x"]), *MALFORMED, "ranges[1]"),
    ("pools", "CreatePool", lambda *_: p.CreatePoolRequest(name="new", ranges=["198.51.100.0/24"], exclusions=["x"]), *MALFORMED, "exclusions[0]"),
    ("pools", "CreatePool", lambda *_: p.CreatePoolRequest(name="new", ranges=["198.51.100.0/24"], quarantine={"seconds": -1}), *MALFORMED, "quarantine"),
    ("pools", "CreatePool", lambda *_: p.CreatePoolRequest(name="new", ranges=["192.0.2.128/25"]), Code.ALREADY_EXISTS, "POOL_OVERLAP", "ranges[0]"),
    ("pools", "CreatePool", lambda *_: p.CreatePoolRequest(name="floating", ranges=["198.51.100.0/24"]), Code.ALREADY_EXISTS, "NAME_IN_USE", "name"),
    ("pools", "CreatePool", lambda *_: p.CreatePoolRequest(name="new", ranges=["198.51.100.0/24"], low_percent=51), *MALFORMED, "low_percent"),
    ("pools", "UpdatePool", lambda *_: p.UpdatePoolRequest(pool_ref="floating", if_revision=99999, drain=True), Code.ABORTED, "REVISION_CHANGED", "if_revision"),
    ("pools", "UpdatePool", lambda *_: p.UpdatePoolRequest(pool_ref="floating", ranges={}), *MALFORMED, "ranges"),
    ("pools", "UpdatePool", lambda *_: p.UpdatePoolRequest(pool_ref="floating", ranges={"ranges": ["203.0.113.0/24"]}), Code.ALREADY_EXISTS, "POOL_OVERLAP", "ranges[0]"),
    ("pools", "UpdatePool", lambda *_: p.UpdatePoolRequest(pool_ref="floating", ranges={"ranges": ["192.0.2.128/25"]}), Code.FAILED_PRECONDITION, "POOL_IN_USE", "ranges"),
    ("pools", "UpdatePool", lambda *_: p.UpdatePoolRequest(pool_ref="floating", exclusions={"ranges": ["192.0.2.50"]}), Code.FAILED_PRECONDITION, "POOL_IN_USE", "exclusions"),
    ("pools", "LiftQuarantine", lambda *_: p.LiftQuarantineRequest(address="192.0.2.50"), Code.FAILED_PRECONDITION, "NOT_RESTING", "address"),
    ("pools", "ExtendQuarantine", lambda *_: p.ExtendQuarantineRequest(address="192.0.2.50"), *MALFORMED, "duration"),
    ("pools", "ExtendQuarantine", lambda *_: p.ExtendQuarantineRequest(address="192.0.2.99", duration={"seconds": 9}), Code.FAILED_PRECONDITION, "NOT_RESTING", "address"),
    ("interfaces", "FloatInterface", lambda _, b: i.FloatInterfaceRequest(interface_uuid=b, pool="closed"), Code.FAILED_PRECONDITION, "POOL_DRAINING", "pool"),
    ("namespaces", "SetNamespacePool", lambda *_: s.SetNamespacePoolRequest(namespace="a", pool_ref="absent"), Code.NOT_FOUND, "POOL_NOT_FOUND", "pool_ref"),
    ("pools", "DeletePool", lambda *_: p.DeletePoolRequest(pool_ref="floating"), Code.FAILED_PRECONDITION, "POOL_IN_USE", "pool_ref"),
    ("pools", "GetPool", lambda *_: p.GetPoolRequest(pool_ref="absent"), Code.NOT_FOUND, "POOL_NOT_FOUND", "pool_ref"),
    ("pools", "DeletePool", lambda *_: p.DeletePoolRequest(pool_ref="tiny", request_id="1"), *MALFORMED, "request_id"),
    ("pools", "ReserveAddress", lambda *_: address_pb2.ReserveAddressRequest(address="192.0.2"), *MALFORMED, "address"),
    ("pools", "ReserveAddress", lambda *_: address_pb2.ReserveAddressRequest(comment="a\nb"), *MALFORMED, "comment"),
    ("pools", "ReserveAddress", lambda *_: address_pb2.ReserveAddressRequest(comment="x" * 257), *MALFORMED, "comment"),
    ("pools", "ReserveAddress", lambda *_: address_pb2.ReserveAddressRequest(pool="absent"), Code.NOT_FOUND, "POOL_NOT_FOUND", "pool"),
    ("pools", "ReserveAddress", lambda *_: address_pb2.ReserveAddressRequest(pool="tiny"), Code.RESOURCE_EXHAUSTED, "POOL_EXHAUSTED", "pool"),
    ("pools", "ReserveAddress", lambda *_: address_pb2.ReserveAddressRequest(address="198.51.100.7"), Code.INVALID_ARGUMENT, "ADDRESS_OUTSIDE_POOL", "address"),
    ("pools", "ReserveAddress", lambda *_: address_pb2.ReserveAddressRequest(address="192.0.2.1"), Code.FAILED_PRECONDITION, "ADDRESS_RESERVED", "address"),
    ("pools", "ReserveAddress", lambda *_: address_pb2.ReserveAddressRequest(address="192.0.2.50", namespace="a"), Code.ALREADY_EXISTS, "ADDRESS_IN_USE", "address"),
    ("pools", "ReleaseAddress", lambda *_: address_pb2.ReleaseAddressRequest(address="192.0.2.77"), Code.NOT_FOUND, "ADDRESS_NOT_FOUND", "address"),
    ("pools", "ReleaseAddress", lambda *_: address_pb2.ReleaseAddressRequest(address="192.0.2.50"), Code.FAILED_PRECONDITION, "NOT_READY", "address"),
    ("pools", "GetAddress", lambda *_: address_pb2.GetAddressRequest(), *MALFORMED, "address"),
    ("pools", "GetAddress", lambda *_: address_pb2.GetAddressRequest(address="192.0.2.77"), Code.NOT_FOUND, "ADDRESS_NOT_FOUND", "address"),
    ("namespaces", "SetNamespaceKey", lambda *_: s.SetNamespaceKeyRequest(namespace="a", key_name="k", request_id=ABSENT), *MALFORMED, "key"),
    ("nodes", "FenceNode", lambda *_: d.FenceNodeRequest(node="n1"), Code.FAILED_PRECONDITION, "NOT_READY", "node"),
    ("agents", "AnswerNode", lambda *_: g.AnswerNodeRequest(node="n1", question_id=ABSENT), Code.NOT_FOUND, "QUESTION_NOT_FOUND", "question_id"),
    ("interfaces", "ExplainInterface", lambda *_: e.ExplainInterfaceRequest(interface_uuid=ABSENT), Code.NOT_FOUND, "INTERFACE_NOT_FOUND", "interface_uuid"),
    ("interfaces", "ReannounceInterface", lambda _, b: c.ReannounceInterfaceRequest(interface_uuid=b), Code.FAILED_PRECONDITION, "NOT_FLOATING", "interface_uuid"),
    ("nodes", "DrainNode", lambda *_: d.DrainNodeRequest(node="absent"), Code.NOT_FOUND, "NODE_NOT_FOUND", "node"),
    ("nodes", "UndrainNode", lambda *_: d.UndrainNodeRequest(node="no node"), *MALFORMED, "node"),
    ("nodes", "DeleteNode", lambda *_: d.DeleteNodeRequest(node="n1"), Code.FAILED_PRECONDITION, "NODE_IN_USE", "node"),
    ("nodes", "ReannounceNode", lambda *_: c.ReannounceNodeRequest(node="absent"), Code.NOT_FOUND, "NODE_NOT_FOUND", "node"),
    ("nodes", "ListNodeEvents", lambda *_: d.ListNodeEventsRequest(node="n1", page_size=1001), *MALFORMED, "page_size"),
    ("nodes", "GetNode", lambda *_: d.GetNodeRequest(node="absent"), Code.NOT_FOUND, "NODE_NOT_FOUND", "node"),
]  # fmt: skip

# Reasons that need more than one call; the test that meets each.
ELSEWHERE = {
    "UNAUTHENTICATED": "test_access.py",
    "PERMISSION_DENIED": "test_access.py",
    "QUOTA_EXCEEDED": "test_access.py",
    "TOO_MANY_ATTEMPTS": "test_access.py",
    "NAMESPACE_IN_USE": "test_access.py",
    "NAMESPACE_NOT_FOUND": "test_access.py",
    "OTHER_NAMESPACE": "tests/unit/server/test_move_floating.py",
    "NO_NODE": "test_without_a_node_there_is_no_placement",
    "NOT_READY": "test_a_deleted_interface_does_not_float",
    "REQUEST_ID_REUSED": "test_repeats.py",
    "COMPACTED": "test_watch.py",
    "REVISION_IN_FUTURE": "test_watch.py",
    "CLUSTER_CHANGED": "test_watch.py, test_paging.py",
    "RIGHTS_CHANGED": "test_rights.py",
    "STREAM_EXPIRED": "test_watch.py",
    "SUPERSEDED": "test_nodes.py",
    "SHUTTING_DOWN": "test_watch.py",
    "STORAGE_FULL": "tests/e2e/test_server_faults.py",
    "STORAGE_UNAVAILABLE": "test_storage.py",
}


@pytest.fixture
async def subjects(server: Running, node: ScriptedAgent) -> tuple[str, str]:
    await server.pools.CreatePool(p.CreatePoolRequest(name="tiny", ranges=["203.0.113.7"]))
    await server.pools.CreatePool(p.CreatePoolRequest(name="closed", ranges=["203.0.113.9"], drain=True))
    await server.networks.CreateNetwork(n.CreateNetworkRequest(name="tiny", netblock="10.7.0.0/30"))
    await server.networks.CreateNetwork(n.CreateNetworkRequest(name="gone", netblock="10.8.0.0/24"))
    await server.networks.DeleteNetwork(n.DeleteNetworkRequest(network_ref="gone"))
    for namespace in ("a", "b"):
        await server.instances.CreateInstance(v.CreateInstanceRequest(name="twice", namespace=namespace))
    specs = [SPEC(network_ref="tiny"), SPEC(network_ref="net", address="10.0.0.9", macaddr=MAC), SPEC(network_ref="net")]
    await server.instances.CreateInstance(v.CreateInstanceRequest(name="web", interfaces=specs))
    listed = await server.instances.ListInstanceInterfaces(v.ListInstanceInterfacesRequest(instance_ref="web"))
    first, second, third = (interface.uuid for interface in listed.interfaces)
    await server.interfaces.FloatInterface(i.FloatInterfaceRequest(interface_uuid=first, pool="tiny"))
    await server.interfaces.FloatInterface(i.FloatInterfaceRequest(interface_uuid=second, address="192.0.2.50"))
    return second, third


async def test_every_refusal_names_what_is_wrong_and_changes_nothing(server: Running, subjects: tuple[str, str]) -> None:
    async def revision() -> int:
        current: int = (await server.interfaces.ListInterfaces(i.ListInterfacesRequest())).revision
        return current

    before = await revision()
    for service, method, request, code, reason, field in ROWS:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await getattr(getattr(server, service), method)(request(*subjects))
        said = refusal(refused.value)
        assert (said.code, said.reason, said.field) == (code, reason, field), (method, said)
        assert said.message
    assert await revision() == before


def _leaves(kind: type[errors.DomainError]) -> Iterator[type[errors.DomainError]]:
    if not kind.__subclasses__():
        yield kind
    for child in kind.__subclasses__():
        yield from _leaves(child)


async def test_every_reason_is_met_by_a_test() -> None:
    met = {reason for *_, reason, _ in ROWS} | set(ELSEWHERE)
    assert {kind.reason for kind in _leaves(errors.DomainError)} <= met


async def test_every_error_has_a_status() -> None:
    for kind in _leaves(errors.DomainError):
        row = next(code for parent, code in status.STATUS if issubclass(kind, parent))
        assert row is not Code.INTERNAL


async def test_a_deleted_interface_does_not_float(server: Running, node: ScriptedAgent) -> None:
    uuid = (await server.interface()).uuid
    await server.interfaces.DeleteInterface(i.DeleteInterfaceRequest(interface_uuid=uuid))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await server.interfaces.FloatInterface(i.FloatInterfaceRequest(interface_uuid=uuid))
    assert (refusal(refused.value).code, refusal(refused.value).reason) == (Code.FAILED_PRECONDITION, "NOT_READY")


async def test_without_a_node_there_is_no_placement(server: Running) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await server.instances.CreateInstance(v.CreateInstanceRequest(name="web"))
    assert (refusal(refused.value).code, refusal(refused.value).reason) == (Code.FAILED_PRECONDITION, "NO_NODE")


async def test_a_message_that_is_too_large_is_refused(server: Running, node: ScriptedAgent) -> None:
    uuid = (await server.interface()).uuid
    value = Value(string_value="x" * (2 << 20))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await server.interfaces.SetInterfaceMetadataItem(
            i.SetInterfaceMetadataItemRequest(interface_uuid=uuid, key="k", value=value)
        )
    assert refused.value.code() is Code.RESOURCE_EXHAUSTED
