"""What the server hears first, and that it hears all of it."""

import asyncio
from collections.abc import Iterable
from itertools import count
from typing import Any, cast

import grpc
import pytest
from buoy.v1 import agent_pb2
from buoy_agent.core.spec import InterfaceId, Owed, Report, Update
from buoy_agent.kernel.fake import FakeKernel
from buoy_agent.sync import report
from buoy_agent.sync.reconciler import Outcome, Reconciler, StreamBegun
from buoy_agent.sync.report import Reporter
from grpc import StatusCode

from tests.unit.agent.bindings import binding, network

START, ROUNDS = 2_000, 120
OLD = tuple(InterfaceId(f"old{number}") for number in range(START))


class _Server:
    """Takes reports until there were so many calls; may make as many new ones come up with each call as it took."""

    def __init__(self, rounds: int, *, busy: bool = False) -> None:
        self.calls: list[list[agent_pb2.BindingReport]] = []
        self.reporter = Reporter(cast("Any", self), cast("Any", self), "n1", self.judge)
        self.faulty: set[InterfaceId] = set()
        self._rounds, self._busy = rounds, busy
        self._done = asyncio.Event()
        self._fresh = count()

    async def metadata(self) -> tuple[()]:
        """No key is asked for."""
        return ()

    async def judge(self, interfaces: list[InterfaceId]) -> list[Report]:
        """All is well but for the faulty ones."""
        return [Report(one, 1, nic_error="broken" if one in self.faulty else "") for one in interfaces]

    async def ReportNode(self, request: agent_pb2.ReportNodeRequest, **_options: object) -> None:  # noqa: N802 - as the stub
        """Takes what comes."""
        await asyncio.sleep(0)
        self.calls.append(list(request.reports))
        if self._busy:
            self.reporter.offer([_report(f"new{next(self._fresh)}") for _ in request.reports])
        if len(self.calls) == self._rounds:
            self._done.set()

    async def told(self) -> list[list[str]]:
        """Runs the reporter, and returns the interfaces of each call."""
        running = asyncio.ensure_future(self.reporter.run())
        await asyncio.wait_for(self._done.wait(), 60)
        running.cancel()
        return [[told.interface_uuid for told in call] for call in self.calls]


def _report(name: str) -> Report:
    return Report(InterfaceId(name), 1)


async def _while_new_ones_come(first: Iterable[Report], owed: Owed) -> list[list[str]]:
    server = _Server(ROUNDS, busy=True)
    server.reporter.offer(first, owed=owed)
    server.reporter.offer([_report("changed")])
    return await server.told()


def test_a_change_does_not_wait_behind_the_reports_of_a_start() -> None:
    assert "changed" in asyncio.run(_while_new_ones_come((), Owed(OLD)))[0]
    assert "changed" in asyncio.run(_while_new_ones_come(map(_report, OLD), Owed()))[0]


def test_the_oldest_reports_come_however_fast_new_ones_do() -> None:
    told = {name for call in asyncio.run(_while_new_ones_come(map(_report, OLD), Owed())) for name in call}
    assert set(OLD) <= told


def test_what_is_owed_comes_however_fast_new_ones_do() -> None:
    told = {name for call in asyncio.run(_while_new_ones_come((), Owed(OLD))) for name in call}
    assert set(OLD) <= told


def test_of_what_the_server_knows_to_work_only_faults_are_news() -> None:
    async def run() -> list[list[str]]:
        server = _Server(1)
        server.faulty = {OLD[7]}
        server.reporter.offer((), owed=Owed(OLD, frozenset(OLD[:-1])))
        return await server.told()

    assert asyncio.run(run()) == [[OLD[7], OLD[-1]]]


def test_a_newer_report_is_not_overtaken_by_what_was_owed() -> None:
    async def run() -> list[agent_pb2.BindingReport]:
        server = _Server(1)
        server.reporter.offer((), owed=Owed(OLD[:2]))
        server.reporter.offer([Report(OLD[0], 9)])
        await server.told()
        return server.calls[0]

    assert {report.interface_uuid: report.generation for report in asyncio.run(run())} == {OLD[0]: 9, OLD[1]: 1}


def test_what_is_owed_later_comes_beside_what_was_owed_before() -> None:
    async def run() -> list[list[str]]:
        server = _Server(1)
        server.reporter.offer((), owed=Owed(OLD[:2]))
        server.reporter.offer((), owed=Owed(OLD[2:3]))
        return await server.told()

    assert {name for call in asyncio.run(run()) for name in call} == set(OLD[:3])


def test_a_fault_that_is_over_before_it_was_told_is_not_told_any_more() -> None:
    async def run() -> list[agent_pb2.BindingReport]:
        server = _Server(1)
        server.reporter.offer([Report(one, 1, nic_error="broken") for one in OLD[:2]])
        server.reporter.offer((), owed=Owed(OLD[:1], frozenset(OLD[:1])))
        server.reporter.offer([Report(OLD[1], 1)], owed=Owed((), frozenset({OLD[1]})))
        await server.told()
        return server.calls[0]

    assert {report.interface_uuid: report.nic_error for report in asyncio.run(run())} == {OLD[0]: "", OLD[1]: ""}


def test_what_waits_is_told_while_the_kernels_thread_is_busy() -> None:
    async def run() -> list[list[str]]:
        server = _Server(1)
        busy = asyncio.Event()
        server.reporter = Reporter(cast("Any", server), cast("Any", server), "n1", lambda _: cast("Any", busy.wait()))
        server.reporter.offer([_report("told")], owed=Owed(OLD))
        return await server.told()

    assert asyncio.run(run()) == [["told"]]


@pytest.mark.parametrize(("code", "attempts"), [(StatusCode.DEADLINE_EXCEEDED, [1, 1, 1]), (StatusCode.UNAVAILABLE, [1, 2, 3])])
def test_who_waited_for_a_server_in_vain_waits_again_at_once(
    code: StatusCode, attempts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    paused, failures = list[int](), [StatusCode.UNAVAILABLE, code, code]

    class Away(_Server):
        async def ReportNode(self, request: agent_pb2.ReportNodeRequest, **_options: object) -> None:  # noqa: N802 - as the stub
            if failures:
                raise grpc.aio.AioRpcError(failures.pop(0), grpc.aio.Metadata(), grpc.aio.Metadata())
            await super().ReportNode(request)

    def no_pause(attempt: int, _fraction: float) -> float:
        paused.append(attempt)
        return 0.0

    async def run() -> list[list[str]]:
        server = Away(1)
        server.reporter.offer([_report("told")])
        return await server.told()

    monkeypatch.setattr(report, "backoff", no_pause)
    assert asyncio.run(run()) == [["told"]]
    assert paused == attempts


def _started(interfaces: int) -> Outcome:
    reconciler, net = Reconciler(FakeKernel()), network("report", "net", "10.0.0.0/16")
    bindings = tuple(binding("report", net, host) for host in range(5, 5 + interfaces))
    reconciler.start()
    return reconciler.work([StreamBegun(), Update(1, reset=True, upserts=bindings, synced=True)], 0.0)


def test_the_reports_of_a_whole_node_wait_until_there_is_time() -> None:
    few, many = _started(1000), _started(1001)
    assert (len(few.reports), few.owed.interfaces) == (1000, ())
    assert many.reports == []
    assert len(many.owed.interfaces) == 1001
