"""What the server hears first, and that it hears all of it."""

import asyncio
from itertools import count
from typing import Any, cast

from buoy.v1 import agent_pb2
from buoy_agent.core.spec import InterfaceId, Report
from buoy_agent.sync.report import Reporter

START, ROUNDS = 2_000, 120


class _Server:
    """Takes reports; with each call as many new ones come up as it took."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.reporter: Reporter
        self.done = asyncio.Event()
        self._fresh = count()

    async def metadata(self) -> tuple[()]:
        """No key is asked for."""
        return ()

    async def ReportNode(self, request: agent_pb2.ReportNodeRequest, **_options: object) -> None:  # noqa: N802 - as the stub
        """Takes what comes."""
        await asyncio.sleep(0)
        self.calls.append([report.interface_uuid for report in request.reports])
        self.reporter.offer([_report(f"new{next(self._fresh)}") for _ in request.reports])
        if len(self.calls) == ROUNDS:
            self.done.set()


def _report(name: str) -> Report:
    return Report(InterfaceId(name), 1)


async def _calls() -> list[list[str]]:
    server = _Server()
    server.reporter = Reporter(cast("Any", server), cast("Any", server), "n1")
    server.reporter.offer([_report(f"old{number}") for number in range(START)])
    server.reporter.offer([_report("changed")])
    running = asyncio.ensure_future(server.reporter.run())
    await asyncio.wait_for(server.done.wait(), 30)
    running.cancel()
    return server.calls


def test_a_change_does_not_wait_behind_the_reports_of_a_start() -> None:
    assert "changed" in asyncio.run(_calls())[0]


def test_the_oldest_reports_come_however_fast_new_ones_do() -> None:
    told = {name for call in asyncio.run(_calls()) for name in call}
    assert {f"old{number}" for number in range(START)} <= told
