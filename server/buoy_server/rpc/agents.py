"""AgentService: the feed, narrowed to one node.

What a node is sent is level-triggered: entries of the feed only say which interfaces changed; the binding that is sent is
that of the view as it is now. An interface of which the node has confirmed all that was asked is not sent again.
"""

import asyncio
import time
from collections.abc import AsyncIterator

from buoy.v1 import agent_pb2, repair_pb2
from google.protobuf.message import Message

from buoy_server.core import draining
from buoy_server.core.changes import short
from buoy_server.core.commands.nodes import AnnounceNode, BindingReport, NetworkReport, ReportNode
from buoy_server.core.commands.repairing import Repair
from buoy_server.core.errors import Malformed, PermissionDenied, Superseded
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Node
from buoy_server.core.state import Kind
from buoy_server.rpc import checks
from buoy_server.rpc.backend import Backend
from buoy_server.rpc.bindings import touched, touched_networks, updates
from buoy_server.rpc.snapshot import snapshot

HEARTBEAT = 5.0  # seconds between marks on a quiet stream
MAX_REPORTS = 10_000
REPORTS_AT_ONCE = 50  # are taken in within some 5 ms, in which nothing else is decided or answered;
PAUSE = 0.005  # then others have as many seconds
MAX_REPAIRS, MAX_LINES, MAX_LINE = 20, 8, 200
MAX_ERROR = 1024  # characters of an agent's error that are kept


class AgentService:
    """What a node's agent needs."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._reporting: dict[str, object] = {}  # the last call of each node

    async def WatchNode(self, request: agent_pb2.WatchNodeRequest, caller: Caller) -> AsyncIterator[Message]:
        """Stream what a node must do: everything, or what changed since the revision that it resumes from."""
        name = _own_node(request.node, caller)
        command = AnnounceNode(
            name=name, agent_version=request.agent_version[:64], external_interface=request.external_interface[:64]
        )
        session = self._backend.presence.open(name)
        try:
            anew = await self._backend.writer.submit(command, caller, "WatchNode", f"node/{name}")
            if anew:
                request.ClearField("resume_revision")  # what was settled without it is told by a reset alone
            async for update in self._updates(request, name, caller):
                session.check()
                yield update
        finally:
            self._backend.presence.close(session)

    async def ReportNode(self, request: agent_pb2.ReportNodeRequest, caller: Caller) -> Message:
        """Take in what a node's kernel now has; what is left of an older call of the node, which it gave up, is out of date."""
        name = _own_node(request.node, caller)
        if len(request.reports) > MAX_REPORTS:
            raise Malformed(f"at most {MAX_REPORTS} reports in one call", field="reports")
        if len(request.networks) > MAX_REPORTS:
            raise Malformed(f"at most {MAX_REPORTS} reports in one call", field="networks")
        self._backend.presence.heard(name)
        call = self._reporting[name] = object()
        if request.reports or request.networks or request.repairs:
            # All are read before the first is taken in. Repairs, which must not be told twice, come with the last part.
            networks = tuple(_network_report(report, f"networks[{index}]") for index, report in enumerate(request.networks))
            reports = tuple(_report(report, f"reports[{index}]") for index, report in enumerate(request.reports))
            repairs = tuple(_repair(repair, f"repairs[{index}]") for index, repair in enumerate(request.repairs[:MAX_REPAIRS]))
            for start in range(0, max(len(reports), 1), REPORTS_AT_ONCE):
                await asyncio.sleep(PAUSE if start else 0)
                if start and self._reporting[name] is not call:
                    raise Superseded(f"node {name} has reported anew")
                part, is_last = reports[start : start + REPORTS_AT_ONCE], start + REPORTS_AT_ONCE >= len(reports)
                command = ReportNode(node=name, reports=part, networks=networks, repairs=repairs if is_last else ())
                await self._backend.writer.submit(command, caller, "ReportNode", f"node/{name}")
                networks = ()
        return agent_pb2.ReportNodeResponse()

    async def AnswerNode(self, request: agent_pb2.AnswerNodeRequest, caller: Caller) -> Message:
        """Take an answer in, and give it to who asked."""
        name = _own_node(request.node, caller)
        self._backend.presence.heard(name)
        self._backend.questions.answer(request)
        return agent_pb2.AnswerNodeResponse()

    async def _updates(
        self, request: agent_pb2.WatchNodeRequest, node: str, caller: Caller
    ) -> AsyncIterator[agent_pb2.NodeUpdate]:
        backend, feed, view = self._backend, self._backend.feed, self._backend.view
        resumes = bool(request.resume_revision) and request.cluster_id in ("", backend.cluster_id)
        resumes = resumes and feed.reaches(request.resume_revision)
        position = request.resume_revision if resumes else view.revision
        topics = (("node", node), ("networks", node), ("agent", node), ("rights", caller.namespace))
        with (
            feed.subscribe(topics, position, eager=True) as subscription,
            backend.questions.outbox(node, subscription.wake) as outbox,
        ):
            yield agent_pb2.NodeUpdate(cluster_id=backend.cluster_id, reset=not resumes)
            if not resumes:
                for part in snapshot(view, node, in_columns=request.reads_settled):
                    yield part
            yield agent_pb2.NodeUpdate(revision=position, synced=True)
            sent = time.monotonic()
            while True:
                entries = await feed.follow(subscription, 0 if outbox.waiting else sent + HEARTBEAT - time.monotonic())
                if any(entry.kind is Kind.NAMESPACE for entry in entries):
                    caller = backend.authenticator.renew(caller)
                if any(isinstance(e.after, Node) and e.after.reannounce_time == e.time for e in entries):
                    yield agent_pb2.NodeUpdate(reannounce=True)
                changed = touched_networks(view, node, entries)
                for update in updates(view, node, touched(view, node, entries), subscription.position, changed):
                    yield update
                    sent = time.monotonic()
                if outbox.waiting or time.monotonic() >= sent + HEARTBEAT:
                    yield agent_pb2.NodeUpdate(revision=subscription.position, questions=outbox.take())
                    sent = time.monotonic()


