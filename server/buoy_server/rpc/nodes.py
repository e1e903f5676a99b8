"""NodeService."""

from buoy.v1 import node_pb2
from google.protobuf.message import Message

from buoy_server.codec.records import node_to_proto
from buoy_server.core import lookup
from buoy_server.core.commands.fencing import FenceNode
from buoy_server.core.lookup import Caller
from buoy_server.core.state import Kind
from buoy_server.rpc import checks, paging
from buoy_server.rpc.backend import Backend

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

    def _node(self, name: str) -> node_pb2.Node:
        view = self._backend.view
        message = node_to_proto(lookup.node(view, name))
        message.connected = name in self._backend.presence.connected
        message.interfaces = view.count(Kind.INTERFACE, "live_node", name)
        message.floats = view.count(Kind.INTERFACE, "floating_node", name)
        message.instances = view.count(Kind.INSTANCE, "live_node", name)
        return message
