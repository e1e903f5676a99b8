"""The forms that output comes in, and the forms for programs."""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum

import yaml

from buoy_client.explanation import Explanation
from buoy_client.models import Event, Namespace, NamespaceKey, NewKey, Node, Pool
from buoy_client.record import Json, Record
from buoy_client.server_models import Compaction, LedgerCheck, ServerInfo


class OutputFormat(StrEnum):
    """Tables are for people; the others keep their shape for programs."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    NAME = "name"


def name_of(record: Record) -> str:
    """Give what names an object on the command line: its name where no two can have it, else the uuid."""
    if isinstance(record, Node | Pool | Namespace | NamespaceKey | NewKey):
        return record.name
    if isinstance(record, Event):
        return str(record.revision)
    if isinstance(record, ServerInfo):
        return record.cluster_id
    if isinstance(record, LedgerCheck):
        return str(record.revision)
    if isinstance(record, Compaction):
        return str(record.compact_revision)
    if isinstance(record, Explanation):
        return record.interface.uuid
    return str(getattr(record, "uuid", getattr(record, "address", "")))


def plain(value: Record | Sequence[Record] | Mapping[str, Json]) -> Json:
    """Give objects as JSON values."""
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, Mapping):
        return dict(value)
    return [item.to_dict() for item in value]


def to_json(value: Record | Sequence[Record] | Mapping[str, Json]) -> str:
    """Give objects as JSON for reading."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False)


def to_json_line(value: Record) -> str:
    """Give one object as JSON in one line."""
    return json.dumps(value.to_dict(), separators=(",", ":"), ensure_ascii=False)


def to_yaml(value: Record | Sequence[Record] | Mapping[str, Json]) -> str:
    """Give objects as YAML, keys in the order of the fields."""
    return str(yaml.safe_dump(plain(value), sort_keys=False, allow_unicode=True)).rstrip("\n")
