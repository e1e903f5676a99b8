"""/instances."""

from typing import Any

from buoy.v1 import instance_pb2, namespace_pb2

from buoy_server.codec.scalars import json_to_value
from buoy_server.core.errors import Malformed
from buoy_server.http import schemas, views
from buoy_server.http.call import Call
from buoy_server.http.interfaces import spec
from buoy_server.http.route import Parameter, Route

# What Buoy interprets; all else that is said of an instance is kept and shown.
_INTERPRETED = frozenset({"name", "namespace", "network", "placed_on", "metadata", "disk"})


async def create(call: Call) -> Any:
    """Create an instance; without networks it gets an interface on its namespace's default network."""
    asked = call.arguments
    networks = asked.objects("network")
    request = instance_pb2.CreateInstanceRequest(
        name=asked.needed("name"),
        namespace=asked.text("namespace"),
        node=asked.text("placed_on"),
        interfaces=[instance_pb2.InterfaceSpec(**spec(netdesc, f"network[{index}]")) for index, netdesc in enumerate(networks)],
        default_network=not networks,
    )
    for key, value in asked.object("metadata").items():
        request.metadata[key].CopyFrom(json_to_value(value))
    for key, value in _attributes(call).items():
        request.attributes.fields[key].CopyFrom(json_to_value(value))
    return views.instance(await call.rpc("InstanceService/CreateInstance", request))


async def show(call: Call) -> Any:
    """Return one instance, also a deleted one for as long as it is kept."""
    request = instance_pb2.GetInstanceRequest(
        instance_ref=call.path["instance_ref"], namespace=call.arguments.text("namespace")
    )
    return views.instance(await call.rpc("InstanceService/GetInstance", request))


async def list_(call: Call) -> Any:
    """Return all instances that the caller may see."""
    request = instance_pb2.ListInstancesRequest(include_deleted=call.arguments.flag("all"))
    return [views.instance(found) for found in await call.all_pages("InstanceService/ListInstances", request, "instances")]


async def delete(call: Call) -> Any:
    """Delete an instance and its interfaces."""
    request = instance_pb2.DeleteInstanceRequest(
        instance_ref=call.path["instance_ref"], namespace=call.arguments.text("namespace")
    )
    return views.instance(await call.rpc("InstanceService/DeleteInstance", request))


async def delete_all(call: Call) -> Any:
    """Delete all instances of one namespace, and return their uuids."""
    namespace = await emptied(call)
    request = instance_pb2.ListInstancesRequest(namespace=namespace)
    found = await call.all_pages("InstanceService/ListInstances", request, "instances")
    for instance in found:
        await call.rpc("InstanceService/DeleteInstance", instance_pb2.DeleteInstanceRequest(instance_ref=instance.uuid))
    return [instance.uuid for instance in found]


async def emptied(call: Call) -> str:
    """Return the namespace in which all is deleted: the one that is named, which system must, else the caller's."""
    if not call.arguments.flag("confirm"):
        raise Malformed("say true: this deletes everything in a namespace", field="confirm")
    namespace = call.arguments.text("namespace")
    if namespace:
        return namespace
    own: str = (await call.rpc("NamespaceService/GetNamespace", namespace_pb2.GetNamespaceRequest())).name
    if own == "system":
        raise Malformed("name the namespace in which everything is to be deleted", field="namespace")
    return own


def _attributes(call: Call) -> dict[str, Any]:
    """Return what is said of an instance that Buoy keeps; disks under the name that they are shown by."""
    call.arguments.object("video")
    said = {key: value for key, value in call.arguments.items() if key not in _INTERPRETED and value is not None}
    channels = said.get("side_channels", [])
    if not isinstance(channels, list) or not all(isinstance(channel, str) for channel in channels):
        raise Malformed("a list of texts was expected", field="side_channels")
    disks = call.arguments.objects("disk")
    return {**said, "disk_spec": disks} if disks else said


_SHOWN = schemas.named("Instance")
_KEPT = "kept and shown, never interpreted"
NAMESPACE = Parameter("namespace", schemas.NAME_OR_DEFAULT, "the namespace that a name is looked up in")
CONFIRMED = (
    Parameter("confirm", schemas.FLAG, "must be true", required=True),
    Parameter("namespace", schemas.NAME_OR_DEFAULT, "the namespace; the caller's own by default"),
)

ROUTES = (
    Route(
        "GET",
        "/instances",
        list_,
        ("InstanceService/ListInstances",),
        "List instances",
        schemas.list_of(_SHOWN),
        (Parameter("all", schemas.FLAG, "deleted ones too"),),
    ),
    Route(
        "POST",
        "/instances",
        create,
        ("InstanceService/CreateInstance",),
        "Create an instance with its interfaces; without networks: one on the default network",
        _SHOWN,
        (
            Parameter("name", schemas.NAME, "unique among the live instances of its namespace", required=True),
            Parameter("network", schemas.or_null(schemas.list_of(schemas.named("NetworkSpec"))), "its interfaces, in order"),
            Parameter("namespace", schemas.or_null(schemas.NAME_OR_DEFAULT), "whose it is; the caller's by default"),
            Parameter(
                "placed_on", schemas.or_null(schemas.NAME_OR_DEFAULT), "the node; by default the one with the fewest instances"
            ),
            Parameter("metadata", schemas.or_null(schemas.OBJECT), "its first metadata"),
            Parameter("disk", schemas.or_null(schemas.list_of(schemas.DISK)), _KEPT),
            Parameter("video", schemas.or_null(schemas.OBJECT), _KEPT),
            Parameter("side_channels", schemas.or_null(schemas.TEXTS), _KEPT),
            *(
                Parameter(name, schemas.ANY, _KEPT)
                for name in ("cpus", "memory", "ssh_key", "user_data", "configdrive", "uefi", "secure_boot", "nvram_template")
            ),
        ),
    ),
    Route(
        "DELETE",
        "/instances",
        delete_all,
        ("NamespaceService/GetNamespace", "InstanceService/ListInstances", "InstanceService/DeleteInstance"),
        "Delete all instances of a namespace",
        schemas.list_of(schemas.UUID),
        CONFIRMED,
    ),
    Route(
        "GET",
        "/instances/{instance_ref}",
        show,
        ("InstanceService/GetInstance",),
        "Show an instance, by uuid or name; a deleted one by uuid, for an hour",
        _SHOWN,
        (NAMESPACE,),
    ),
    Route(
        "DELETE",
        "/instances/{instance_ref}",
        delete,
        ("InstanceService/DeleteInstance",),
        "Delete an instance and its interfaces; it is deleted when its node confirmed",
        _SHOWN,
        (NAMESPACE,),
    ),
)
