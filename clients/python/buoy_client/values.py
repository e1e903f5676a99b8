"""Single values between protobuf and Python: words, times, durations, JSON. Pure."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from google.protobuf import json_format, message
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from buoy_client.record import Json

Word = TypeVar("Word", bound=StrEnum)


def word_from_enum(kind: type[Word], name_of: Callable[[int], str], prefix: str, number: int) -> Word:
    """Give an enum value as a word of ours; one from a newer server is UNKNOWN rather than an error."""
    try:
        return kind(name_of(number).removeprefix(prefix).lower().replace("_", "-"))
    except ValueError:
        return kind("unknown")


def time_from_proto(owner: message.Message, field: str) -> datetime | None:
    """Give a timestamp field as an aware datetime in UTC, None where it is absent."""
    if not owner.HasField(field):
        return None
    stamp: Timestamp = getattr(owner, field)
    return stamp.ToDatetime(tzinfo=UTC)


def duration_to_proto(seconds: float | timedelta) -> Duration:
    """Give seconds, or a timedelta, as a Duration."""
    duration = Duration()
    duration.FromTimedelta(seconds if isinstance(seconds, timedelta) else timedelta(seconds=seconds))
    return duration


def json_from_value(value: Value) -> Json:
    """Give a protobuf Value as Python's JSON; whole numbers become int, as JSON has them."""
    match value.WhichOneof("kind"):
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return metadata_from_proto(value.struct_value.fields)
        case "list_value":
            return [json_from_value(item) for item in value.list_value.values]
    return None


def json_to_value(value: Json) -> Value:
    """Give Python's JSON as a protobuf Value; raises ValueError for what JSON cannot say (NaN, bytes)."""
    try:
        json.dumps(value, allow_nan=False)
        return json_format.ParseDict(value, Value())  # type: ignore[arg-type]  # any JSON value is allowed here
    except (json_format.ParseError, TypeError, ValueError) as error:
        raise ValueError(f"not a JSON value: {error}") from None


def metadata_from_proto(metadata: Mapping[str, Value]) -> dict[str, Json]:
    """Give metadata as a dictionary, its keys in order."""
    return {key: json_from_value(metadata[key]) for key in sorted(metadata)}


def struct_from_json(value: Mapping[str, Json]) -> Struct:
    """Give a JSON object as a protobuf Struct; raises ValueError for what JSON cannot say."""
    return json_to_value(dict(value)).struct_value


def values_from_json(metadata: Mapping[str, Json]) -> dict[str, Value]:
    """Give metadata as the values of a map field; raises ValueError for what JSON cannot say."""
    return {key: json_to_value(value) for key, value in metadata.items()}
