""".../metadata: the same four calls for every kind of object that has it.

The client puts a key into the path as it is: "a/b" comes as two segments, and what follows a "?" as the query. These routes
take nothing from the query, so that it can only be the rest of the key.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from buoy.v1 import instance_pb2, interface_pb2, namespace_pb2, network_pb2

from buoy_server.codec.scalars import json_to_value
from buoy_server.core.errors import Malformed
from buoy_server.http import schemas, views
from buoy_server.http.call import Call
from buoy_server.http.route import Parameter, Route

_KEY = Parameter("key", schemas.KEY, "1 to 253 characters", required=True)
_VALUE = Parameter("value", schemas.ANY, "any JSON value of at most 64 KiB", required=True)


@dataclass(frozen=True, slots=True)
class Owner:
    """A kind of object with metadata: its path, and the service and messages that have its name."""

    path: str
    noun: str
    messages: Any
    named_by: str

    def rpc(self, verb: str, suffix: str) -> str:
        """Return the RPC with that verb, such as "InterfaceService/SetInterfaceMetadataItem"."""
        return f"{self.noun}Service/{verb}{self.noun}Metadata{suffix}"

    def request(self, verb: str, suffix: str, call: Call, **fields: Any) -> Any:
        """Return the request of that RPC for the object that the path names."""
        message = getattr(self.messages, f"{verb}{self.noun}Metadata{suffix}Request")
        return message(**{self.named_by: call.path[self.named_by]}, **fields)


OWNERS = (
    Owner("/interfaces/{interface_uuid}", "Interface", interface_pb2, "interface_uuid"),
    Owner("/instances/{instance_ref}", "Instance", instance_pb2, "instance_ref"),
    Owner("/networks/{network_ref}", "Network", network_pb2, "network_ref"),
    Owner("/auth/namespaces/{namespace}", "Namespace", namespace_pb2, "namespace"),
)


def _key(call: Call) -> str:
    return "?".join(part for part in (call.path["key"], call.query) if part)


def _routes(owner: Owner) -> Iterator[Route]:
    get, put, delete = owner.rpc("Get", ""), owner.rpc("Set", "Item"), owner.rpc("Delete", "Item")

    async def show(call: Call) -> Any:
        return views.metadata((await call.rpc(get, owner.request("Get", "", call))).metadata)

    def setting(key_of: Callable[[Call], str]) -> Callable[[Call], Any]:
        async def set_item(call: Call) -> None:
            if "value" not in call.arguments:
                raise Malformed("it is missing", field="value")
            value = json_to_value(call.arguments["value"])
            await call.rpc(put, owner.request("Set", "Item", call, key=key_of(call), value=value))

        return set_item

    async def delete_item(call: Call) -> None:
        await call.rpc(delete, owner.request("Delete", "Item", call, key=_key(call)))

    noun, item = owner.noun.lower(), owner.path + "/metadata/{key:path}"
    yield Route("GET", f"{owner.path}/metadata", show, (get,), f"Show the metadata of this {noun}", schemas.METADATA)
    yield Route(
        "POST",
        f"{owner.path}/metadata",
        setting(lambda call: call.arguments.needed("key")),
        (put,),
        "Set one key, new or not",
        schemas.NULL,
        (_KEY, _VALUE),
    )
    yield Route(
        "PUT",
        item,
        setting(_key),
        (put,),
        "Set one key, new or not",
        schemas.NULL,
        (_VALUE,),
    )
    yield Route("DELETE", item, delete_item, (delete,), "Delete one key; an absent one is fine", schemas.NULL)


ROUTES = tuple(route for owner in OWNERS for route in _routes(owner))
