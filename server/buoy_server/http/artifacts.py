"""/artifacts: images of disks, of which Buoy has none. Shaken Fist's program deletes them where it cleans a namespace."""

from typing import Any

from buoy.v1 import namespace_pb2

from buoy_server.http import schemas
from buoy_server.http.call import Call
from buoy_server.http.instances import CONFIRMED, emptied
from buoy_server.http.route import Route


async def delete_all(call: Call) -> Any:
    """Return the uuids of all artifacts of a namespace that were deleted: none."""
    request = namespace_pb2.GetNamespaceRequest(namespace=await emptied(call))
    await call.rpc("NamespaceService/GetNamespace", request)
    return []


ROUTES = (
    Route(
        "DELETE",
        "/artifacts",
        delete_all,
        ("NamespaceService/GetNamespace",),
        "Delete all artifacts of a namespace, of which there are none",
        schemas.list_of(schemas.UUID),
        CONFIRMED,
    ),
)
