"""The SDK against a server that takes nobody without a key."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from buoy.v1.agent_pb2 import WatchNodeRequest
from buoy.v1.agent_pb2_grpc import AgentServiceStub
from buoy.v1.namespace_pb2 import CreateTokenRequest
from buoy.v1.namespace_pb2_grpc import NamespaceServiceStub
from buoy_client import (
    AlreadyExists,
    AsyncBuoyClient,
    BuoyClient,
    EventKind,
    EventType,
    FailedPrecondition,
    InterfaceSpec,
    InvalidArgument,
    NamespaceKey,
    NamespaceQuota,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
)
from buoy_client.transport.aio import AioWire
from buoy_client.transport.blocking import BlockingWire

from tests.clients.secured_server import SecuredServer, secured_server
from tests.support.waiting import PATIENCE

CREATE_TOKEN = "/buoy.v1.NamespaceService/CreateToken"  # noqa: S105  a path
SECRET = "hunter2hunter2"  # noqa: S105  nobody's


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredServer]:
    """One server for all tests here; each has namespaces of its own."""
    with secured_server(tmp_path_factory.mktemp("secured")) as running:
        announce(running, "n1")
        yield running


@pytest.fixture
def system(server: SecuredServer) -> Iterator[BuoyClient]:
    """Its operator."""
    with BuoyClient(server.target, namespace="system", key=server.system_key) as client:
        yield client


@dataclass(frozen=True, slots=True)
class Tenant:
    """A namespace with a key, and a client that has it."""

    name: str
    client: BuoyClient


@pytest.fixture
def tenant(server: SecuredServer, system: BuoyClient, request: pytest.FixtureRequest) -> Iterator[Tenant]:
    """A namespace of this test's own."""
    name = request.node.name.removeprefix("test_")[:60].strip("[]")
    system.create_namespace(name)
    system.add_namespace_key(name, "main", SECRET)
    with BuoyClient(server.target, namespace=name, key=SECRET) as client:
        yield Tenant(name, client)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> "Counter[str]":
    """How often each path is called from now on."""
    made: Counter[str] = Counter()
    for wire in (BlockingWire, AioWire):
        original: Any = wire.unary

        async def counted(self: Any, call: Any, *args: Any, original: Any = original) -> Any:
            made[call.path] += 1
            return await original(self, call, *args)

        monkeypatch.setattr(wire, "unary", counted)
    return made


def test_nobody_is_let_in_without_a_key(server: SecuredServer) -> None:
    with BuoyClient(server.target, namespace="system") as client:
        with pytest.raises(Unauthenticated) as caught:
            client.get_networks()
        assert caught.value.reason == "NO_KEY"
        with pytest.raises(Unauthenticated), client.watch_interfaces() as watch:
            next(iter(watch))


def test_a_wrong_key_and_an_absent_namespace_are_refused_alike(server: SecuredServer) -> None:
    words = set()
    for namespace in ("system", "absent"):
        with BuoyClient(server.target, namespace=namespace, key="wrong-secret") as client:
            with pytest.raises(Unauthenticated) as caught:
                client.get_networks()
            words.add((caught.value.reason, str(caught.value)))
    assert words == {("UNAUTHENTICATED", "no such namespace, or no such key")}


def test_a_key_is_a_namespace(tenant: Tenant, system: BuoyClient) -> None:
    assert (system.whoami(), tenant.client.whoami()) == ("system", tenant.name)
    assert tenant.client.create_network("net", "10.0.0.0/24").namespace == tenant.name
    assert system.get_network("net", tenant.name).name == "net"
    assert tenant.name in {network.namespace for network in system.get_networks()}
    with pytest.raises(PermissionDenied):
        tenant.client.get_nodes()
    with pytest.raises(NotFound):
        tenant.client.get_namespace("system")


def test_calls_share_one_token(tenant: Tenant, server: SecuredServer, calls: "Counter[str]") -> None:
    with BuoyClient(server.target, namespace=tenant.name, key=SECRET) as client, ThreadPoolExecutor(16) as threads:
        assert [it.result() for it in [threads.submit(client.get_networks) for _ in range(64)]] == [[]] * 64
    assert calls[CREATE_TOKEN] == 1


