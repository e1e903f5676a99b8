"""NodeService."""

from buoy.v1 import announcing_pb2, node_pb2
from google.protobuf.message import Message

from buoy_server.codec.records import node_to_proto
from buoy_server.core import lookup
from buoy_server.core.commands.announcing import ReannounceNode
from buoy_server.core.commands.fencing import FenceNode
from buoy_server.core.commands.retiring import DeleteNode, DrainNode
from buoy_server.core.events import node_key
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Node
from buoy_server.core.state import Kind
from buoy_server.rpc import checks, paging
from buoy_server.rpc.backend import Backend
from buoy_server.rpc.events import list_events

Answer = Message | bytes


class NodeService:
    """The nodes that agents have announced themselves on."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def ListNodes(self, request: node_pb2.ListNodesRequest, _caller: Caller) -> Answer:
        """List nodes by name."""
        page = paging.page_of(self._backend, request)
        return page.answer(
            paging.smallest_first(self._backend.view.keys(Kind.NODE), page.after),
            lambda name: self._node(name).SerializeToString(),
            node_pb2.ListNodesResponse(),
        )

    async def GetNode(self, request: node_pb2.GetNodeRequest, _caller: Caller) -> Answer:
        """Return one node."""
        return self._node(checks.name(request.node, "node"))

    async def FenceNode(self, request: node_pb2.FenceNodeRequest, caller: Caller) -> Answer:
        """Take it that a missing node's machine is off."""
        command = FenceNode(node=checks.name(request.node, "node"))
        return await self._backend.change(command, caller, request, node_to_proto)

    async def DrainNode(self, request: node_pb2.DrainNodeRequest, caller: Caller) -> Answer:
        """Place nothing new on a node."""
        command = DrainNode(node=checks.name(request.node, "node"))
        return await self._backend.change(command, caller, request, self._shown)

    async def UndrainNode(self, request: node_pb2.UndrainNodeRequest, caller: Caller) -> Answer:
        """Place instances on a node again."""
        command = DrainNode(node=checks.name(request.node, "node"), drain=False)
        return await self._backend.change(command, caller, request, self._shown)

    async def DeleteNode(self, request: node_pb2.DeleteNodeRequest, caller: Caller) -> Answer:
        """Forget a node that is gone for good."""
        name = checks.name(request.node, "node")
        command = DeleteNode(node=name, connected=name in self._backend.presence.connected)
        answer = await self._backend.change(command, caller, request, lambda _: node_pb2.DeleteNodeResponse())
        self._backend.presence.forget(name)
        return answer

    async def ReannounceNode(self, request: announcing_pb2.ReannounceNodeRequest, caller: Caller) -> Answer:
        """Announce all floating addresses of a node again."""
        name = checks.name(request.node, "node")
        command = ReannounceNode(node=name, connected=name in self._backend.presence.connected)
        return await self._backend.change(command, caller, request, self._shown)

    async def ListNodeEvents(self, request: node_pb2.ListNodeEventsRequest, _caller: Caller) -> Answer:
        """List what happened to a node, newest first."""
        name = lookup.node(self._backend.view, checks.name(request.node, "node")).name
        response: Message = await list_events(self._backend, node_key(name), request, node_pb2.ListNodeEventsResponse())
        return response

    def _node(self, name: str) -> node_pb2.Node:
        return self._shown(lookup.node(self._backend.view, name))

    def _shown(self, node: Node) -> node_pb2.Node:
        """Return a node with what changes by the moment."""
        view, name = self._backend.view, node.name
        message = node_to_proto(node)
        message.connected = name in self._backend.presence.connected
        message.interfaces = view.count(Kind.INTERFACE, "live_node", name)
        message.floats = view.count(Kind.INTERFACE, "floating_node", name)
        message.instances = view.count(Kind.INSTANCE, "live_node", name)
        return message
