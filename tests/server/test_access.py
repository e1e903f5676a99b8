"""Who may call what: every RPC of every descriptor, as every sort of caller."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from buoy.v1 import (
    admin_pb2,
    agent_pb2,
    instance_pb2,
    interface_pb2,
    namespace_pb2,
    network_pb2,
    node_pb2,
    pool_pb2,
)
from buoy_server.rpc.policy import POLICY, PUBLIC_SERVICES, Who
from buoy_server.storage.database import open_database
from google.protobuf.message_factory import GetMessageClass

from tests.server.agent import agent
from tests.server.running import refusal, running
from tests.server.tenants import NOBODY, Metadata, Tenants, bearing, tenants
from tests.server.waiting import read_to_the_end
from tests.support import figures
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.anyio

FILES = (interface_pb2, instance_pb2, network_pb2, pool_pb2, node_pb2, agent_pb2, namespace_pb2, admin_pb2)
UNAUTHENTICATED, DENIED = grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED
ALLOWED = {
    Who.EVERYONE: {"nobody", "a", "system", "agent"},
    Who.TENANT: {"a", "system"},
    Who.SYSTEM: {"system"},
    Who.AGENT: {"agent", "system"},
}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Tenants]:
    async with tenants(tmp_path / "buoy.db") as started:
        yield started


def _methods() -> Iterator[tuple[str, Any]]:
    for file in FILES:
        for service in file.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                yield f"{service.full_name}/{method.name}", method


async def _code(world: Tenants, name: str, method: Any, metadata: Metadata) -> grpc.StatusCode:
    """Call with an empty request, and return how it ended; OK also for a stream that said something."""
    request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    serialize, parse = request.SerializeToString, response.FromString
    try:
        if method.server_streaming:
            stream = world.server.channel.unary_stream(f"/{name}", serialize, parse)(request(), metadata=metadata)
            await asyncio.wait_for(stream.read(), PATIENCE)
            stream.cancel()
        else:
            await world.server.channel.unary_unary(f"/{name}", serialize, parse)(request(), metadata=metadata)
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def test_every_rpc_has_a_row_and_every_row_an_rpc() -> None:
    assert set(POLICY) == {name for name, _ in _methods()}


async def test_everything_that_is_served_is_in_the_table(world: Tenants) -> None:
    served = {name for name, _ in world.server.server.dispatcher.services()}
    assert served == {name.partition("/")[0] for name in POLICY}
    assert not served & PUBLIC_SERVICES


async def test_every_rpc_as_every_sort_of_caller(world: Tenants) -> None:
    genuine = world.tokens["a"][0][1].removeprefix("Bearer ")
    strangers = {
        "expired": world.forged(iat=1, exp=2),
        "for ever": world.forged(exp=1 << 40),
        "wrong audience": world.forged(aud="somebody"),
        "wrong issuer": world.forged(iss="somebody"),
        "wrong nonce": world.forged(nonce="x"),
        "absent namespace": world.forged(sub="absent"),
        "alg none": world.unsigned(),
        "tampered": bearing(genuine[:-8] + "AAAAAAAA"),
        "no token at all": bearing(""),
        "not bearer": (("authorization", f"Basic {genuine}"),),
    }
    tried, wrong = 0, []
    for name, method in _methods():
        who = POLICY[name]
        for caller in ("nobody", "a", "system", "agent"):
            code = await _code(world, name, method, world.tokens.get(caller, NOBODY))
            expected = set() if caller in ALLOWED[who] else {UNAUTHENTICATED if caller == "nobody" else DENIED}
            unexpected = {UNAUTHENTICATED, DENIED, grpc.StatusCode.INTERNAL} if who is not Who.EVERYONE else set()
            if (expected and code not in expected) or (not expected and code in unexpected):
                wrong.append((name, caller, code))
            tried += 1
        for sort, metadata in strangers.items():
            if who is not Who.EVERYONE:
                if (code := await _code(world, name, method, metadata)) is not UNAUTHENTICATED:
                    wrong.append((name, sort, code))
                tried += 1
    figures.note(
        "calls of every RPC by every sort of caller: answered otherwise than the policy says", len(wrong), tried, "calls"
    )
    assert wrong == []
    assert tried > 600


async def _furnish(world: Tenants) -> tuple[str, str, str]:
    """Give `a` a network, an instance and an interface, and return their uuids."""
    server, system, a = world.server, world.tokens["system"], world.tokens["a"]
    await server.pools.CreatePool(pool_pb2.CreatePoolRequest(name="p", ranges=["192.0.2.0/24"]), metadata=system)
    network = await server.networks.CreateNetwork(
        network_pb2.CreateNetworkRequest(name="net", netblock="10.0.0.0/24"), metadata=a
    )
    async with agent(server, metadata=world.tokens["agent"]):
        request = instance_pb2.CreateInstanceRequest(
            name="web", node="n1", interfaces=[instance_pb2.InterfaceSpec(network_ref="net")]
        )
        instance = await server.instances.CreateInstance(request, metadata=a)
    listed = await server.instances.ListInstanceInterfaces(
        instance_pb2.ListInstanceInterfacesRequest(instance_ref="web"), metadata=a
    )
    return network.uuid, instance.uuid, listed.interfaces[0].uuid


REFS = {"interface_uuid", "instance_ref", "network_ref"}
ABSENT = "00000000-0000-4000-8000-000000000000"


async def test_what_is_anothers_answers_like_what_is_absent(world: Tenants) -> None:
    network, instance, interface = await _furnish(world)
    real = {"interface_uuid": interface, "instance_ref": instance, "network_ref": network}
    tried = 0
    for name, method in _methods():
        field = next((each.name for each in method.input_type.fields if each.name in REFS), None)
        if POLICY[name] is not Who.TENANT or field is None or method.name in {"CreateInterface", "CreateInstance"}:
            continue
        answers = [await _refused(world, name, method, {field: uuid}) for uuid in (real[field], ABSENT)]
        assert answers[0] == answers[1], name
        tried += 1
    assert tried > 20


async def _refused(world: Tenants, name: str, method: Any, fields: dict[str, str]) -> tuple[object, ...]:
    request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    filled: Any = request(**fields)
    if "value" in request.DESCRIPTOR.fields_by_name:
        filled.value.string_value = "x"
    if method.name == "UnrouteAddress":
        filled.address = "192.0.2.7"
    if method.name == "MoveInstance":
        filled.node = "n1"
    if "key" in request.DESCRIPTOR.fields_by_name:
        filled.key = "k"
    kind = world.server.channel.unary_stream if method.server_streaming else world.server.channel.unary_unary
    call: Any = kind(f"/{name}", request.SerializeToString, response.FromString)(filled, metadata=world.tokens["b"])
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await (call.read() if method.server_streaming else call)
    said = refusal(refused.value)
    uuid = next(iter(fields.values()))
    assert said.code is grpc.StatusCode.NOT_FOUND, name
    return said.code, said.reason, said.field, said.message.replace(uuid, "<uuid>")


async def test_lists_show_only_what_is_the_callers(world: Tenants) -> None:
    await _furnish(world)
    server = world.server
    for caller, count in (("a", 1), ("b", 0), ("system", 1)):
        metadata = world.tokens[caller]
        assert (
            len((await server.interfaces.ListInterfaces(interface_pb2.ListInterfacesRequest(), metadata=metadata)).interfaces)
            == count
        )
        assert (
            len((await server.instances.ListInstances(instance_pb2.ListInstancesRequest(), metadata=metadata)).instances)
            == count
        )
        assert len((await server.networks.ListNetworks(network_pb2.ListNetworksRequest(), metadata=metadata)).networks) == count
    names = await server.namespaces.ListNamespaces(namespace_pb2.ListNamespacesRequest(), metadata=world.tokens["b"])
    assert [namespace.name for namespace in names.namespaces] == ["b"]


async def test_nobody_creates_in_anothers_namespace(world: Tenants) -> None:
    request = network_pb2.CreateNetworkRequest(name="net", netblock="10.0.0.0/24", namespace="a")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await world.server.networks.CreateNetwork(request, metadata=world.tokens["b"])
    assert (refusal(refused.value).reason, refusal(refused.value).field) == ("NAMESPACE_NOT_FOUND", "namespace")


async def test_trust_opens_and_its_end_closes_also_a_watch(world: Tenants) -> None:
    _, _, interface = await _furnish(world)
    server, a, b = world.server, world.tokens["a"], world.tokens["b"]
    named = interface_pb2.GetInterfaceRequest(interface_uuid=interface)
    await server.namespaces.AddNamespaceTrust(namespace_pb2.AddNamespaceTrustRequest(external_namespace="b"), metadata=a)
    assert (await server.interfaces.GetInterface(named, metadata=b)).uuid == interface
    watch = server.interfaces.WatchInterface(interface_pb2.WatchInterfaceRequest(), metadata=b)
    assert len((await asyncio.wait_for(watch.read(), PATIENCE)).events) == 1
    request = namespace_pb2.RemoveNamespaceTrustRequest(external_namespace="b")
    await server.namespaces.RemoveNamespaceTrust(request, metadata=a)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await server.interfaces.GetInterface(named, metadata=b)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert (await asyncio.wait_for(watch.read(), PATIENCE)).synced
    (gone,) = (await asyncio.wait_for(watch.read(), PATIENCE)).events
    assert (gone.type, gone.interface.uuid) == (interface_pb2.INTERFACE_EVENT_TYPE_DELETED, interface)
    assert gone.cause.method == "RemoveNamespaceTrust"
    watch.cancel()


async def test_the_tokens_and_watches_of_a_key_end_with_it(world: Tenants) -> None:
    server, a = world.server, world.tokens["a"]
    watch = server.interfaces.WatchInterface(interface_pb2.WatchInterfaceRequest(), metadata=a)
    assert (await asyncio.wait_for(watch.read(), PATIENCE)).synced
    await server.namespaces.SetNamespaceKey(
        namespace_pb2.SetNamespaceKeyRequest(key_name="k", key="another secret"), metadata=a
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await server.interfaces.ListInterfaces(interface_pb2.ListInterfacesRequest(), metadata=a)
    assert refused.value.code() is UNAUTHENTICATED
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await read_to_the_end(watch)
    assert ended.value.code() is UNAUTHENTICATED
    new = bearing(await world.login("a", "another secret"))
    await server.interfaces.ListInterfaces(interface_pb2.ListInterfacesRequest(), metadata=new)
    await server.namespaces.DeleteNamespaceKey(namespace_pb2.DeleteNamespaceKeyRequest(key_name="k"), metadata=new)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await world.login("a", "another secret")
    assert refused.value.code() is UNAUTHENTICATED


async def test_an_agents_key_speaks_for_its_node_only(world: Tenants) -> None:
    agents, metadata = world.server.agents, world.tokens["agent"]
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await agents.ReportNode(agent_pb2.ReportNodeRequest(node="n2"), metadata=metadata)
    assert (refusal(refused.value).code, refusal(refused.value).field) == (DENIED, "node")
    async with agent(world.server, metadata=metadata):
        await agents.ReportNode(agent_pb2.ReportNodeRequest(node="n1"), metadata=metadata)


async def test_guessing_is_limited_and_says_nothing(world: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("buoy_server.auth.throttle.WINDOW", 3600.0)  # looking at 40 keys may take longer than a minute
    said = set()
    for namespace in ("a", "absent"):
        for _ in range(20):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await world.login(namespace, "wrong" * 99)
            said.add((refusal(refused.value).reason, refusal(refused.value).message))
    assert len(said) == 1
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await world.login("a", world.keys["a"])
    assert (refused.value.code(), refusal(refused.value).reason) == (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        "TOO_MANY_ATTEMPTS",
    )


async def test_quotas(world: Tenants) -> None:
    _, _, interface = await _furnish(world)
    server, a = world.server, world.tokens["a"]
    quota = namespace_pb2.NamespaceQuota(interfaces=1, floats=1, addresses=1, metadata_bytes=20)
    request = namespace_pb2.SetNamespaceQuotaRequest(namespace="a", quota=quota)
    assert (await server.namespaces.SetNamespaceQuota(request, metadata=world.tokens["system"])).quota == quota
    await server.interfaces.FloatInterface(interface_pb2.FloatInterfaceRequest(interface_uuid=interface), metadata=a)
    plug = interface_pb2.CreateInterfaceRequest(instance_ref="web", network_ref="net")
    item = interface_pb2.SetInterfaceMetadataItemRequest(interface_uuid=interface, key="k", value={"string_value": "x" * 20})
    for call, asked in ((server.interfaces.CreateInterface, plug), (server.interfaces.SetInterfaceMetadataItem, item)):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(asked, metadata=a)
        assert (refused.value.code(), refusal(refused.value).reason) == (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            "QUOTA_EXCEEDED",
        )


async def test_a_namespace_with_something_in_it_is_not_deleted(world: Tenants) -> None:
    await _furnish(world)
    calls, system = world.server.namespaces, world.tokens["system"]
    for name in ("a", "system"):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await calls.DeleteNamespace(namespace_pb2.DeleteNamespaceRequest(namespace=name), metadata=system)
        assert refusal(refused.value).reason == "NAMESPACE_IN_USE"
    await calls.DeleteNamespace(namespace_pb2.DeleteNamespaceRequest(namespace="b"), metadata=system)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await calls.GetNamespace(namespace_pb2.GetNamespaceRequest(), metadata=world.tokens["b"])
    assert refused.value.code() is UNAUTHENTICATED


async def test_namespaces_and_keys_survive_a_restart(tmp_path: Path) -> None:
    async with tenants(tmp_path / "buoy.db") as world:
        tokens = world.tokens
    async with running(tmp_path / "buoy.db", insecure=False) as server:
        request = namespace_pb2.GetNamespaceRequest()
        shown = await server.namespaces.GetNamespace(request, metadata=tokens["a"])
        assert [key.name for key in shown.keys] == ["k"]


async def test_metadata_and_events_of_every_kind(world: Tenants) -> None:
    network, _, interface = await _furnish(world)
    server, a = world.server, world.tokens["a"]
    value = {"string_value": "red"}
    cases: list[tuple[Any, Any, str, dict[str, str]]] = [
        (server.interfaces, interface_pb2, "Interface", {"interface_uuid": interface}),
        (server.instances, instance_pb2, "Instance", {"instance_ref": "web"}),
        (server.networks, network_pb2, "Network", {"network_ref": network}),
        (server.namespaces, namespace_pb2, "Namespace", {}),
    ]
    for stub, messages, kind, ref in cases:
        await getattr(stub, f"Set{kind}MetadataItem")(
            getattr(messages, f"Set{kind}MetadataItemRequest")(**ref, key="team", value=value), metadata=a
        )
        got = getattr(stub, f"Get{kind}Metadata")(getattr(messages, f"Get{kind}MetadataRequest")(**ref), metadata=a)
        assert dict((await got).metadata)["team"].string_value == "red"
        await getattr(stub, f"Delete{kind}MetadataItem")(
            getattr(messages, f"Delete{kind}MetadataItemRequest")(**ref, key="team"), metadata=a
        )
        if kind == "Namespace":
            continue
        request = getattr(messages, f"List{kind}EventsRequest")(**ref, page_size=2)
        newest = await getattr(stub, f"List{kind}Events")(request, metadata=a)
        assert [event.message for event in newest.events] == ["metadata 'team' deleted", "metadata 'team' set"]
        request.page_token = newest.next_page_token
        older = await getattr(stub, f"List{kind}Events")(request, metadata=a)
        assert older.events[-1].actor == "a"
        assert older.events[0].revision < newest.events[-1].revision


async def test_being_trusted_is_not_being_the_namespace(world: Tenants) -> None:
    calls, a, b = world.server.namespaces, world.tokens["a"], world.tokens["b"]
    await calls.AddNamespaceTrust(namespace_pb2.AddNamespaceTrustRequest(external_namespace="b"), metadata=a)
    assert (await calls.GetNamespace(namespace_pb2.GetNamespaceRequest(namespace="a"), metadata=b)).name == "a"
    cases = [
        (calls.SetNamespaceKey, namespace_pb2.SetNamespaceKeyRequest(namespace="a", key_name="backdoor")),
        (calls.DeleteNamespaceKey, namespace_pb2.DeleteNamespaceKeyRequest(namespace="a", key_name="k")),
        (calls.AddNamespaceTrust, namespace_pb2.AddNamespaceTrustRequest(namespace="a", external_namespace="c")),
        (calls.RemoveNamespaceTrust, namespace_pb2.RemoveNamespaceTrustRequest(namespace="a", external_namespace="b")),
    ]
    for call, request in cases:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(request, metadata=b)
        assert (refusal(refused.value).code, refusal(refused.value).field) == (DENIED, "namespace")
    request = namespace_pb2.AddNamespaceTrustRequest(external_namespace="b")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await calls.AddNamespaceTrust(request, metadata=world.tokens["system"])
    assert refusal(refused.value).reason == "MALFORMED"


async def test_a_namespace_made_again_has_nothing_of_its_predecessor(world: Tenants) -> None:
    _, instance, _ = await _furnish(world)
    server, system, a = world.server, world.tokens["system"], world.tokens["a"]
    delete = namespace_pb2.DeleteNamespaceRequest(namespace="a")
    async with agent(server, metadata=world.tokens["agent"]) as node:
        await server.instances.DeleteInstance(instance_pb2.DeleteInstanceRequest(instance_ref="web"), metadata=a)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await server.namespaces.DeleteNamespace(delete, metadata=system)
        assert refusal(refused.value).reason == "NAMESPACE_IN_USE"
        while not node.removed:
            await node.read()
        await node.confirm(metadata=world.tokens["agent"])
    await server.networks.DeleteNetwork(network_pb2.DeleteNetworkRequest(network_ref="net"), metadata=a)
    await server.namespaces.DeleteNamespace(delete, metadata=system)
    await server.namespaces.CreateNamespace(namespace_pb2.CreateNamespaceRequest(name="a"), metadata=system)
    made = await server.namespaces.SetNamespaceKey(
        namespace_pb2.SetNamespaceKeyRequest(namespace="a", key_name="k"), metadata=system
    )
    new = bearing(await world.login("a", made.key))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await server.instances.GetInstance(instance_pb2.GetInstanceRequest(instance_ref=instance), metadata=new)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    everything = instance_pb2.ListInstancesRequest(include_deleted=True)
    assert not (await server.instances.ListInstances(everything, metadata=new)).instances
    head = server.server._backend.view.revision
    watch = server.interfaces.WatchInterface(
        interface_pb2.WatchInterfaceRequest(start_revision=1, progress_interval={"nanos": 100_000_000}), metadata=new
    )
    seen = 0
    while seen < head:
        response = await asyncio.wait_for(watch.read(), PATIENCE)
        assert not response.events
        seen = response.revision
    watch.cancel()


def test_the_database_is_its_owners_alone(tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path / 'buoy.db'}").close()
    assert (tmp_path / "buoy.db").stat().st_mode & 0o777 == 0o600