@pytest.mark.anyio
async def test_tasks_share_one_token(tenant: Tenant, server: SecuredServer, calls: "Counter[str]") -> None:
    async with AsyncBuoyClient(server.target, namespace=tenant.name, key=SECRET) as client:
        assert await asyncio.gather(*(client.get_networks() for _ in range(64))) == [[]] * 64
    assert calls[CREATE_TOKEN] == 1


def test_a_deleted_key_ends_its_calls_and_watches(tenant: Tenant, system: BuoyClient) -> None:
    tenant.client.get_networks()
    with tenant.client.watch_interfaces(progress_interval=0.1) as watch, ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(lambda: next(iter(watch)))
        system.delete_namespace_key(tenant.name, "main")
        with pytest.raises(Unauthenticated):
            waiting.result(PATIENCE)
    with pytest.raises(Unauthenticated):
        tenant.client.get_networks()


def test_a_key_that_comes_back_is_taken_without_a_word(tenant: Tenant, system: BuoyClient, calls: "Counter[str]") -> None:
    tenant.client.get_networks()
    for _ in range(2):
        system.delete_namespace_key(tenant.name, "main")
        system.add_namespace_key(tenant.name, "main", SECRET)
        tenant.client.create_network(f"net{calls[CREATE_TOKEN]}", "10.0.0.0/24")
    assert calls[CREATE_TOKEN] == 3


def test_a_watch_goes_on_with_another_token_without_gap_or_repeat(tenant: Tenant, system: BuoyClient) -> None:
    client = tenant.client
    client.create_network("net", "10.0.0.0/24")
    with client.watch_interfaces() as watch:
        events = iter(watch)
        first = plug(system, tenant.name, "a")
        assert next(events).interface.uuid == first
        system.add_namespace_key(tenant.name, "main", SECRET)  # another nonce: the tokens of the old one end
        second = plug(system, tenant.name, "b")
        assert next(events).interface.uuid == second
        client.set_interface_metadata_item(first, "k", 1)
        event = next(events)
        assert (event.type, event.interface.uuid) == (EventType.UPDATED, first)


def test_what_a_trust_showed_is_deleted_from_a_watch_when_it_ends(tenant: Tenant, system: BuoyClient) -> None:
    other = f"{tenant.name[:50]}-other"
    system.create_namespace(other)
    system.add_namespace_trust(other, tenant.name)
    for namespace in (other, tenant.name):
        system.create_network("net", "10.0.0.0/24", namespace=namespace)
    theirs, ours = plug(system, other, "a"), plug(system, tenant.name, "a")
    with tenant.client.watch_interfaces() as watch:
        events = iter(watch)
        assert {next(events).interface.uuid, next(events).interface.uuid} == {theirs, ours}
        changed = system.set_interface_metadata_item(ours, "k", 1).revision
        assert next(events).revision == changed
        system.remove_namespace_trust(other, tenant.name)
        event = next(events)
        assert (event.type, event.interface.uuid) == (EventType.DELETED, theirs)


def test_namespaces(system: BuoyClient, tenant: Tenant) -> None:
    with pytest.raises(AlreadyExists):
        system.create_namespace(tenant.name)
    made = tenant.client.add_namespace_key(tenant.name, "ci")
    assert len(made.key) >= 32
    assert tenant.client.add_namespace_key(tenant.name, "own", "secret-of-mine").key == ""
    system.add_namespace_key("system", "agent-node1", node="node1")
    assert NamespaceKey("agent-node1", "node1") in system.get_namespace().keys
    assert tenant.client.get_namespace_keynames() == ["main", "ci", "own"]
    assert tenant.client.delete_namespace_key(tenant.name, "ci").keys == (NamespaceKey("main", ""), NamespaceKey("own", ""))
    assert tenant.client.add_namespace_trust(tenant.name, "system").trusts == ("system",)
    assert tenant.client.remove_namespace_trust(tenant.name, "system").trusts == ()
    assert [it.name for it in tenant.client.get_namespaces()] == [tenant.name]
    assert tenant.client.set_namespace_metadata_item(tenant.name, "k", [1]).metadata == {"k": [1]}
    assert tenant.client.get_namespace_metadata() == {"k": [1]}
    assert tenant.client.delete_namespace_metadata_item(tenant.name, "k").metadata == {}
    with pytest.raises(PermissionDenied):
        tenant.client.delete_namespace(tenant.name)
    assert system.delete_namespace(tenant.name).name == tenant.name


