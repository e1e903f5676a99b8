"""Calls of nodes."""

from buoy.v1 import node_pb2 as pb

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
