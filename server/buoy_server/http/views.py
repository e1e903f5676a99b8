"""Objects as Shaken Fist shows them in JSON."""

import time
from collections.abc import Mapping
from typing import Any

from buoy.v1 import event_pb2, instance_pb2, interface_pb2, namespace_pb2, network_pb2, node_pb2, pool_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from buoy_server.codec.records import INSTANCE_STATES, INTERFACE_STATES, NETWORK_STATES, NODE_STATES, RESERVATION_TYPES
from buoy_server.codec.scalars import json_from_value
from buoy_server.http.plain import plain
from buoy_server.rpc.events import EVENT_TYPES

Json = dict[str, Any]

VERSION = 1  # of the shapes that are ours; an interface brings its own

# What an instance shows where its creator said nothing: what Shaken Fist's program prints must be there.
VIDEO: Mapping[str, Any] = {"model": "cirrus", "memory": 16384, "vdi": "spice"}
DISK: Mapping[str, Any] = {"type": "disk", "bus": None, "size": None, "base": None}
INSTANCE_DEFAULTS: Mapping[str, Any] = {
    "cpus": None,
    "memory": None,
    "ssh_key": None,
    "user_data": None,
    "console_port": None,
    "vdi_port": None,
    "vdi_tls_port": None,
    "uefi": False,
    "secure_boot": False,
    "nvram_template": None,
    "configdrive": None,
    "machine_type": None,
    "side_channels": [],
    "agent_state": "not ready (no contact)",
    "agent_start_time": None,
    "agent_system_boot_time": None,
}
_POWER = {"created": "on", "delete-wait": "off", "deleted": "off"}


def interface(message: interface_pb2.Interface) -> Json:
    """Return an interface; `floating` only while the address works, so that whoever reads it can use it."""
    works = message.floating.phase == interface_pb2.FLOATING_PHASE_ACTIVE
    return {
        "uuid": message.uuid,
        "state": INTERFACE_STATES.from_proto(message.state).value,
        "metadata": metadata(message.metadata),
        "version": message.version,
        "network_uuid": message.network_uuid,
        "instance_uuid": message.instance_uuid,
        "macaddr": message.macaddr,
        "ipv4": message.ipv4,
        "order": message.order,
        "model": message.model,
        "floating": message.floating.address if works else None,
    }


def instance(message: instance_pb2.Instance) -> Json:
    """Return an instance: what its creator said of it, and over that what Buoy knows."""
    said = {key: value for key, value in metadata(message.attributes.fields).items() if value is not None}
    state = INSTANCE_STATES.from_proto(message.state).value
    return {
        **INSTANCE_DEFAULTS,
        **said,
        "disk_spec": [{**DISK, **disk} for disk in _objects(said.get("disk_spec"))],
        "video": {**VIDEO, **said["video"]} if isinstance(said.get("video"), dict) else dict(VIDEO),
        "uuid": message.uuid,
        "name": message.name,
        "namespace": message.namespace,
        "node": message.node,
        "state": state,
        "power_state": _POWER.get(state, "initial"),
        "error_message": message.state_reason or None,
        "metadata": metadata(message.metadata),
        "version": VERSION,
    }


def network(message: network_pb2.Network) -> Json:
    """Return a network; Shaken Fist's have one floating gateway, ours one a node: the first of them."""
    gateways = [gateway.address for gateway in message.floating_gateways]
    return {
        "uuid": message.uuid,
        "name": message.name,
        "namespace": message.namespace,
        "netblock": message.netblock,
        "provide_dhcp": message.provide_dhcp,
        "provide_nat": message.provide_nat,
        "provide_dns": message.provide_dns,
        "floating_gateway": gateways[0] if gateways else None,
        "vxlan_id": message.vxid,
        "state": NETWORK_STATES.from_proto(message.state).value,
        "metadata": metadata(message.metadata),
        "version": VERSION,
    }


def address(message: pool_pb2.Reservation) -> Json:
    """Return the record of an address of a network."""
    return {
        "address": message.address,
        "type": RESERVATION_TYPES.from_proto(message.type).value,
        "user": [message.owner] if message.owner else [],
        "comment": message.comment,
    }


def namespace(message: namespace_pb2.Namespace) -> Json:
    """Return a namespace, with the names of its keys."""
    return {
        "name": message.name,
        "state": "created",
        "keys": [key.name for key in message.keys],
        "trust": {"full": list(message.trusts)},
        "metadata": metadata(message.metadata),
        "version": VERSION,
    }


def node(message: node_pb2.Node) -> Json:
    """Return a node; it was last seen now, or when it was found missing."""
    return {
        "uuid": message.name,
        "name": message.name,
        "fqdn": message.name,
        "ip": None,
        "state": NODE_STATES.from_proto(message.state).value,
        "lastseen": time.time() if message.connected else seconds(message.update_time),
        "version": message.agent_version,
        "release": message.agent_version,
        "is_hypervisor": True,
        "is_network_node": True,
        "is_database_node": False,
        "is_cluster_maintainer": False,
    }


def event(message: event_pb2.Event, host: str) -> Json:
    """Return an event; it happened on a node, or on this server."""
    return {
        "timestamp": seconds(message.time),
        "fqdn": message.actor.removeprefix("node/") if message.actor.startswith("node/") else host,
        "type": EVENT_TYPES.from_proto(message.type).value,
        "duration": None,
        "message": message.message,
        "extra": {
            "method": message.method,
            "actor": message.actor,
            **({"request_id": message.request_id} if message.request_id else {}),
            **({"changes": [_change(change) for change in message.changes]} if message.changes else {}),
        },
    }


def _change(message: event_pb2.Change) -> Json:
    return {"property": message.property, "before": message.before, "after": message.after}


def metadata(fields: Mapping[str, Any]) -> Json:
    """Return metadata, or attributes, by key: a message's map has no order, and would come in another each time."""
    return {key: plain(json_from_value(fields[key])) for key in sorted(fields)}


def seconds(stamp: Timestamp) -> float:
    """Return a moment as seconds since 1970, with microseconds."""
    return stamp.seconds + stamp.nanos / 1e9


def _objects(value: object) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
