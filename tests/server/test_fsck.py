"""A check of a database finds nothing where all is well, and each thing that was changed past the server."""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from buoy.v1 import address_pb2, admin_pb2, instance_pb2, interface_pb2, network_pb2, pool_pb2
from buoy_server.core.commands.floating import FloatInterface
from buoy_server.core.commands.routing import RouteAddress
from buoy_server.core.fsck import nodes
from buoy_server.storage.fsck import INVARIANTS, check_database

from tests.server.agent import agent
from tests.server.broken import BROKEN
from tests.server.running import Running, running
from tests.server.test_explaining import asked, examined, floating
from tests.unit.server.world import small_world

MAC = "02:00:00:00:00:09"


async def furnish(server: Running) -> None:
    """One of each kind: a float, one that rests, a routed and a kept address, a gateway, and a pool that is gone again."""
    await server.furnish()
    await server.networks.CreateNetwork(network_pb2.CreateNetworkRequest(name="nat", netblock="10.1.0.0/24", provide_nat=True))
    await server.networks.CreateNetwork(network_pb2.CreateNetworkRequest(name="spare", netblock="10.2.0.0/24"))
    await server.pools.CreatePool(pool_pb2.CreatePoolRequest(name="gone", ranges=["198.51.100.7"]))
    await server.pools.DeletePool(pool_pb2.DeletePoolRequest(pool_ref="gone"))
    # Before the floats, which are at any addresses of the pool.
    await server.networks.RouteAddress(network_pb2.RouteAddressRequest(network_ref="net", address="192.0.2.60"))
    await server.pools.ReserveAddress(address_pb2.ReserveAddressRequest(address="192.0.2.70"))
    async with agent(server) as node:
        first = await server.interface("first", float=True, address="10.0.0.9", macaddr=MAC)
        second = await server.interface("second", float=True)
        specs = [instance_pb2.InterfaceSpec(network_ref="nat")]
        await server.instances.CreateInstance(instance_pb2.CreateInstanceRequest(name="third", node="n1", interfaces=specs))
        await node.until_routed("192.0.2.60")
        while len(node.bindings) < 3:
            await node.read()
        await node.confirm()
        await server.interfaces.DefloatInterface(interface_pb2.DefloatInterfaceRequest(interface_uuid=second.uuid))
        while node.bindings[second.uuid].floating_address:
            await node.read()
        await node.confirm()
        assert first.floating.address


