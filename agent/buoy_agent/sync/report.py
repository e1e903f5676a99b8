"""Telling the server what the kernel has: the latest report of each interface and network, in batches, and a heartbeat.

A report is kept until the server has taken it; a newer one for the same interface or network takes its place, so that what
waits is bounded by their number. The newest go first: those of a whole node, at the start, are some 100,000, and nobody waits
for them as somebody does for a change. For the same reason a batch is what the server takes in within some 20 ms.
"""

import asyncio
import random
import time
from collections.abc import Iterable
from itertools import islice

import grpc
import structlog
from buoy.v1 import agent_pb2, agent_pb2_grpc

from buoy_agent.core.repairs import RepairReport, RepairReports
from buoy_agent.core.retry import backoff
from buoy_agent.core.spec import InterfaceId, NetworkId, NetworkReport, Report
from buoy_agent.sync.convert import network_report_to_proto, repair_to_proto, report_to_proto
from buoy_agent.sync.token import REFUSED, AgentToken, log_refusal

HEARTBEAT = 5.0
_BATCH, _OLDEST = 200, 20  # some of the oldest go with each, so that they come however fast new ones do
_DEADLINE = 10.0
# The server understood and will not have it: the same again would fail again.
_REFUSALS = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.OUT_OF_RANGE)
log = structlog.get_logger()


class Reporter:
    """Holds what the server has yet to hear. `offer` may be called at any time from the loop's thread."""

    def __init__(self, stub: "agent_pb2_grpc.AgentServiceAsyncStub", token: AgentToken, node: str) -> None:
        self._stub, self._token, self._node = stub, token, node
        self._waiting: dict[InterfaceId, Report] = {}
        self._networks: dict[NetworkId, NetworkReport] = {}
        self._repairs = RepairReports()
        self._wake = asyncio.Event()
        self.last: float | None = None  # when the server took one, in seconds since the epoch

    @property
    def waiting(self) -> int:
        """How many interfaces and networks the server has yet to hear of."""
        return len(self._waiting) + len(self._networks)

    def offer(
        self, reports: Iterable[Report], networks: Iterable[NetworkReport] = (), repairs: Iterable[RepairReport] = ()
    ) -> None:
        """Takes reports to be sent; of repairs those of one place no more often than every ten seconds."""
        for repair in repairs:
            self._repairs.add(repair)
        for report in reports:
            self._waiting.pop(report.interface, None)  # the place of the newest is the last
            self._waiting[report.interface] = report
        self._networks.update((report.network, report) for report in networks)
        if self.waiting or self._repairs.due(time.monotonic()):
            self._wake.set()

    async def run(self) -> None:
        """Sends for ever: at once when something waits, else every 5 s; backs off while the server is away."""
        attempt = 0
        while True:
            if not self.waiting or attempt:
                await self._pause(backoff(attempt, random.random()) if attempt else HEARTBEAT, early=not attempt)  # noqa: S311
            attempt = 0 if await self._send() else attempt + 1

    async def _pause(self, seconds: float, *, early: bool) -> None:
        try:
            async with asyncio.timeout(seconds):
                await (self._wake.wait() if early else asyncio.sleep(seconds))
        except TimeoutError:
            return

    async def _send(self) -> bool:
        metadata = await self._token.metadata()
        self._wake.clear()
        ends = (*islice(reversed(self._waiting.values()), _BATCH - _OLDEST), *islice(self._waiting.values(), _OLDEST))
        batch = list(dict.fromkeys(ends))
        networks = list(islice(self._networks.values(), _BATCH))
        repairs = self._repairs.due(time.monotonic())
        request = agent_pb2.ReportNodeRequest(
            node=self._node,
            reports=map(report_to_proto, batch),
            networks=map(network_report_to_proto, networks),
            repairs=map(repair_to_proto, repairs),
        )
        try:
            await self._stub.ReportNode(request, timeout=_DEADLINE, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            log_refusal("report not taken", error, self._node, waiting=self.waiting)
            if error.code() in REFUSED:
                self._token.refused(metadata)
            if error.code() not in _REFUSALS or not (batch or networks or repairs):
                return False
            first = [*(report.interface for report in batch[:10]), *(report.network for report in networks[:10])]
            log.warning("reports dropped: the server refuses them", of=first)
        self.last = time.time()
        self._repairs.told(repairs, time.monotonic())
        for report in batch:
            if self._waiting.get(report.interface) is report:
                del self._waiting[report.interface]
        for about in networks:
            if self._networks.get(about.network) is about:
                del self._networks[about.network]
        return True
