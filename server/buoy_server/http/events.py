""".../events: the same for every kind of object that has them."""

from typing import Any

from buoy.v1 import event_pb2, instance_pb2, interface_pb2, network_pb2

from buoy_server.core.errors import Malformed
from buoy_server.http import schemas, views
from buoy_server.http.call import Call
from buoy_server.http.route import Handler, Parameter, Route

DEFAULT_LIMIT = 100
MAX_LIMIT = 10_000
PAGE = 1000

# Shaken Fist's types; those without a number are of what Buoy does not do, and there are none of them.
TYPES = {
    "audit": event_pb2.EVENT_TYPE_AUDIT,
    "mutate": event_pb2.EVENT_TYPE_MUTATE,
    "status": event_pb2.EVENT_TYPE_STATUS,
    "usage": None,
    "resources": event_pb2.EVENT_TYPE_RESOURCES,
    "prune": None,
    "historic": None,
}

_TAKES = (
    Parameter("event_type", {"enum": list(TYPES)}, "only events of this type"),
    Parameter("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}, f"at most so many, {DEFAULT_LIMIT} by default"),
)
_NAMESPACE = Parameter("namespace", schemas.NAME_OR_DEFAULT, "the namespace that a name is looked up in")


def _interface(call: Call) -> Any:
    return interface_pb2.ListInterfaceEventsRequest(interface_uuid=call.path["interface_uuid"])


def _instance(call: Call) -> Any:
    namespace = call.arguments.text("namespace")
    return instance_pb2.ListInstanceEventsRequest(instance_ref=call.path["instance_ref"], namespace=namespace)


def _network(call: Call) -> Any:
    namespace = call.arguments.text("namespace")
    return network_pb2.ListNetworkEventsRequest(network_ref=call.path["network_ref"], namespace=namespace)


def _lister(rpc: str, start: Any) -> Handler:
    async def events(call: Call) -> Any:
        limit = call.arguments.count("limit", DEFAULT_LIMIT, MAX_LIMIT)
        name = call.arguments.text("event_type") or call.arguments.text("type")
        request = start(call)
        if name and name not in TYPES:
            raise Malformed(f"{name!a} is none of {', '.join(TYPES)}", field="event_type")
        kind = TYPES[name] if name else event_pb2.EVENT_TYPE_UNSPECIFIED
        found = await _newest(call, rpc, request, kind or event_pb2.EVENT_TYPE_UNSPECIFIED, limit)
        return [] if kind is None else [views.event(event, call.host) for event in found]

    return events


async def _newest(call: Call, rpc: str, request: Any, kind: Any, limit: int) -> list[event_pb2.Event]:
    """Return the newest events, at most `limit`."""
    found: list[event_pb2.Event] = []
    request.type = kind
    while True:
        request.page_size = min(limit - len(found), PAGE)
        page = await call.rpc(rpc, request)
        found += page.events
        if len(found) >= limit or not page.next_page_token:
            return found
        request.page_token = page.next_page_token


ROUTES = tuple(
    Route(
        "GET",
        path,
        _lister(rpc, start),
        (rpc,),
        f"List what happened to {kind}, newest first",
        schemas.list_of(schemas.named("Event")),
        (*_TAKES, *by_name),
    )
    for path, rpc, start, kind, by_name in (
        ("/interfaces/{interface_uuid}/events", "InterfaceService/ListInterfaceEvents", _interface, "an interface", ()),
        ("/instances/{instance_ref}/events", "InstanceService/ListInstanceEvents", _instance, "an instance", (_NAMESPACE,)),
        ("/networks/{network_ref}/events", "NetworkService/ListNetworkEvents", _network, "a network", (_NAMESPACE,)),
    )
)
