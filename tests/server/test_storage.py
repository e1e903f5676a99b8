"""The database: what was acknowledged is there again, what failed is not, and one server at a time."""

from pathlib import Path

import grpc
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from buoy.v1 import interface_pb2, network_pb2, pool_pb2
from buoy_server.core.errors import StorageUnavailable
from buoy_server.storage import database
from buoy_server.storage.tables import metadata
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.server.agent import agent
from tests.server.running import Running, refusal, running
from tests.server.waiting import wait_until_async

pytestmark = pytest.mark.anyio


async def _everything(server: Running) -> list[object]:
    return [
        await server.interfaces.ListInterfaces(interface_pb2.ListInterfacesRequest(include_deleted=True)),
        await server.networks.ListNetworks(network_pb2.ListNetworksRequest(include_deleted=True)),
        await server.pools.ListPools(pool_pb2.ListPoolsRequest()),
        await server.pools.ListAddresses(pool_pb2.ListAddressesRequest(pool_ref="floating")),
    ]


async def test_a_restart_shows_what_was_there_with_its_revisions(tmp_path: Path) -> None:
    async with running(tmp_path / "buoy.db") as server:
        await server.furnish()
        async with agent(server) as node:
            for index in range(3):
                await server.interface(f"i{index}", float=True)
                await node.read()
            await node.confirm()
            listed = await server.interfaces.ListInterfaces(interface_pb2.ListInterfacesRequest())
            for interface in listed.interfaces[:2]:
                await server.interfaces.DeleteInterface(interface_pb2.DeleteInterfaceRequest(interface_uuid=interface.uuid))
            while len(node.removed) < 2:
                await node.read()
            await node.confirm()
        before = await _everything(server)
    async with running(tmp_path / "buoy.db") as server:
        assert await _everything(server) == before


def test_a_second_server_on_the_same_file_is_refused(tmp_path: Path) -> None:
    first = database.open_database(f"sqlite:///{tmp_path / 'buoy.db'}")
    with pytest.raises(database.DatabaseError, match="in use by another buoy-server"):
        database.open_database(f"sqlite:///{tmp_path / 'buoy.db'}")
    first.close()
    database.open_database(f"sqlite:///{tmp_path / 'buoy.db'}").close()


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "postgresql://x/y", "sqlite:////nowhere/at/all/buoy.db"])
def test_a_database_that_cannot_be_opened_is_named(url: str) -> None:
    with pytest.raises(database.DatabaseError, match=r"^database: "):
        database.open_database(url)


def test_the_newest_schema_is_where_the_migrations_lead() -> None:
    config = Config()
    config.set_main_option("script_location", str(database.MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert database.newest_schema() == scripts.get_current_head()
    assert all(Path(script.path).name.startswith(f"{script.revision}_") for script in scripts.walk_revisions())


def test_a_database_of_an_older_schema_is_migrated(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'buoy.db'}")
    database.migrate(engine)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(database.MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
    database.migrate(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_the_migrations_lead_to_the_tables_and_back(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'buoy.db'}")
    database.migrate(engine)
    with engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        config = Config()
        config.set_main_option("script_location", str(database.MIGRATIONS))
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()


async def test_an_acknowledgement_survives_a_copy_of_the_files_at_that_moment(tmp_path: Path) -> None:
    async with running(tmp_path / "buoy.db") as server:
        await server.furnish()
        copy = tmp_path / "copy"
        copy.mkdir()
        for part in ("buoy.db", "buoy.db-wal"):
            (copy / part).write_bytes((tmp_path / part).read_bytes())
        async with running(copy / "buoy.db") as other:
            assert await _everything(other) == await _everything(server)


async def test_a_change_that_cannot_be_stored_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path / "buoy.db") as server:
        await server.furnish()
        before = await _everything(server)
        health = health_pb2_grpc.HealthStub(server.channel)  # type: ignore[no-untyped-call]

        async def serving() -> bool:
            asked = health_pb2.HealthCheckRequest(service="buoy.v1.InterfaceService")
            return bool((await health.Check(asked)).status == health_pb2.HealthCheckResponse.SERVING)

        async def not_serving() -> bool:
            return not await serving()

        def fail(*_: object) -> None:
            raise StorageUnavailable("away")

        assert await serving()
        with monkeypatch.context() as broken:
            broken.setattr(server.server._backend.writer._store, "append", fail)
            broken.setattr(server.server._backend.writer._store, "probe", fail)
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await server.networks.CreateNetwork(network_pb2.CreateNetworkRequest(name="lost", netblock="10.5.0.0/24"))
            assert (refused.value.code(), refusal(refused.value).reason) == (grpc.StatusCode.UNAVAILABLE, "STORAGE_UNAVAILABLE")
            assert await _everything(server) == before
            await wait_until_async(not_serving, "health says NOT_SERVING")
        await wait_until_async(serving, "health says SERVING again")
        made = await server.networks.CreateNetwork(network_pb2.CreateNetworkRequest(name="kept", netblock="10.5.0.0/24"))
        assert made.revision == before[0].revision + 1  # type: ignore[attr-defined]


async def test_the_tables_refuse_an_address_twice_even_if_the_rules_did_not(tmp_path: Path) -> None:
    async with running(tmp_path / "buoy.db") as server:
        await server.furnish()
        async with agent(server):
            await server.interface("a", address="10.0.0.9", macaddr="02:00:00:00:00:01")
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'buoy.db'}")
        with engine.begin() as connection:
            key = connection.scalar(sa.text("SELECT key FROM reservations WHERE key LIKE '%/10.0.0.9'"))
        rows = [("interfaces", {"key": "another", "macaddr": "02:00:00:00:00:01"}), ("reservations", {"key": key})]
        for table, row in rows:
            statement = sa.insert(metadata.tables[table]).values(revision=99, body=b"", **row)
            with engine.begin() as connection, pytest.raises(sa.exc.IntegrityError, match="UNIQUE"):
                connection.execute(statement)
        engine.dispose()


async def test_reflection_lists_every_service(tmp_path: Path) -> None:
    async with running(tmp_path / "buoy.db") as server:
        stub = reflection_pb2_grpc.ServerReflectionStub(server.channel)  # type: ignore[no-untyped-call]
        call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
        response = await call.read()
        call.cancel()
        names = {service.name for service in response.list_services_response.service}
        services = ("Interface", "Instance", "Network", "Pool", "Node", "Agent", "Namespace", "Admin")
        assert names >= {f"buoy.v1.{name}Service" for name in services} | {"grpc.health.v1.Health"}
