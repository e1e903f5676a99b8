"""Telling the server what the kernel has: the latest report of each interface and network, in batches, and a heartbeat.

A report is kept until the server has taken it; a newer one for the same interface or network takes its place, so that what
waits is bounded by their number. The newest go first, and a batch is what the server takes in within some 20 ms: somebody waits
for a change. What is owed of very much at once, as of a whole node at its start, goes behind, and is judged as there is room.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from collections.abc import Set as AbstractSet
from itertools import islice

import grpc
import structlog
from buoy.v1 import agent_pb2, agent_pb2_grpc

from buoy_agent.core.repairs import RepairReport, RepairReports
from buoy_agent.core.retry import backoff
from buoy_agent.core.spec import InterfaceId, NetworkId, NetworkReport, Owed, Report
from buoy_agent.sync.convert import network_report_to_proto, repair_to_proto, report_to_proto
from buoy_agent.sync.token import REFUSED, AgentToken, failed_in_a_row, log_refusal

HEARTBEAT = 5.0
_PATIENCE = 0.5  # seconds to wait for a verdict: the kernel's thread may be at something long
_BATCH, _OLDEST = 200, 20  # some of the oldest go with each, so that they come however fast new ones do
_DEADLINE = 10.0
# The server understood and will not have it: the same again would fail again.
_REFUSALS = (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.OUT_OF_RANGE)
NOTHING = Owed()
Judge = Callable[[list[InterfaceId]], Awaitable[list[Report]]]
log = structlog.get_logger()


class Reporter:
    """Holds what the server has yet to hear. `offer` may be called at any time from the loop's thread."""

    def __init__(self, stub: "agent_pb2_grpc.AgentServiceAsyncStub", token: AgentToken, node: str, judge: Judge) -> None:
        self._stub, self._token, self._node, self._judge = stub, token, node, judge
        self._unjudged: dict[InterfaceId, None] = {}  # of what is owed, in order
        self._working: set[InterfaceId] = set()  # of that, what the server knows to work
        self._faulty: set[InterfaceId] = set()  # what it was told of, or is to be, that it does not work
        self._judging: asyncio.Future[list[Report]] | None = None
        self._waiting: dict[InterfaceId, Report] = {}
        self._networks: dict[NetworkId, NetworkReport] = {}
        self._repairs = RepairReports()
        self._wake = asyncio.Event()
        self.last: float | None = None  # when the server took one, in seconds since the epoch

    @property
    def waiting(self) -> int:
        """How many interfaces and networks the server has yet to hear of."""
        return bool(self._judging) + len(self._unjudged) + len(self._waiting) + len(self._networks)

    def offer(
        self,
        reports: Iterable[Report],
        networks: Iterable[NetworkReport] = (),
        repairs: Iterable[RepairReport] = (),
        owed: Owed = NOTHING,
    ) -> None:
        """Takes reports to be sent, and what is owed beside that; of repairs one of a place in ten seconds."""
        for repair in repairs:
            self._repairs.add(repair)
        for report in reports:
            self._waiting.pop(report.interface, None)  # the place of the newest is the last
            if self._is_news(report, owed.working):
                self._waiting[report.interface] = report
        if owed.interfaces:
            self._owe(owed)
        self._networks.update((report.network, report) for report in networks)
        if self.waiting or self._repairs.due(time.monotonic()):
            self._wake.set()

    def _owe(self, owed: Owed) -> None:
        for interface in owed.interfaces:
            self._waiting.pop(interface, None)  # it is older than what will be judged
        self._unjudged.update(dict.fromkeys(owed.interfaces))
        self._working = self._working.difference(owed.interfaces) | owed.working

    async def run(self) -> None:
        """Sends for ever: at once when something waits, else every 5 s; backs off while the server is away."""
        attempt = 0
        while True:
            if not self.waiting or attempt:
                await self._pause(backoff(attempt, random.random()) if attempt else HEARTBEAT, early=not attempt)  # noqa: S311
            attempt = failed_in_a_row(attempt, await self._send(wait_for_ready=attempt > 0))

    def _is_news(self, report: Report, working: AbstractSet[InterfaceId]) -> bool:
        """Whether the server does not know it yet: a good word of what works is no news, unless a bad one may be on its way."""
        was_faulty = report.interface in self._faulty
        (self._faulty.discard if report.is_well else self._faulty.add)(report.interface)
        return was_faulty or not report.is_well or report.interface not in working

    async def _pause(self, seconds: float, *, early: bool) -> None:
        try:
            async with asyncio.timeout(seconds):
                await (self._wake.wait() if early else asyncio.sleep(seconds))
        except TimeoutError:
            return

    async def _send(self, *, wait_for_ready: bool) -> grpc.StatusCode | None:
        """Sends a batch; returns what went wrong."""
        metadata = await self._token.metadata()
        self._wake.clear()
        await self._judge_some()
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
            await self._stub.ReportNode(request, timeout=_DEADLINE, metadata=metadata, wait_for_ready=wait_for_ready)
        except grpc.aio.AioRpcError as error:
            log_refusal("report not taken", error, self._node, waiting=self.waiting)
            if error.code() in REFUSED:
                self._token.refused(metadata)
            if error.code() not in _REFUSALS or not (batch or networks or repairs):
                return error.code()
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
        return None

    async def _judge_some(self) -> None:
        """Has as much of what is owed judged as the next batch has room for, until a change is to be told, or it takes long."""
        wanted = max(_BATCH - len(self._waiting), _OLDEST)
        while (self._unjudged or self._judging) and wanted > 0 and not self._wake.is_set():
            if self._judging is None:
                some = list(islice(self._unjudged, wanted))
                for interface in some:
                    del self._unjudged[interface]
                self._judging = asyncio.ensure_future(self._judge(some))
            done, _ = await asyncio.wait({self._judging}, timeout=_PATIENCE)
            if not done:
                return
            reports, self._judging = self._judging.result(), None
            fresh = [one for one in reports if one.interface not in self._waiting and one.interface not in self._unjudged]
            news = {one.interface: one for one in fresh if self._is_news(one, self._working)}
            self._waiting = news | self._waiting  # they are the oldest
            wanted -= len(news)
            if not self._unjudged:
                self._working = set()
