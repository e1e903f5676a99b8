"""/interfaces, and the interfaces of instances."""

from typing import Any

from buoy.v1 import explain_pb2, instance_pb2, interface_pb2

from buoy_server.core.errors import Malformed
from buoy_server.http import explaining, schemas, views
from buoy_server.http.arguments import Arguments
from buoy_server.http.call import Call
from buoy_server.http.route import Parameter, Route

_SPEC_FIELDS = frozenset(schemas.NETWORK_SPEC["properties"])


async def show(call: Call) -> Any:
    """Return one interface."""
    request = interface_pb2.GetInterfaceRequest(interface_uuid=call.path["interface_uuid"])
    return views.interface(await call.rpc("InterfaceService/GetInterface", request))


async def explain(call: Call) -> Any:
    """Say what a packet meets on its way to it and back, and what is broken there."""
    request = explain_pb2.ExplainInterfaceRequest(interface_uuid=call.path["interface_uuid"])
    return explaining.explanation(await call.rpc("InterfaceService/ExplainInterface", request))


async def float_(call: Call) -> None:
    """Give it a floating address; one that floats keeps the one it has."""
    request = interface_pb2.FloatInterfaceRequest(interface_uuid=call.path["interface_uuid"])
    await call.rpc("InterfaceService/FloatInterface", request)


async def defloat(call: Call) -> None:
    """Take its floating address away."""
    request = interface_pb2.DefloatInterfaceRequest(interface_uuid=call.path["interface_uuid"])
    await call.rpc("InterfaceService/DefloatInterface", request)


async def of_instance(call: Call) -> Any:
    """Return the interfaces of an instance, by their order."""
    request = instance_pb2.ListInstanceInterfacesRequest(
        instance_ref=call.path["instance_ref"], namespace=call.arguments.text("namespace")
    )
    answer = await call.rpc("InstanceService/ListInstanceInterfaces", request)
    return [views.interface(interface) for interface in answer.interfaces]


async def plug(call: Call) -> Any:
    """Plug one more interface into an instance."""
    asked = spec(call.arguments.object("network"), "network")
    request = interface_pb2.CreateInterfaceRequest(
        instance_ref=call.path["instance_ref"],
        namespace=call.arguments.text("namespace"),
        **asked,
    )
    return views.interface(await call.rpc("InterfaceService/CreateInterface", request))


def spec(netdesc: dict[str, Any], field: str) -> dict[str, Any]:
    """Return what a network specification of Shaken Fist asks for, as fields of the contract; `field` is its name in errors."""
    unknown = sorted(netdesc.keys() - _SPEC_FIELDS)
    if unknown:
        raise Malformed(f"{unknown[0]!a} is none of {', '.join(sorted(_SPEC_FIELDS))}", field=field)
    said = Arguments({f"{field}.{name}": value for name, value in netdesc.items()}, {})
    return {
        "network_ref": said.needed(f"{field}.network_uuid"),
        "address": said.text(f"{field}.address"),
        "macaddr": said.text(f"{field}.macaddress"),
        "model": said.text(f"{field}.model"),
        "float": said.flag(f"{field}.float"),
    }


_SHOWN = schemas.named("Interface")

ROUTES = (
    Route("GET", "/interfaces/{interface_uuid}", show, ("InterfaceService/GetInterface",), "Show an interface", _SHOWN),
    Route(
        "GET",
        "/interfaces/{interface_uuid}/explain",
        explain,
        ("InterfaceService/ExplainInterface",),
        "Say what a packet meets on its way to an interface and back, and what is broken there",
        explaining.SCHEMA,
    ),
    Route(
        "POST",
        "/interfaces/{interface_uuid}/float",
        float_,
        ("InterfaceService/FloatInterface",),
        "Float an interface; it shows the address as soon as that works. Safe to repeat",
        schemas.NULL,
    ),
    Route(
        "POST",
        "/interfaces/{interface_uuid}/defloat",
        defloat,
        ("InterfaceService/DefloatInterface",),
        "Take an interface's floating address away. Safe to repeat",
        schemas.NULL,
    ),
    Route(
        "GET",
        "/instances/{instance_ref}/interfaces",
        of_instance,
        ("InstanceService/ListInstanceInterfaces",),
        "List the interfaces of an instance, by their order",
        schemas.list_of(_SHOWN),
        (Parameter("namespace", schemas.NAME_OR_DEFAULT, "the namespace that a name is looked up in"),),
    ),
    Route(
        "POST",
        "/instances/{instance_ref}/interfaces",
        plug,
        ("InterfaceService/CreateInterface",),
        "Plug one more interface into an instance",
        _SHOWN,
        (
            Parameter("network", schemas.named("NetworkSpec"), "the interface that is wanted", required=True),
            Parameter("namespace", schemas.or_null(schemas.NAME_OR_DEFAULT), "the namespace that names are looked up in"),
        ),
    ),
)
