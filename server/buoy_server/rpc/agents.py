"""AgentService: the feed, narrowed to one node.

What a node is sent is level-triggered: entries of the feed only say which interfaces changed; the binding that is sent is
that of the view as it is now. An interface of which the node has confirmed all that was asked is not sent again.
"""

import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

from buoy.v1 import agent_pb2
from google.protobuf.message import Message

from buoy_server.codec.records import DRIVERS
from buoy_server.core import lookup
from buoy_server.core.commands.nodes import AnnounceNode, BindingReport, ReportNode
from buoy_server.core.errors import Malformed, PermissionDenied
from buoy_server.core.lookup import Caller
from buoy_server.core.model import FLOATING_SPACE, Instance, Interface, Network
from buoy_server.core.state import Kind
from buoy_server.feed.entry import Committed
from buoy_server.feed.view import View
from buoy_server.rpc import checks
from buoy_server.rpc.backend import Backend

HEARTBEAT = 5.0  # seconds between marks on a quiet stream
CHUNK = 1000  # bindings a message
MAX_REPORTS = 10_000
MAX_ERROR = 1024  # characters of an agent's error that are kept


class AgentService:
    """What a node's agent needs."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def WatchNode(self, request: agent_pb2.WatchNodeRequest, caller: Caller) -> AsyncIterator[Message]:
        """Stream what a node must do: everything, or what changed since the revision that it resumes from."""
        name = _own_node(request.node, caller)
        command = AnnounceNode(
            name=name, agent_version=request.agent_version[:64], external_interface=request.external_interface[:64]
        )
        session = self._backend.presence.open(name)
        try:
            await self._backend.writer.submit(command, caller, "WatchNode", f"node/{name}")
            async for update in self._updates(request, name, caller):
                session.check()
                yield update
        finally:
            self._backend.presence.close(session)

    async def ReportNode(self, request: agent_pb2.ReportNodeRequest, caller: Caller) -> Message:
        """Take in what a node's kernel now has."""
        name = _own_node(request.node, caller)
        if len(request.reports) > MAX_REPORTS:
            raise Malformed(f"at most {MAX_REPORTS} reports in one call", field="reports")
        self._backend.presence.heard(name)
        if request.reports:
            reports = tuple(_report(report, f"reports[{index}]") for index, report in enumerate(request.reports))
            command = ReportNode(node=name, reports=reports)
            await self._backend.writer.submit(command, caller, "ReportNode", f"node/{name}")
        return agent_pb2.ReportNodeResponse()

    async def _updates(
        self, request: agent_pb2.WatchNodeRequest, node: str, caller: Caller
    ) -> AsyncIterator[agent_pb2.NodeUpdate]:
        backend, feed, view = self._backend, self._backend.feed, self._backend.view
        resumes = bool(request.resume_revision) and request.cluster_id in ("", backend.cluster_id)
        resumes = resumes and feed.reaches(request.resume_revision)
        position = request.resume_revision if resumes else view.revision
        topics = (("node", node), ("gateways", node), ("rights", caller.namespace))
        with feed.subscribe(topics, position, eager=True) as subscription:
            yield agent_pb2.NodeUpdate(cluster_id=backend.cluster_id, reset=not resumes)
            if not resumes:
                for update in _update(view, list(lookup.interfaces(view, "node", node)), 0):
                    yield update
            yield agent_pb2.NodeUpdate(revision=position, synced=True)
            sent = time.monotonic()
            while True:
                entries = await feed.follow(subscription, sent + HEARTBEAT - time.monotonic())
                if any(entry.kind is Kind.NAMESPACE for entry in entries):
                    caller = backend.authenticator.renew(caller)
                for update in _update(view, _touched(view, entries, node), subscription.position):
                    yield update
                    sent = time.monotonic()
                if time.monotonic() >= sent + HEARTBEAT:
                    yield agent_pb2.NodeUpdate(revision=subscription.position)
                    sent = time.monotonic()


