"""The SDK and the command line against the real server, with an agent that confirms everything at once."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from buoy_client import (
    AlreadyExists,
    AsyncBuoyClient,
    AsyncInterfaceWatch,
    BuoyClient,
    BuoyError,
    EventType,
    FailedPrecondition,
    FloatingPhase,
    Instance,
    InstanceState,
    InterfaceSpec,
    InterfaceState,
    InvalidArgument,
    NetworkState,
    NotFound,
    ResourceExhausted,
    RoutedPhase,
    request_id,
)
from buoy_client.cli import app
from typer.testing import CliRunner

from tests.clients.obliging_agent import ObligingAgent
from tests.support.proxy import Proxy
from tests.support.waiting import PATIENCE, wait_for

ABSENT = "b1981e81-b37a-4176-ba37-b61bc7208012"


class RealServer:
    """buoy-server as a process, which can be killed and started again on the same database."""

    def __init__(self, folder: Path) -> None:
        """Take where its files go."""
        self.target = f"unix://{folder}/buoy.sock"
        self._command = [sys.executable, "-m", "buoy_server", "--database", f"sqlite:///{folder}/buoy.db"]
        self._command += ["--listen", self.target, "--insecure"]
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; the clients wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(PATIENCE)


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealServer]:
    """A running server."""
    server = RealServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(real: RealServer) -> Iterator[BuoyClient]:
    """A client of it, with a node, a pool and a network."""
    with BuoyClient(real.target) as opened, ObligingAgent(real.target):
        opened.create_pool("public", ["192.168.20.0/29"], quarantine=0)
        opened.create_network("blue", "10.0.0.0/24")
        yield opened


def test_the_life_of_a_float(client: BuoyClient) -> None:
    instance = client.create_instance("vm", [InterfaceSpec("blue", address="10.0.0.9")], wait=True)
    assert (instance.state, instance.node) == (InstanceState.CREATED, "n1")
    (interface,) = client.get_instance_interfaces("vm")
    floated = client.float_interface(interface.uuid, wait=True)
    assert floated.floating is not None
    assert floated.floating.phase is FloatingPhase.ACTIVE
    assert client.float_interface(interface.uuid).floating == floated.floating
    assert client.get_pool("public").usage.in_use == 1
    assert client.defloat_interface(interface.uuid, wait=True).floating is None


def test_deletes_end_when_the_node_confirmed(client: BuoyClient) -> None:
    client.create_instance("vm", ["blue"], wait=True)
    plugged = client.create_interface("vm", "blue", float=True, wait=True)
    assert plugged.floating is not None
    assert client.delete_interface(plugged.uuid, wait=True).state is InterfaceState.DELETED
    assert client.delete_instance("vm", wait=True).state is InstanceState.DELETED
    assert client.delete_network("blue", wait=True).state is NetworkState.DELETED
    assert client.get_interfaces() == []


def test_reasons_of_refusals(client: BuoyClient) -> None:
    client.create_instance("vm", [InterfaceSpec("blue", float=True)], wait=True)
    (interface,) = client.get_instance_interfaces("vm")
    assert interface.floating is not None
    elsewhere = "192.168.20.6" if str(interface.floating.address) != "192.168.20.6" else "192.168.20.5"
    refusals: list[tuple[type[BuoyError], str, Callable[[], object]]] = [
        (NotFound, "INTERFACE_NOT_FOUND", lambda: client.get_interface(ABSENT)),
        (InvalidArgument, "MALFORMED", lambda: client.get_interface("x")),
        (AlreadyExists, "NAME_IN_USE", lambda: client.create_network("blue", "10.1.0.0/24")),
        (FailedPrecondition, "NETWORK_IN_USE", lambda: client.delete_network("blue")),
        (FailedPrecondition, "ALREADY_FLOATING", lambda: client.float_interface(interface.uuid, elsewhere)),
    ]
    for kind, reason, refused in refusals:
        with pytest.raises(kind) as caught:
            refused()
        assert caught.value.reason == reason
    for _ in range(4):
        client.create_interface("vm", "blue", float=True)
    with pytest.raises(ResourceExhausted) as full:
        client.create_interface("vm", "blue", float=True)
    assert full.value.reason == "POOL_EXHAUSTED"


def test_watch_sees_the_whole_life_of_an_interface(client: BuoyClient) -> None:
    client.create_instance("vm", ["blue"], wait=True)
    (interface,) = client.get_instance_interfaces("vm")
    with client.watch_interfaces(instance="vm") as watch:
        events = iter(watch)
        assert next(events).type is EventType.SNAPSHOT
        client.float_interface(interface.uuid, wait=True)
        client.delete_interface(interface.uuid, wait=True)
        phases: list[tuple[str, str | None]] = []
        while not phases or phases[-1] != ("deleted", None):
            seen = next(events).interface
            phases.append((str(seen.state), str(seen.floating.phase) if seen.floating else None))
    assert phases[:2] == [("created", "pending"), ("created", "active")]


def test_a_watch_goes_on_over_kill_and_restart(real: RealServer, client: BuoyClient) -> None:
    client.create_instance("vm", ["blue"], wait=True)
    (interface,) = client.get_instance_interfaces("vm")
    with client.watch_interfaces() as watch:
        events = iter(watch)
        assert next(events).interface.uuid == interface.uuid
        client.set_interface_metadata_item(interface.uuid, "synced", True)
        assert next(events).type is EventType.UPDATED
        real.stop(signal.SIGKILL)
        real.start()
        client.set_interface_metadata_item(interface.uuid, "k", "v")
        while "k" not in (event := next(events)).interface.metadata:
            assert event.type is EventType.UPDATED
        assert event.cause.method == "SetInterfaceMetadataItem"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_calls_wait_for_a_server_that_restarts(real: RealServer, client: BuoyClient, how: signal.Signals) -> None:
    before = client.get_networks()
    real.stop(how)
    real.start()
    assert client.get_networks() == before


def test_a_create_whose_connection_broke_is_one_object_and_the_first_answer(real: RealServer, client: BuoyClient) -> None:
    created: list[Instance] = []
    with Proxy(real.target) as proxy, BuoyClient(proxy.target) as broken:
        broken.get_networks()
        proxy.hold()
        thread = threading.Thread(target=lambda: created.append(broken.create_instance("vm", ["blue"])))
        thread.start()
        (made,) = wait_for("the instance", client.get_instances)
        proxy.cut()
        thread.join(PATIENCE)
    (answer,) = created
    assert answer.uuid == made.uuid
    assert [item.uuid for item in client.get_instances()] == [answer.uuid]
    assert len(client.get_instance_interfaces("vm")) == 1


def test_a_float_with_a_programs_own_request_id_is_answered_as_the_first_time(client: BuoyClient) -> None:
    client.create_instance("vm", ["blue"], wait=True)
    (interface,) = client.get_instance_interfaces("vm")
    with request_id(uuid4()):
        first = client.float_interface(interface.uuid)
        again = client.float_interface(interface.uuid)
    assert again == first


def test_a_secret_that_the_sdk_made_opens_the_namespace(real: RealServer, client: BuoyClient) -> None:
    client.create_namespace("red")
    made = client.add_namespace_key("red", "ci")
    assert made.key.startswith("ci~")
    with BuoyClient(real.target, namespace="red", key=made.key) as red:
        assert red.whoami() == "red"
    assert client.add_namespace_key("red", "own", "hunter2hunter2").key == ""


@pytest.mark.anyio
async def test_many_watches_survive_a_restart_of_the_server(real: RealServer, client: BuoyClient) -> None:
    client.create_instance("vm", ["blue"], wait=True)
    (interface,) = client.get_instance_interfaces("vm")

    async def seen(watch: AsyncInterfaceWatch) -> None:
        async for event in watch:
            if "after" in event.interface.metadata:
                return

    async with AsyncBuoyClient(real.target) as first, AsyncBuoyClient(real.target) as second:
        watches = [each.watch_interfaces() for each in (first, second) for _ in range(100)]
        await asyncio.gather(*(anext(watch) for watch in watches))
        readers = [asyncio.create_task(seen(watch)) for watch in watches]
        await asyncio.to_thread(real.stop)
        real.start()
        await first.set_interface_metadata_item(interface.uuid, "after", True)
        await asyncio.wait_for(asyncio.gather(*readers), PATIENCE)


def test_a_watch_that_history_left_behind_takes_a_fresh_snapshot(client: BuoyClient) -> None:
    client.create_instance("vm", ["blue"], wait=True)
    (interface,) = client.get_instance_interfaces("vm")
    server = client.get_server()
    assert (server.interfaces, server.agents, server.storage_problem) == (1, 1, "")
    kept = client.compact_ledger(server.revision).compact_revision
    assert (kept, client.get_server().compact_revision) == (server.revision, server.revision)
    told: list[str] = []
    with client.watch_interfaces(
        start_revision=1, cluster_id=server.cluster_id, on_snapshot=lambda why: told.append(why.reason)
    ) as watch:
        assert next(iter(watch)).interface.uuid == interface.uuid
        assert (told, watch.cluster_id) == (["COMPACTED"], server.cluster_id)


@pytest.mark.anyio
async def test_asyncio_client(real: RealServer, client: BuoyClient) -> None:
    async with AsyncBuoyClient(real.target) as asynchronous:
        await asynchronous.create_instance("vm", ["blue"], wait=True)
        (interface,) = await asynchronous.get_instance_interfaces("vm")
        async with asynchronous.watch_interfaces(interface_uuid=interface.uuid) as watch:
            assert (await anext(watch)).type is EventType.SNAPSHOT
            floated = await asynchronous.float_interface(interface.uuid, wait=True)
            phases = [(await anext(watch)).interface.floating for _ in range(2)]
        assert phases[-1] == floated.floating


def test_the_command_line_through_a_whole_life(real: RealServer, client: BuoyClient) -> None:
    def buoy(*args: str) -> str:
        result = CliRunner().invoke(app, ["--server", real.target, *args])
        assert result.exit_code == 0, result.stderr
        return result.stdout

    buoy("instance", "create", "vm", "--network", "blue,address=10.0.0.7", "--wait")
    uuid = buoy("instance", "interfaces", "vm", "-o", "name").strip()
    floated = json.loads(buoy("interface", "float", uuid, "--address", "192.168.20.3", "--wait", "-o", "json"))
    assert (floated["ipv4"], floated["floating"]["address"]) == ("10.0.0.7", "192.168.20.3")
    assert "192.168.20.3" in buoy("interface", "list", "--instance", "vm", "--network", "blue", "--node", "n1")
    assert "floating" in buoy("pool", "addresses", "public")
    routed = json.loads(buoy("network", "route", "blue", "--address", "192.168.20.4", "--node", "n1", "--wait", "-o", "json"))
    assert (routed["address"], routed["phase"], routed["node"]) == ("192.168.20.4", "active", "n1")
    assert "192.168.20.4 active on n1" in buoy("network", "show", "blue")
    assert buoy("network", "route", "blue", "--address", "192.168.20.4", "-o", "name").strip() == "192.168.20.4"
    assert "192.168.20.4 is no longer routed into network blue." in buoy("network", "unroute", "blue", "192.168.20.4", "--wait")
    buoy("instance", "create", "spare", "--network", "blue", "--wait")
    other = buoy("instance", "interfaces", "spare", "-o", "name").strip()
    assert "yes: its namespace has it" in buoy("address", "reserve", "192.168.20.3", "--comment", "www")
    moved = json.loads(buoy("address", "move", "192.168.20.3", "--to", other, "--wait", "-o", "json"))
    assert (moved["uuid"], moved["floating"]["address"], moved["floating"]["phase"]) == (other, "192.168.20.3", "active")
    buoy("interface", "defloat", other, "--wait")
    assert buoy("address", "list", "-o", "name").strip() == "192.168.20.3"
    assert "reserved" in buoy("address", "show", "192.168.20.3")
    assert buoy("address", "release", "192.168.20.3") == "192.168.20.3 is free.\n"  # the pool lets nothing rest
    held = json.loads(buoy("address", "history", "192.168.20.3", "-o", "json"))
    assert [(period["type"], period["instance_name"]) for period in reversed(held)] == [
        ("floating", "vm"),
        ("floating", "spare"),
        ("reserved", ""),
    ]
    assert "system/spare" in buoy("address", "history", "192.168.20.3")
    assert "system/vm" in buoy("address", "history", "192.168.20.3", "--at", held[-1]["since"])
    buoy("interface", "float", uuid, "--wait")
    assert json.loads(buoy("interface", "defloat", uuid, "--keep-address", "--wait", "-o", "json"))["floating"] is None
    (kept,) = buoy("address", "list", "-o", "name").split()
    buoy("address", "release", kept)
    buoy("instance", "delete", "spare", "--wait")
    buoy("interface", "metadata", "set", uuid, "owner", '{"team": 1}')
    assert json.loads(buoy("interface", "metadata", "show", uuid, "-o", "json")) == {"owner": {"team": 1}}
    assert json.loads(buoy("interface", "defloat", uuid, "--wait", "-o", "json"))["floating"] is None
    buoy("instance", "delete", "vm", "--wait")
    buoy("network", "delete", "blue", "--wait")
    buoy("pool", "delete", "public")
    assert json.loads(buoy("node", "list", "-o", "json"))[0]["interfaces"] == 0
    assert buoy("admin", "fsck").strip().endswith(": all is well")
    assert "kernels: 0 of 0 floats looked at" in buoy("admin", "fsck", "--kernels")
    assert json.loads(buoy("admin", "fsck", "-o", "json"))["violations"] == []


def test_the_command_line_moves_only_what_floats_and_reads_how_long_connections_may_drain(
    real: RealServer, client: BuoyClient
) -> None:
    client.create_instance("vm", ["blue"], wait=True)
    (interface,) = client.get_instance_interfaces("vm")

    def buoy(*args: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["--server", real.target, *args])
        return result.exit_code, result.stderr

    reserved = str(client.reserve_address().address)
    code, words = buoy("address", "move", reserved, "--to", interface.uuid)
    assert (code, f"{reserved} does not float: it is held as reserved" in words) == (1, True)
    client.float_interface(interface.uuid, wait=True)
    assert buoy("interface", "defloat", interface.uuid, "--flows", "drain", "--drain-time", "2m", "--wait")[0] == 0
    code, words = buoy("interface", "defloat", interface.uuid, "--flows", "drain", "--drain-time", "soon")
    assert (code, "soon" in words) == (2, True)


def test_an_address_is_routed_into_a_network_and_back(client: BuoyClient) -> None:
    waiting = client.route_address("blue")
    assert (waiting.phase, waiting.node, waiting.reason) == (RoutedPhase.PENDING, "", "no instance is on the network yet")
    client.create_instance("web", [InterfaceSpec("blue")], node="n1", wait=True)
    routed = client.route_address("blue", waiting.address, wait=True)
    assert (routed.address, routed.phase, routed.node) == (waiting.address, RoutedPhase.ACTIVE, "n1")
    assert client.get_network("blue").routed_addresses == (routed,)
    assert client.unroute_address("blue", routed.address, wait=True).routed_addresses == ()
    with pytest.raises(NotFound) as refused:
        client.unroute_address("blue", routed.address)
    assert refused.value.reason == "ADDRESS_NOT_ROUTED"
    plain = client.route_network_address("blue")  # as Shaken Fist's client has it
    client.unroute_network_address("blue", plain)


def test_what_a_check_finds_is_told_with_what_to_do_and_ends_with_1(
    real: RealServer, client: BuoyClient, tmp_path: Path
) -> None:
    client.create_instance("vm", [InterfaceSpec("blue", float=True)], node="n1", wait=True)
    floating = client.get_interfaces()[0].floating
    assert floating is not None
    with closing(sqlite3.connect(tmp_path / "buoy.db")) as database, database:
        database.execute("DELETE FROM reservations WHERE key = ?", (f"floating/{floating.address}",))
    (lost, floats) = (each for each in client.check_ledger().violations if each.check in ("ROW_FOLD", "HOLDER_RECORD"))
    assert (lost.check, floats.check, "defloat" in floats.advice) == ("ROW_FOLD", "HOLDER_RECORD", True)
    result = CliRunner().invoke(app, ["--server", real.target, "admin", "fsck"])
    assert (result.exit_code, floats.about in result.stdout, "things do not hold" in result.stdout) == (1, True, True)
