"""The three calls on metadata, the same for every kind of object."""

from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf.message import Message

from buoy_server.codec.scalars import put_metadata
from buoy_server.core import errors, lookup
from buoy_server.core.command import Context
from buoy_server.core.commands.metadata import DeleteMetadataItem, Find, SetMetadataItem
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Instance, Interface, Metadata, Namespace, Network
from buoy_server.core.state import Draft
from buoy_server.rpc import checks
from buoy_server.rpc.backend import Backend

Owner = TypeVar("Owner", Interface, Instance, Network, Namespace)
Response = TypeVar("Response", bound=Any)


def find_interface(uuid: str) -> Find[Interface]:
    """Return what finds a live interface."""
    return lambda draft, context: _live(lookup.interface(draft, context.caller, checks.uuid(uuid, "interface_uuid")))


def find_instance(ref: str, namespace: str) -> Find[Instance]:
    """Return what finds a live instance."""
    ref, namespace = checks.ref(ref, "instance_ref"), checks.optional_text(checks.name, namespace, "namespace")
    return lambda draft, context: _live(lookup.instance(draft, context.caller, ref, namespace))


def find_network(ref: str, namespace: str) -> Find[Network]:
    """Return what finds a live network."""
    ref, namespace = checks.ref(ref, "network_ref"), checks.optional_text(checks.name, namespace, "namespace")
    return lambda draft, context: _live(lookup.network(draft, context.caller, ref, namespace))


def find_namespace(name: str) -> Find[Namespace]:
    """Return what finds a namespace."""
    name = checks.optional_text(checks.name, name, "namespace")

    def find(draft: Draft, context: Context) -> Namespace:
        return lookup.own_namespace(draft, context.caller, name)

    return find


async def set_item(
    backend: Backend, caller: Caller, request: Any, find: Find[Owner], answer: Callable[[Owner], Message] | None = None
) -> bytes:
    """Set the key that a request names, and return the object as `answer` makes it, or as it is stored."""
    command = SetMetadataItem(find=find, key=checks.metadata_key(request.key), value=checks.json(request.value, "value"))
    return await backend.change(command, caller, request, answer)


async def delete_item(
    backend: Backend, caller: Caller, request: Any, find: Find[Owner], answer: Callable[[Owner], Message] | None = None
) -> bytes:
    """Delete the key that a request names, and return the object as `answer` makes it, or as it is stored."""
    command = DeleteMetadataItem(find=find, key=checks.metadata_key(request.key))
    return await backend.change(command, caller, request, answer)


def answer(metadata: Metadata, response: Response) -> Response:
    """Write metadata into a response, and return it."""
    put_metadata(metadata, response.metadata)
    return response


def _live(owner: Any) -> Any:
    if not owner.live:
        raise errors.NotReady(f"it is {owner.state}")
    return owner
