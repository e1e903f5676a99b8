"""The explanation of an interface in JSON; a shape of our own, since Shaken Fist has none."""

from typing import Any

from buoy.v1 import explain_pb2, interface_pb2

from buoy_server.http import views
from buoy_server.http.route import Schema
from buoy_server.http.schemas import FLAG, INTEGER, NUMBER, TEXT, list_of, named, or_null
from buoy_server.rpc.explaining import LINKS, STATES

Json = dict[str, Any]
_TRAFFIC: Json = {"packets": INTEGER, "bytes": INTEGER, "flows": INTEGER}


def _closed(**properties: Schema) -> Json:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


SCHEMA: Schema = _closed(
    interface=named("Interface"),
    summary=TEXT,
    advice=TEXT,
    broken={**or_null(TEXT), "description": "the first link that is broken"},
    links=list_of(
        _closed(link=TEXT, state={"enum": ["ok", "broken", "unknown"]}, title=TEXT, seen=TEXT, wrong=TEXT, advice=TEXT)
    ),
    node=_closed(name=TEXT, connected=FLAG, heard=or_null(NUMBER)),
    read=or_null(NUMBER),
    incoming=or_null(_closed(**_TRAFFIC)),
    outgoing=or_null(_closed(**_TRAFFIC)),
)


def explanation(message: interface_pb2.ExplainInterfaceResponse) -> Json:
    """Return an explanation; times are seconds since the epoch, and null is what is not known."""
    found = message.explanation
    seen = found.examination
    return {
        "interface": views.interface(message.interface),
        "summary": found.summary,
        "advice": found.advice,
        "broken": LINKS.from_proto(found.broken).value if found.broken else None,
        "links": [_link(link) for link in found.links],
        "node": {
            "name": found.node.name,
            "connected": found.node.connected,
            "heard": views.seconds(found.node.heard_time) if found.node.HasField("heard_time") else None,
        },
        "read": views.seconds(seen.time) if seen.HasField("time") else None,
        "incoming": _traffic(seen.incoming, seen.incoming_flows) if seen.HasField("incoming") else None,
        "outgoing": _traffic(seen.outgoing, seen.outgoing_flows) if seen.HasField("outgoing") else None,
    }


def _link(link: explain_pb2.ExplainedLink) -> Json:
    return {
        "link": LINKS.from_proto(link.link).value,
        "state": STATES.from_proto(link.state).value,
        "title": link.title,
        "seen": link.seen,
        "wrong": link.wrong,
        "advice": link.advice,
    }


def _traffic(traffic: explain_pb2.Traffic, flows: int) -> Json:
    return {"packets": traffic.packets, "bytes": traffic.bytes, "flows": flows}
