"""Times, JSON values and enums to and from protobuf."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address
from socket import inet_aton
from typing import Any, cast

from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp

from buoy_server.core.model import Json, Metadata

_EPOCH = datetime.fromtimestamp(0, UTC)


def address(text: str) -> IPv4Address:
    """Return an address of a message as itself: it is there as `str` writes it, so that this may be four times as fast."""
    return IPv4Address(inet_aton(text))


def timestamp(moment: datetime | None) -> Timestamp | None:
    """Return a moment as a Timestamp, with microseconds."""
    if moment is None:
        return None
    return Timestamp(seconds=int(moment.timestamp()), nanos=moment.microsecond * 1000)


def moment(stamp: Timestamp) -> datetime:
    """Return a Timestamp as an aware datetime, with microseconds."""
    return _EPOCH + timedelta(0, stamp.seconds, stamp.nanos // 1000)


def moment_or_none(message: Any, field: str) -> datetime | None:
    """Return a Timestamp field as a datetime, or None when it is not set."""
    return moment(getattr(message, field)) if message.HasField(field) else None


def json_to_value(json: Json) -> Value:
    """Return any JSON value as a protobuf Value."""
    match json:
        case None:
            return Value(null_value=cast("Any", 0))
        case bool():
            return Value(bool_value=json)
        case int() | float():
            return Value(number_value=json)
        case str():
            return Value(string_value=json)
        case list():
            value = Value()
            value.list_value.values.extend(json_to_value(item) for item in json)
            return value
        case _:
            value = Value()
            value.struct_value.SetInParent()
            for key, item in json.items():
                value.struct_value.fields[key].CopyFrom(json_to_value(item))
            return value


def json_from_value(value: Value) -> Json:
    """Return a protobuf Value as JSON; one that is not set is null."""
    match value.WhichOneof("kind"):
        case "bool_value":
            return value.bool_value
        case "number_value":
            return value.number_value
        case "string_value":
            return value.string_value
        case "list_value":
            return [json_from_value(item) for item in value.list_value.values]
        case "struct_value":
            return {key: json_from_value(item) for key, item in value.struct_value.fields.items()}
        case _:
            return None


def put_metadata(metadata: Metadata, into: Any) -> None:
    """Write metadata into a map<string, Value> field."""
    for key, json in metadata.items():
        into[key].CopyFrom(json_to_value(json))


def metadata_from(fields: Mapping[str, Value]) -> Metadata:
    """Read metadata from a map<string, Value> field."""
    return {key: json_from_value(value) for key, value in fields.items()} if fields else {}


def duration_seconds(duration: Duration) -> float:
    """Return a Duration in seconds."""
    return duration.seconds + duration.nanos / 1e9


class EnumTable:
    """One enum of the contract against one of the core, matched by name: INTERFACE_STATE_CREATED is `CREATED`."""

    def __init__(self, proto_enum: Any, prefix: str, core_enum: type[StrEnum]) -> None:
        self._to_proto = {member: proto_enum.Value(f"{prefix}_{member.name}") for member in core_enum}
        self._from_proto = {number: member for member, number in self._to_proto.items()}

    def to_proto(self, member: StrEnum) -> Any:
        """Return the number in the contract."""
        return self._to_proto[member]

    def from_proto(self, number: int) -> Any:
        """Return the member of the core's enum; an unknown number is a KeyError."""
        return self._from_proto[number]
