"""Reports of a node are taken in in the order of its calls."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest
from buoy.v1 import agent_pb2
from buoy_server.core.errors import Superseded
from buoy_server.core.lookup import Caller
from buoy_server.rpc.agents import REPORTS_AT_ONCE, AgentService

CALLER = Caller("system")


class Writer:
    """Keeps what it is given; the first part of a call makes `begun` true."""

    def __init__(self) -> None:
        self.parts: list[list[str]] = []
        self.begun = asyncio.Event()

    async def submit(self, command: Any, *_more: object) -> None:
        """Takes one command in."""
        self.parts.append([report.nic_error for report in command.reports])
        self.begun.set()


def call(words: str, reports: int) -> agent_pb2.ReportNodeRequest:
    """One that says the same of so many interfaces."""
    listed = [agent_pb2.BindingReport(interface_uuid=str(UUID(int=number)), nic_error=words) for number in range(reports)]
    return agent_pb2.ReportNodeRequest(node="node1", reports=listed)


def test_what_is_left_of_an_older_call_is_not_taken_in_after_a_newer_one() -> None:
    parts = asyncio.run(_older_and_newer())
    assert parts == [["older"] * REPORTS_AT_ONCE, ["newer"]]


async def _older_and_newer() -> list[list[str]]:
    writer = Writer()
    backend = SimpleNamespace(writer=writer, presence=SimpleNamespace(heard=lambda _node: None))
    service = AgentService(cast("Any", backend))
    older = asyncio.ensure_future(service.ReportNode(call("older", REPORTS_AT_ONCE + 1), CALLER))
    await writer.begun.wait()
    await service.ReportNode(call("newer", 1), CALLER)
    with pytest.raises(Superseded, match="node1 has reported anew"):
        await older
    return writer.parts
