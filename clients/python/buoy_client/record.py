"""What all objects of the SDK share: they are frozen, and `to_dict` gives plain JSON values."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def json_ready(value: object) -> Json:
    """Turn addresses into text, times into RFC 3339, durations into seconds, and objects into dictionaries."""
    match value:
        case Record():
            return {field.name: json_ready(getattr(value, field.name)) for field in fields(value)}
        case StrEnum() | IPv4Address() | IPv4Network():
            return str(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(key): json_ready(item) for key, item in value.items()}
        case tuple() | list():
            return [json_ready(item) for item in value]
        case None | bool() | int() | float() | str():
            return value
    raise TypeError(f"{type(value).__name__} has no JSON form")


@dataclass(frozen=True, slots=True)
class Record:
    """An object as the server answered it."""

    def to_dict(self) -> dict[str, Json]:
        """Give this object as JSON values under its field names."""
        return {field.name: json_ready(getattr(self, field.name)) for field in fields(self)}
