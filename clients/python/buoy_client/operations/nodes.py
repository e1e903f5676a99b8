"""Calls of nodes."""

from buoy.v1 import announcing_pb2
from buoy.v1 import node_pb2 as pb
from google.protobuf.message import Message

from buoy_client.call import call
from buoy_client.convert import node_from_proto
from buoy_client.models import Node
from buoy_client.operations.base import BaseOperations, Page

SERVICE = "NodeService"


def page_from_proto(response: pb.ListNodesResponse) -> Page[Node]:
    """Give one page of nodes."""
    return [node_from_proto(item) for item in response.nodes], response.next_page_token


class NodeOperations(BaseOperations):
    """Calls of nodes."""

    async def get_node(self, node: str) -> Node:
        """Give one node by its name."""
        return await self._transport.unary(call(SERVICE, "GetNode", pb.GetNodeRequest(node=node), pb.Node, node_from_proto))

    async def fence_node(self, node: str) -> Node:
        """Say that a missing node's machine is off: what it was to let go of is free after its rest; for `system`."""
        return await self._transport.unary(call(SERVICE, "FenceNode", pb.FenceNodeRequest(node=node), pb.Node, node_from_proto))

    async def get_nodes(self) -> list[Node]:
        """List nodes by name."""
        return await self._pages(
            lambda token: call(
                SERVICE, "ListNodes", pb.ListNodesRequest(page_token=token), pb.ListNodesResponse, page_from_proto
            )
        )

    async def drain_node(self, node: str) -> Node:
        """Place no new instances on a node; those that are there stay."""
        return await self._node("DrainNode", pb.DrainNodeRequest(node=node))

    async def undrain_node(self, node: str) -> Node:
        """Place instances on a node again."""
        return await self._node("UndrainNode", pb.UndrainNodeRequest(node=node))

    async def reannounce_node(self, node: str) -> Node:
        """Have a node announce all its floating addresses on its LAN again."""
        return await self._node("ReannounceNode", announcing_pb2.ReannounceNodeRequest(node=node))

    async def delete_node(self, node: str) -> None:
        """Forget a node that is gone for good: what waited for its confirmation is taken as gone."""
        request = pb.DeleteNodeRequest(node=node)
        await self._transport.unary(call(SERVICE, "DeleteNode", request, pb.DeleteNodeResponse, lambda _: None))

    async def _node(self, method: str, request: Message) -> Node:
        return await self._transport.unary(call(SERVICE, method, request, pb.Node, node_from_proto))
