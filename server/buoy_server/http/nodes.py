"""/nodes."""

from typing import Any

from buoy.v1 import node_pb2

from buoy_server.http import schemas, views
from buoy_server.http.call import Call
from buoy_server.http.route import Route


async def list_(call: Call) -> Any:
    """Return all nodes."""
    found = await call.all_pages("NodeService/ListNodes", node_pb2.ListNodesRequest(), "nodes")
    return [views.node(node) for node in found]


async def show(call: Call) -> Any:
    """Return one node."""
    return views.node(await call.rpc("NodeService/GetNode", node_pb2.GetNodeRequest(node=call.path["node"])))


_SHOWN = schemas.named("Node")

ROUTES = (
    Route("GET", "/nodes", list_, ("NodeService/ListNodes",), "List nodes", schemas.list_of(_SHOWN)),
    Route("GET", "/nodes/{node}", show, ("NodeService/GetNode",), "Show a node", _SHOWN),
)
