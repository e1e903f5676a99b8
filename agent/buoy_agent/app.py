"""Puts the agent together: stream -> reconciler (in the kernel thread) -> reports and announcements."""

import asyncio
import gc
import os
import random
import signal
import stat
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import grpc
import structlog
from buoy.v1 import agent_pb2, agent_pb2_grpc, namespace_pb2_grpc

from buoy_agent import __version__
from buoy_agent.control.listener import listen
from buoy_agent.control.status import of_floats, of_kernel, time_words
from buoy_agent.core.drift import Places
from buoy_agent.core.examining import Examination
from buoy_agent.core.spec import Address, Binding, InterfaceId, Report
from buoy_agent.kernel.port import Examiner, Kernel
from buoy_agent.kernel.watch import Watch
from buoy_agent.settings import Settings
from buoy_agent.sync.announcer import Announcer
from buoy_agent.sync.answering import Answerer
from buoy_agent.sync.patrol import Deaf
from buoy_agent.sync.reconciler import Arrival, CheckDue, Outcome, Reconciler
from buoy_agent.sync.report import Reporter
from buoy_agent.sync.stream import Stream
from buoy_agent.sync.token import AgentToken
from buoy_agent.sync.worker import Worker

# Detects a stopped or vanished server within seconds; the server permits pings this often (docs of grpc: keepalive).
CHANNEL_OPTIONS = (
    ("grpc.keepalive_time_ms", 5000),
    ("grpc.keepalive_timeout_ms", 3000),
    ("grpc.http2.ping_timeout_ms", 3000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.bdp_probe", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 5000),  # how long to connect may take: a server that starts answers once it has read all
    ("grpc.max_reconnect_backoff_ms", 1000),  # a node waits, and to knock costs little
    ("grpc.lb_policy_name", "round_robin"),
    ("grpc.use_local_subchannel_pool", 1),
)
_ANNOUNCED_A_SECOND = 4000  # proxy neighbours, which take some 4 ms to read and compare
log = structlog.get_logger()


class Agent:
    """One node's agent; `run` returns when `stop` was called, and leaves everything programmed."""

    def __init__(self, settings: Settings, kernel: Kernel, examiner: Examiner, deaf: Deaf = nullcontext) -> None:
        self._settings, self._kernel, self._examiner = settings, kernel, examiner
        self.reconciler = Reconciler(kernel, by_arp=settings.announce == "arp", deaf=deaf)
        self._waiting: list[Arrival] = []
        self._wake, self._stopped = asyncio.Event(), asyncio.Event()
        self._kernel_thread = Worker("kernel")
        self._announce_thread = ThreadPoolExecutor(1, "announce")
        self._examine_thread = ThreadPoolExecutor(1, "examine")
        self._announcer = Announcer(self._announce)
        self._stream: Stream | None = None
        self._reporter: Reporter | None = None

    def heed(self, places: Places) -> None:
        """Somebody else changed something on the node."""
        if places:
            self._take(places)

    async def status(self) -> dict[str, Any]:
        """What the node has and how it does, for `buoy-agent status`."""
        settings, stream, reporter = self._settings, self._stream, self._reporter
        return {
            "node": settings.node,
            "version": __version__,
            "pid": os.getpid(),
            "server": settings.server,
            "connected": stream is not None and stream.connected,
            "last_report": time_words(reporter.last if reporter is not None else None),
            "reports_waiting": reporter.waiting if reporter is not None else 0,
            "external_interface": settings.external_interface,
            "announce": settings.announce,
            "writes": self._kernel.writes,
            "passes": self.reconciler.passes,
            **await self._kernel_thread.do(of_kernel, self.reconciler),
        }

    async def floats(self) -> dict[str, Any]:
        """Each float with its traffic, for `buoy-agent status --floats`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._examine_thread, of_floats, self.reconciler.actual, self._examiner)

    def stop(self) -> None:
        """Ends `run`."""
        self._stopped.set()

    async def run(self) -> None:
        """Works until stopped; raises what a part of it raised."""
        settings = self._settings
        gc.disable()  # until the node is in sync: what is made until then stays
        async with grpc.aio.insecure_channel(settings.server, options=CHANNEL_OPTIONS) as channel:
            stub = agent_pb2_grpc.AgentServiceStub(channel)
            names = namespace_pb2_grpc.NamespaceServiceStub(channel)
            token = AgentToken(names, settings.node, settings.namespace, settings.read_key)
            reporter = Reporter(stub, token, settings.node, self._judge)
            request = agent_pb2.WatchNodeRequest(
                node=settings.node,
                agent_version=__version__,
                external_interface=settings.external_interface,
                reads_settled=True,
            )
            answerer = Answerer(stub, token, settings.node, self._examine, self.reconciler.known_of)
            stream = Stream(stub, token, request, self._take, reporter.offer, answerer.take)
            self._stream, self._reporter = stream, reporter
            try:
                await self._until_stopped(
                    stream.run(), reporter.run(), self._reconcile(reporter), self._check_now_and_then(), self._look_outside()
                )
            finally:
                self._announcer.close()
                answerer.close()
                self._kernel_thread.close()
                self._announce_thread.shutdown(cancel_futures=True)
                self._examine_thread.shutdown(cancel_futures=True)

    async def _until_stopped(self, *coroutines: Coroutine[Any, Any, None]) -> None:
        tasks = [asyncio.ensure_future(coroutine) for coroutine in (*coroutines, self._stopped.wait())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _take(self, update: Arrival) -> None:
        self._waiting.append(update)
        self._wake.set()

    async def _reconcile(self, reporter: Reporter) -> None:
        """The one loop that changes the kernel: takes all that waits at once, once the kernel is read.

        What the server sends meanwhile waits: it makes the snapshot while this node reads.
        """
        await self._kernel_thread.do(self.reconciler.start)
        actual = self.reconciler.actual
        if actual.external:
            log.warning("waiting for the external interface", state=actual.external)
        log.info("kernel read", networks=len(actual.networks), floats=len(actual.holders))
        due: float | None = None
        in_sync = False
        while True:
            await self._until_due(due)
            updates, self._waiting = self._waiting, []
            self._wake.clear()
            outcome = await self._kernel_thread.do(self.reconciler.work, updates, time.monotonic())
            due = outcome.next_due
            if self.reconciler.desired.in_sync and not in_sync:
                in_sync = True
                self._say_in_sync()
            self._publish(outcome, reporter)

    def _say_in_sync(self) -> None:
        """The first snapshot is worked in. What it is made of need not be looked through for cycles again and again."""
        gc.freeze()
        gc.enable()
        targets = self.reconciler.desired.targets
        log.info("in sync", networks=len(targets.networks), floats=len(targets.addresses), writes=self._kernel.writes)

    async def _check_now_and_then(self) -> None:
        """Not all agents at the same moment."""
        while True:
            await asyncio.sleep(self._settings.check_interval * random.uniform(0.9, 1.1))  # noqa: S311 - spreads load
            self._take(CheckDue())

    async def _look_outside(self) -> None:
        """Each second, or less often where much is announced: nothing tells of lost proxy neighbours, nor of another name."""
        while True:
            await asyncio.sleep(max(1.0, len(self.reconciler.actual.proxies) / _ANNOUNCED_A_SECOND))
            self._take(Places(external=True))

    def _publish(self, outcome: Outcome, reporter: Reporter) -> None:
        reporter.offer(outcome.reports, outcome.networks, outcome.repairs, outcome.owed)
        self._announcer.remove(outcome.withdrawn - outcome.published)
        self._announcer.add(outcome.published)
        if outcome.reports:
            log.debug("pass", reports=len(outcome.reports), writes=self._kernel.writes)
        if errors := [report for report in outcome.reports if report.nic_error or report.floating_error]:
            log.info("not as it should be", interfaces=len(errors), first=_words(errors[0]))

    async def _until_due(self, due: float | None) -> None:
        try:
            async with asyncio.timeout(None if due is None else max(0.0, due - time.monotonic())):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _judge(self, interfaces: list[InterfaceId]) -> list[Report]:
        return await self._kernel_thread.do(self.reconciler.reports_of, interfaces)

    async def _examine(self, binding: Binding) -> Examination:
        return await asyncio.get_running_loop().run_in_executor(self._examine_thread, self._examiner.examine, binding)

    async def _announce(self, addresses: list[Address]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._announce_thread, self._kernel.announce, addresses)


async def run(settings: Settings, kernel: Kernel, examiner: Examiner) -> None:
    """Runs an agent until SIGTERM or SIGINT."""
    watch = Watch(settings.external_interface)
    agent = Agent(settings, kernel, examiner, watch.deaf)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, agent.stop)
    for source in watch.sources():
        asyncio.get_running_loop().add_reader(source, lambda: agent.heed(watch.heard()))
    if settings.key_file is not None and settings.key_file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        log.warning("others can read the key", file=str(settings.key_file), hint=f"chmod 600 {settings.key_file}")
    log.info("started", version=__version__, node=settings.node, server=settings.server)
    try:
        control = await listen(settings.control, {"status": agent.status, "floats": agent.floats})
        await agent.run()
        if control is not None:
            control.close()
            settings.control.unlink(missing_ok=True)
    finally:
        for source in watch.sources():
            asyncio.get_running_loop().remove_reader(source)
        watch.close()
    log.info("stopped", writes=kernel.writes)


def _words(report: Report) -> str:
    return f"{report.interface}: {report.nic_error or report.floating_error}"