def _own_node(name: str, caller: Caller) -> str:
    """Return the node that an agent speaks for: the one that its key is for, any for system."""
    checked = checks.name(name, "node")
    if caller.node not in ("", checked):
        raise PermissionDenied(f"the key is for the agent of node {caller.node}", field="node")
    return checked


def _touched(view: View, entries: Iterable[Committed], node: str) -> list[Interface]:
    """Return the interfaces of a node for which the entries ask something of it, as they are now."""
    asked: dict[str, None] = {}
    for entry in entries:
        if isinstance(entry.after, Interface) and entry.after.node == node:
            if entry.after.observed_generation < entry.after.generation:
                asked[entry.key] = None
        elif isinstance(entry.after, Network) and entry.after.gateway_on(node):
            asked.update(dict.fromkeys(lookup.interfaces_on(view, entry.key, node)))
    found = [view.get(Kind.INTERFACE, key) for key in asked]
    return [interface for interface in found if isinstance(interface, Interface) and interface.bound]


def _update(view: View, interfaces: Sequence[Interface], revision: int) -> Iterator[agent_pb2.NodeUpdate]:
    """Yield updates of a bounded size; only the last bears the revision: who loses the stream before it starts before it."""
    for start in range(0, len(interfaces), CHUNK):
        chunk = interfaces[start : start + CHUNK]
        yield agent_pb2.NodeUpdate(
            revision=revision if start + CHUNK >= len(interfaces) else 0,
            upserts=[_binding(view, interface) for interface in chunk if interface.live],
            removed=[_removal(view, interface) for interface in chunk if not interface.live],
        )


def _removal(view: View, interface: Interface) -> agent_pb2.Removal:
    return agent_pb2.Removal(
        interface_uuid=interface.uuid,
        generation=interface.generation,
        network_uuid=interface.network_uuid,
        unconfirmed_addresses=_floating_addresses(view, interface),
    )


def _binding(view: View, interface: Interface) -> agent_pb2.Binding:
    instance = view.get(Kind.INSTANCE, interface.instance_uuid)
    network = view.get(Kind.NETWORK, interface.network_uuid)
    if not isinstance(instance, Instance) or not isinstance(network, Network):
        raise TypeError(f"interface {interface.uuid} lost its instance or network")
    gateway = network.gateway_on(interface.node)
    floating = interface.floating if interface.floating and interface.floating.phase != "releasing" else None
    return agent_pb2.Binding(
        interface_uuid=interface.uuid,
        generation=interface.generation,
        instance_uuid=interface.instance_uuid,
        driver=DRIVERS.to_proto(instance.driver),
        order=interface.order,
        macaddr=interface.macaddr,
        ipv4=str(interface.ipv4),
        floating_address=str(floating.address) if floating else "",
        network=agent_pb2.NetworkBinding(
            uuid=network.uuid,
            netblock=str(network.netblock),
            provide_nat=network.provide_nat,
            floating_gateway=str(gateway.address) if gateway else "",
        ),
        unconfirmed_addresses=(
            _floating_addresses(view, interface) if interface.observed_generation < interface.generation else ()
        ),
    )


def _floating_addresses(view: View, interface: Interface) -> list[str]:
    """Return the addresses of pools that are recorded for an interface, read off the keys of their records."""
    keys = view.find(Kind.RESERVATION, "owner", interface.uuid)
    return [address for space, _, address in (key.partition("/") for key in keys) if space == FLOATING_SPACE]


def _report(report: agent_pb2.BindingReport, field: str) -> BindingReport:
    return BindingReport(
        interface_uuid=checks.uuid(report.interface_uuid, f"{field}.interface_uuid"),
        generation=report.generation,
        removed=report.removed,
        nic_error=report.nic_error[:MAX_ERROR],
        floating_error=report.floating_error[:MAX_ERROR],
    )