def _own_node(name: str, caller: Caller) -> str:
    """Return the node that an agent speaks for: the one that its key is for, any for system."""
    checked = checks.name(name, "node")
    if caller.node not in ("", checked):
        raise PermissionDenied(f"the key is for the agent of node {caller.node}", field="node")
    return checked


def _report(report: agent_pb2.BindingReport, field: str) -> BindingReport:
    return BindingReport(
        interface_uuid=checks.uuid(report.interface_uuid, f"{field}.interface_uuid"),
        generation=report.generation,
        removed=report.removed,
        nic_error=report.nic_error[:MAX_ERROR],
        floating_error=report.floating_error[:MAX_ERROR],
        draining=frozenset(
            checks.address(address, f"{field}.draining_addresses") for address in report.draining_addresses[: draining.MOST]
        ),
    )


def _repair(repair: repair_pb2.Repair, field: str) -> Repair:
    return Repair(
        place=short(repair.place),
        found=tuple(short(line, MAX_LINE) for line in repair.found[:MAX_LINES]),
        count=max(repair.count, 1),
        interfaces=tuple(
            checks.uuid(uuid, f"{field}.interface_uuids[{index}]") for index, uuid in enumerate(repair.interface_uuids[:20])
        ),
        error=short(repair.error, MAX_LINE),
    )


def _network_report(report: agent_pb2.NetworkReport, field: str) -> NetworkReport:
    return NetworkReport(
        network_uuid=checks.uuid(report.network_uuid, f"{field}.network_uuid"),
        generation=report.generation,
        faults={
            checks.address(fault.address, f"{field}.faults[{index}].address"): fault.error[:MAX_ERROR]
            for index, fault in enumerate(report.faults)
        },
    )