def test_quotas(system: BuoyClient, tenant: Tenant) -> None:
    assert system.get_namespace(tenant.name).quota == NamespaceQuota()
    assert system.set_namespace_quota(tenant.name, interfaces=1).quota == NamespaceQuota(interfaces=1)
    tenant.client.create_network("net", "10.0.0.0/24")
    with pytest.raises(ResourceExhausted) as caught:
        tenant.client.create_instance("vm", ["net", "net"], node="n1")
    assert caught.value.reason == "QUOTA_EXCEEDED"
    with pytest.raises(FailedPrecondition) as used:
        system.delete_namespace(tenant.name)
    assert used.value.reason == "NAMESPACE_IN_USE"


def test_metadata_events_and_fields_of_instances_and_networks(system: BuoyClient, tenant: Tenant) -> None:
    client = tenant.client
    network = client.allocate_network("10.0.0.0/24", True, True, "net", provide_dns=True)
    assert (network.provide_dhcp, network.provide_nat, network.provide_dns) == (True, True, True)
    assert 1 <= network.vxid < 1 << 24
    assert client.set_network_metadata_item("net", "k", {"a": None}).metadata == {"k": {"a": None}}
    assert client.get_network_metadata("net") == {"k": {"a": None}}
    assert client.delete_network_metadata_item("net", "k").metadata == {}
    instance = create(system, tenant.name, "vm", attributes={"cpus": 2}, metadata={"m": "v"})
    assert instance.attributes == {"cpus": 2}
    assert client.set_instance_metadata_item("vm", "n", 1).metadata == {"m": "v", "n": 1}
    assert client.delete_instance_metadata_item("vm", "m").metadata == client.get_instance_metadata("vm") == {"n": 1}
    (nic,) = client.get_network_interfaces("net")
    assert nic.ipv4 in {it.address for it in client.get_network_addresses("net")}
    assert [it.type for it in client.get_instance_events("vm")] == [EventKind.MUTATE, EventKind.MUTATE, EventKind.AUDIT]
    assert [it.method for it in client.get_instance_events("vm", "audit")] == ["CreateInstance"]
    assert [it.message for it in client.get_network_events("net", limit=1)] == ["metadata 'k' deleted"]
    assert [it.actor for it in client.get_interface_events(nic.uuid, limit=None)] == ["system"]
    with pytest.raises(InvalidArgument):
        client.set_instance_metadata_item("vm", "n", float("nan"))


def test_no_secret_is_logged(server: SecuredServer, tenant: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        tenant.client.get_networks()
    assert SECRET not in caplog.text
    assert SECRET not in server.log.read_text()
    assert server.system_key not in server.log.read_text()
    assert "Bearer" not in caplog.text + server.log.read_text()


def announce(server: SecuredServer, node: str) -> None:
    """Make a node known, as its agent would, with the operator's token."""
    with grpc.insecure_channel(server.target) as channel:
        request = CreateTokenRequest(namespace="system", key=server.system_key)
        token = NamespaceServiceStub(channel).CreateToken(request, wait_for_ready=True).access_token
        bearer = (("authorization", f"Bearer {token}"),)
        stream = AgentServiceStub(channel).WatchNode(WatchNodeRequest(node=node), metadata=bearer)
        next(stream)
        stream.cancel()


def plug(system: BuoyClient, namespace: str, name: str) -> str:
    """Make an instance with one interface on `net`, on a node that need not be there, and give the interface's uuid."""
    return system.get_instance_interfaces(create(system, namespace, name).uuid)[0].uuid


def create(system: BuoyClient, namespace: str, name: str, **more: Any) -> Any:
    """Make an instance with one interface on `net`."""
    return system.create_instance(name, [InterfaceSpec("net")], node="n1", namespace=namespace, **more)
