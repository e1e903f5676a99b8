"""DRAIN over the wire: what a node is told, also by a server that was started again in between."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from buoy.v1 import interface_pb2, leaving_pb2

from tests.server.agent import agent
from tests.server.running import Running, running

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)


async def _defloat(server: Running, uuid: str) -> None:
    request = interface_pb2.DefloatInterfaceRequest(interface_uuid=uuid, flows=leaving_pb2.FLOW_POLICY_DRAIN)
    request.drain_time.FromTimedelta(HOUR)
    await server.interfaces.DefloatInterface(request)


async def _shown(server: Running, uuid: str) -> Any:
    return await server.interfaces.GetInterface(interface_pb2.GetInterfaceRequest(interface_uuid=uuid))


async def test_a_node_is_told_of_a_drain_and_of_the_time_that_is_left_before_and_after_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path / "buoy.db") as server:
        await server.furnish()
        async with agent(server) as node:
            interface = await server.interface(float=True)
            await node.read()
            await node.confirm()
            address = (await _shown(server, interface.uuid)).floating.address
            asked = datetime.now(UTC)
            await _defloat(server, interface.uuid)
            await node.read()
            told = node.bindings[interface.uuid]
            assert (told.floating_address, [entry.address for entry in told.draining]) == ("", [address])
            passed = datetime.now(UTC) - asked
            assert HOUR - passed <= told.draining[0].time_left.ToTimedelta() <= HOUR
            assert not told.unconfirmed_addresses  # its flows are to live
            await node.confirm(draining_addresses=[address])
    async with running(tmp_path / "buoy.db") as server, agent(server) as node:
        again = node.bindings[interface.uuid]
        assert again.draining[0].time_left.ToTimedelta() < told.draining[0].time_left.ToTimedelta()
        shown = await _shown(server, interface.uuid)
        assert shown.floating.phase == interface_pb2.FLOATING_PHASE_RELEASING
        assert shown.floating.reason.startswith("its live connections go on until")
        await node.confirm()
        shown = await _shown(server, interface.uuid)
        assert not shown.HasField("floating")
        assert not shown.draining