@pytest.fixture(scope="module")
async def whole(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one of each kind, of a server that has stopped."""
    path = tmp_path_factory.mktemp("whole") / "buoy.db"
    async with running(path) as server:
        await furnish(server)
    return path


def test_nothing_is_found_where_all_is_well(whole: Path) -> None:
    before = whole.read_bytes()
    found = check_database(f"sqlite:///{whole}")
    assert (found.violations, found.objects > 20, found.revision > 20) == ((), True, True)
    assert whole.read_bytes() == before


@pytest.mark.parametrize("what", BROKEN)
def test_each_thing_that_is_broken_is_found_and_told_with_what_to_do(whole: Path, tmp_path: Path, what: str) -> None:
    path = tmp_path / "buoy.db"
    shutil.copy(whole, path)
    check, breaks = BROKEN[what]
    breaks(path)
    found = check_database(f"sqlite:///{path}").violations
    assert check in {violation.check for violation in found}, found
    assert all(violation.about and violation.found and violation.advice for violation in found)


def test_every_check_is_proved_by_something_that_is_broken() -> None:
    proved = {check for check, _ in BROKEN.values()} | {check.name for check in nodes.CHECKS}
    assert {invariant.name for invariant in INVARIANTS} == proved


def test_what_nodes_have_not_confirmed_or_not_made_is_found_after_a_while() -> None:
    world = small_world()
    interface = world.interface(world.instance())
    world.run(FloatInterface(interface_uuid=interface.uuid))
    world.run(RouteAddress(network_ref="net", namespace=""))
    here = nodes.Live({"n1"}, world.draft.now)
    assert list(nodes.violations(world.draft, here)) == []
    later = nodes.Live({"n1"}, world.draft.now + nodes.PATIENCE * 2)
    assert [violation.check for violation in nodes.violations(world.draft, later)] == ["NODE_LAGS", "NODE_LAGS"]
    away = nodes.Live((), later.now)
    assert list(nodes.violations(world.draft, away)) == []
    world.report(interface, floating_error="no room")
    assert [violation.check for violation in nodes.violations(world.draft, here)] == ["NODE_FAILED"]


@pytest.mark.anyio
async def test_a_running_server_is_checked_from_within_and_from_beside(tmp_path: Path) -> None:
    path = tmp_path / "buoy.db"
    async with running(path) as server:
        await furnish(server)
        checked = await server.admin.CheckLedger(admin_pb2.CheckLedgerRequest())
        assert (list(checked.violations), checked.more, checked.objects > 20) == ([], 0, True)
        beside = await asyncio.to_thread(check_database, f"sqlite:///{path}")
        assert (beside.violations, beside.revision) == ((), checked.revision)
        BROKEN["a float of nobody's"][1](path)
        found = (await server.admin.CheckLedger(admin_pb2.CheckLedgerRequest())).violations
        assert [violation.check for violation in found] == ["RESERVATION_OWNER", "HOLDER_RECORD", "HISTORY_OPEN"]


def fsck(path: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """`buoy-server fsck`."""
    command = [sys.executable, "-m", "buoy_server", "fsck", *options, "--database", f"sqlite:///{path}"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_program_says_what_it_found_and_what_to_do(whole: Path, tmp_path: Path) -> None:
    well = fsck(whole)
    assert (well.returncode, well.stdout.endswith(": all is well\n")) == (0, True)
    path = tmp_path / "buoy.db"
    shutil.copy(whole, path)
    BROKEN["a routed address without a record"][1](path)
    broken = fsck(path)
    assert broken.returncode == 1
    assert "HOLDER_RECORD  network " in broken.stdout
    assert "it has 192.0.2.60 as routed, of which there is no record" in broken.stdout
    assert "buoy network unroute" in broken.stdout
    assert "HISTORY_OPEN  address 192.0.2.60: the history says " in broken.stdout
    assert broken.stdout.endswith("2 things do not hold\n")
    shown = fsck(path, "-o", "json")
    assert (shown.returncode, json.loads(shown.stdout)["violations"][0]["check"]) == (1, "HOLDER_RECORD")
    absent = fsck(tmp_path / "absent.db")
    assert (absent.returncode, "there is no file" in absent.stderr) == (3, True)
    assert not (tmp_path / "absent.db").exists()


@pytest.mark.anyio
@pytest.mark.parametrize("flaw", ["", "the element is gone"])
async def test_what_the_kernel_of_a_node_lacks_is_found_where_it_is_asked(tmp_path: Path, flaw: str) -> None:
    async with running(tmp_path / "buoy.db") as server:
        await server.furnish()
        async with agent(server) as node:
            await floating(server, node)
            quiet = await server.admin.CheckLedger(admin_pb2.CheckLedgerRequest())
            check = asyncio.ensure_future(server.admin.CheckLedger(admin_pb2.CheckLedgerRequest(kernels=True)))
            answer = examined(await asked(node))
            answer.examination.observations[0].flaws.extend([flaw] if flaw else [])
            await server.agents.AnswerNode(answer)
            checked = await check
    found = [violation.check for violation in checked.violations]
    assert (list(quiet.violations), found) == ([], ["NODE_KERNEL"] if flaw else [])
    assert (quiet.floats, quiet.floats_looked_at) == (0, 0)
    assert (checked.floats, checked.floats_looked_at) == (1, 1)


@pytest.mark.anyio
async def test_floats_that_kernels_were_not_asked_about_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("buoy_server.rpc.fsck.MOST", 2)
    async with running(tmp_path / "buoy.db") as server:
        await server.furnish()
        async with agent(server) as node:
            for name in ("a", "b", "c"):
                await server.interface(name, float=True)
            while len(node.bindings) < 3:
                await node.read()
            await node.confirm()
            check = asyncio.ensure_future(server.admin.CheckLedger(admin_pb2.CheckLedgerRequest(kernels=True)))
            answered = 0
            while answered < 2:
                for question in (await node.read()).questions:
                    await server.agents.AnswerNode(examined(question))
                    answered += 1
            bounded = await check
        away = await server.admin.CheckLedger(admin_pb2.CheckLedgerRequest(kernels=True))
    assert (bounded.floats, bounded.floats_looked_at) == (3, 2)
    assert (away.floats, away.floats_looked_at) == (3, 0)
