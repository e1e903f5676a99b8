"""JSON Schemas of what goes in and out, for the OpenAPI description."""

from collections.abc import Mapping
from typing import Any

from buoy_server.http.route import Schema

ANY: Schema = {}
NULL: Schema = {"type": "null"}
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
INTEGER: Schema = {"type": "integer"}
OBJECT: Schema = {"type": "object"}
TEXTS: Schema = {"type": "array", "items": TEXT}
NAME: Schema = {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,253}$"}
NAME_OR_DEFAULT: Schema = {"type": "string", "pattern": "^[A-Za-z0-9._-]{0,253}$"}  # empty as absent: the default
UUID: Schema = {"type": "string", "format": "uuid"}
ADDRESS: Schema = {"type": "string", "format": "ipv4"}
KEY: Schema = {"type": "string", "minLength": 1, "maxLength": 253}
SECRET: Schema = {"type": "string", "minLength": 8, "maxLength": 256}


def or_null(schema: Schema) -> Schema:
    """Return the schema of something that may be absent, which is the same as null."""
    return {**schema, "type": [schema["type"], "null"]}


def list_of(schema: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": schema}


def named(name: str) -> Schema:
    """Return a reference to one of SCHEMAS."""
    return {"$ref": f"#/components/schemas/{name}"}


def _closed(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _open(**properties: Schema) -> Schema:
    return {**_closed(**properties), "additionalProperties": True}


METADATA: Schema = {"type": "object", "description": "the owner's own keys and values, any JSON, never interpreted"}
DISK: Schema = {"type": "object", "description": "type, bus, size and base of a disk; kept, never interpreted"}
_VXID: Schema = {"type": "integer", "minimum": 0, "maximum": (1 << 24) - 1}

NETWORK_SPEC: dict[str, Any] = {
    "type": "object",
    "properties": {
        "network_uuid": {**NAME, "description": "the network, by uuid or name"},
        "address": or_null(ADDRESS),
        "macaddress": or_null({"type": "string", "pattern": "^[0-9A-Fa-f][02468ACEace](:[0-9A-Fa-f]{2}){5}$"}),
        "model": or_null({"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}),
        "float": or_null(FLAG),
    },
    "required": ["network_uuid"],
    "additionalProperties": False,
}

SCHEMAS: Mapping[str, dict[str, Any]] = {
    "Interface": {
        **_closed(
            uuid=UUID,
            state={"enum": ["initial", "created", "deleted", "error"]},
            metadata=METADATA,
            version=INTEGER,
            network_uuid=UUID,
            instance_uuid=UUID,
            macaddr=TEXT,
            ipv4=ADDRESS,
            order=INTEGER,
            model=TEXT,
            floating={**or_null(ADDRESS), "description": "an address that works now, or null"},
        )
    },
    "NetworkSpec": NETWORK_SPEC,
    "Instance": {
        **_open(
            uuid=UUID,
            name=NAME,
            namespace=NAME,
            node=TEXT,
            state={"enum": ["initial", "preflight", "creating", "created", "delete-wait", "deleted", "error"]},
            power_state=TEXT,
            error_message=or_null(TEXT),
            disk_spec=list_of(OBJECT),
            video=OBJECT,
            metadata=METADATA,
            version=INTEGER,
        ),
        "description": "and what was said of it when it was asked for: cpus, memory, ssh_key, user_data, ...",
    },
    "Network": {
        **_closed(
            uuid=UUID,
            name=NAME,
            namespace=NAME,
            netblock=TEXT,
            provide_dhcp=FLAG,
            provide_nat=FLAG,
            provide_dns=FLAG,
            floating_gateway=or_null(ADDRESS),
            vxlan_id=_VXID,
            state={"enum": ["initial", "created", "delete-wait", "deleted", "error"]},
            metadata=METADATA,
            version=INTEGER,
        )
    },
    "Address": {
        **_closed(
            address=ADDRESS,
            type={"enum": ["network", "broadcast", "gateway", "floating", "routed", "instance", "deletion-halo"]},
            user=TEXTS,
            comment=TEXT,
        )
    },
    "Event": {
        **_closed(
            timestamp=NUMBER,
            fqdn=TEXT,
            type={"enum": ["audit", "mutate", "status"]},
            duration=NULL,
            message=TEXT,
            extra=OBJECT,
        )
    },
    "Namespace": {**_closed(name=NAME, state=TEXT, keys=TEXTS, trust=_closed(full=TEXTS), metadata=METADATA, version=INTEGER)},
    "Node": {
        **_closed(
            uuid=TEXT,
            name=TEXT,
            fqdn=TEXT,
            ip=NULL,
            state=TEXT,
            lastseen=NUMBER,
            version=TEXT,
            release=TEXT,
            is_hypervisor=FLAG,
            is_network_node=FLAG,
            is_database_node=FLAG,
            is_cluster_maintainer=FLAG,
        )
    },
    "Token": {**_closed(access_token=TEXT, token_type=TEXT, expires_in=INTEGER)},
    "Error": {**_closed(error=TEXT, status=INTEGER)},
}
