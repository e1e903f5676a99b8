"""/networks."""

from typing import Any

from buoy.v1 import network_pb2

from buoy_server.core.errors import NetworkInUse
from buoy_server.http import schemas, views
from buoy_server.http.call import Call
from buoy_server.http.instances import CONFIRMED, NAMESPACE, emptied
from buoy_server.http.route import Parameter, Route


async def allocate(call: Call) -> Any:
    """Create a network."""
    asked = call.arguments
    request = network_pb2.CreateNetworkRequest(
        name=asked.needed("name"),
        namespace=asked.text("namespace"),
        netblock=asked.needed("netblock"),
        provide_nat=asked.flag("provide_nat"),
        provide_dhcp=asked.flag("provide_dhcp"),
        provide_dns=asked.flag("provide_dns"),
    )
    return views.network(await call.rpc("NetworkService/CreateNetwork", request))


async def show(call: Call) -> Any:
    """Return one network, also a deleted one for as long as it is kept."""
    return views.network(await call.rpc("NetworkService/GetNetwork", network_pb2.GetNetworkRequest(**_named(call))))


async def list_(call: Call) -> Any:
    """Return all networks that the caller may see."""
    request = network_pb2.ListNetworksRequest(include_deleted=call.arguments.flag("all"))
    return [views.network(found) for found in await call.all_pages("NetworkService/ListNetworks", request, "networks")]


async def delete(call: Call) -> Any:
    """Delete a network."""
    return views.network(await call.rpc("NetworkService/DeleteNetwork", network_pb2.DeleteNetworkRequest(**_named(call))))


async def delete_all(call: Call) -> Any:
    """Delete all networks of one namespace but those in use, which is said then, and return their uuids."""
    request = network_pb2.ListNetworksRequest(namespace=await emptied(call))
    deleted, used = [], []
    for network in await call.all_pages("NetworkService/ListNetworks", request, "networks"):
        try:
            await call.rpc("NetworkService/DeleteNetwork", network_pb2.DeleteNetworkRequest(network_ref=network.uuid))
            deleted.append(network.uuid)
        except NetworkInUse:
            used.append(network.uuid)
    if used:
        raise NetworkInUse(f"networks have interfaces and stay: {', '.join(used)}; deleted: {', '.join(deleted) or 'none'}")
    return deleted


async def interfaces(call: Call) -> Any:
    """Return the interfaces on a network."""
    request = network_pb2.ListNetworkInterfacesRequest(**_named(call))
    found = await call.all_pages("NetworkService/ListNetworkInterfaces", request, "interfaces")
    return [views.interface(interface) for interface in found]


async def addresses(call: Call) -> Any:
    """Return the addresses of a network that are not free."""
    request = network_pb2.ListNetworkAddressesRequest(**_named(call))
    found = await call.all_pages("NetworkService/ListNetworkAddresses", request, "addresses")
    return [views.address(address) for address in found]


async def route(call: Call) -> Any:
    """Route an address of a pool into a network, and return the address."""
    return (await call.rpc("NetworkService/RouteAddress", network_pb2.RouteAddressRequest(**_named(call)))).address


async def unroute(call: Call) -> None:
    """Take a routed address away from a network."""
    request = network_pb2.UnrouteAddressRequest(**_named(call), address=call.path["address"])
    await call.rpc("NetworkService/UnrouteAddress", request)


def _named(call: Call) -> dict[str, Any]:
    return {"network_ref": call.path["network_ref"], "namespace": call.arguments.text("namespace")}


_SHOWN = schemas.named("Network")
_KEPT = schemas.or_null(schemas.FLAG)

ROUTES = (
    Route(
        "GET",
        "/networks",
        list_,
        ("NetworkService/ListNetworks",),
        "List networks",
        schemas.list_of(_SHOWN),
        (Parameter("all", schemas.FLAG, "deleted ones too"),),
    ),
    Route(
        "POST",
        "/networks",
        allocate,
        ("NetworkService/CreateNetwork",),
        "Create a network",
        _SHOWN,
        (
            Parameter("name", schemas.NAME, "unique among the live networks of its namespace", required=True),
            Parameter(
                "netblock", schemas.TEXT, "such as 10.0.0.0/24, /8 to /30; its first address is the gateway", required=True
            ),
            Parameter("provide_nat", _KEPT, "instances without a floating address may call out"),
            Parameter("provide_dhcp", _KEPT, "whether its orchestrator serves DHCP on it; kept, never interpreted"),
            Parameter("provide_dns", _KEPT, "whether its orchestrator serves DNS on it; kept, never interpreted"),
            Parameter("namespace", schemas.or_null(schemas.NAME_OR_DEFAULT), "whose it is; the caller's by default"),
        ),
    ),
    Route(
        "DELETE",
        "/networks",
        delete_all,
        ("NamespaceService/GetNamespace", "NetworkService/ListNetworks", "NetworkService/DeleteNetwork"),
        "Delete all networks of a namespace; those in use stay, and the answer is 409",
        schemas.list_of(schemas.UUID),
        CONFIRMED,
    ),
    Route(
        "GET",
        "/networks/{network_ref}",
        show,
        ("NetworkService/GetNetwork",),
        "Show a network, by uuid or name; a deleted one by uuid, for an hour",
        _SHOWN,
        (NAMESPACE,),
    ),
    Route(
        "DELETE",
        "/networks/{network_ref}",
        delete,
        ("NetworkService/DeleteNetwork",),
        "Delete a network without interfaces",
        _SHOWN,
        (NAMESPACE,),
    ),
    Route(
        "GET",
        "/networks/{network_ref}/interfaces",
        interfaces,
        ("NetworkService/ListNetworkInterfaces",),
        "List the interfaces on a network",
        schemas.list_of(schemas.named("Interface")),
        (NAMESPACE,),
    ),
    Route(
        "GET",
        "/networks/{network_ref}/addresses",
        addresses,
        ("NetworkService/ListNetworkAddresses",),
        "List the addresses of a network that are not free",
        schemas.list_of(schemas.named("Address")),
        (NAMESPACE,),
    ),
    Route(
        "POST",
        "/networks/{network_ref}/route",
        route,
        ("NetworkService/RouteAddress",),
        "Route an address of a pool into a network, without NAT, and answer with it",
        schemas.ADDRESS,
        (NAMESPACE,),
    ),
    Route(
        "DELETE",
        "/networks/{network_ref}/route/{address}",
        unroute,
        ("NetworkService/UnrouteAddress",),
        "Take a routed address away from a network",
        schemas.NULL,
        (NAMESPACE,),
    ),
)
