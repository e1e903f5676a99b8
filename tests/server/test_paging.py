"""Lists in pages: what a list and a watch together promise."""

from pathlib import Path

import pytest
from buoy.v1 import interface_pb2 as i

from tests.server.running import running

pytestmark = pytest.mark.anyio


async def test_a_list_names_the_cluster_and_a_restart_keeps_it(tmp_path: Path) -> None:
    seen = set()
    for database in ("one.db", "one.db", "other.db"):
        async with running(tmp_path / database) as server:
            seen.add((database, (await server.interfaces.ListInterfaces(i.ListInterfacesRequest())).cluster_id))
    assert len(seen) == 2
    assert all(len(cluster_id) == 36 for _, cluster_id in seen)
