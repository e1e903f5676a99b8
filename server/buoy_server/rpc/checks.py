"""Reading the inputs of requests: each function returns a value of the core, or raises Malformed naming the field."""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from typing import TypeVar

from buoy.v1 import leaving_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp

from buoy_server.codec.leaving import FLOW_POLICIES
from buoy_server.codec.scalars import duration_seconds, json_from_value
from buoy_server.core.draining import DRAIN_TIME
from buoy_server.core.errors import Malformed
from buoy_server.core.model import DEFAULT_MODEL, FlowPolicy, Json
from buoy_server.core.ranges import AddressRange

T = TypeVar("T")

MAX_NAME = 253
MAX_COMMENT = 256
_NAME = re.compile(r"[A-Za-z0-9._-]{1,253}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_MODEL = re.compile(r"[A-Za-z0-9._-]{1,64}")
_MACADDR = re.compile(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
_MULTICAST = 1
_MAX_QUARANTINE = timedelta(hours=24)
_MAX_EXTENSION = timedelta(days=30)
_MAX_LOW_PERCENT = 50
_MAX_DRAIN = timedelta(hours=24)
_MAX_RANGES = 256
MAX_DEPTH = 24  # protobuf reads 100 levels, of which a JSON object takes three


def uuid(text: str, field: str) -> str:
    """Return a UUID in its usual lower-case form."""
    if not _UUID.fullmatch(text):
        raise Malformed(f"{_shown(text)} is not a UUID such as b1981e81-b37a-4176-ba37-b61bc7208012", field=field)
    return text.lower()


def ref(text: str, field: str) -> str:
    """Return a UUID, in lower case, or a name."""
    try:
        return uuid(text, field)
    except Malformed:
        return name(text, field)


def name(text: str, field: str) -> str:
    """Return a name: 1 to 253 letters, digits, "-", "_" and "."."""
    if not _NAME.fullmatch(text):
        raise Malformed(f'{_shown(text)} is not a name: 1 to {MAX_NAME} letters, digits, "-", "_" and "."', field=field)
    return text


def optional(read: Callable[[str, str], T], text: str, field: str) -> T | None:
    """Return what `read` returns, or None for an empty text."""
    return read(text, field) if text else None


def optional_text(read: Callable[[str, str], str], text: str, field: str) -> str:
    """Return what `read` returns, or the empty text for an empty text."""
    return read(text, field) if text else ""


def address(text: str, field: str) -> IPv4Address:
    """Return an IPv4 address."""
    try:
        return IPv4Address(text)
    except ValueError as error:
        raise Malformed(f"{_shown(text)} is not an IPv4 address such as 192.0.2.7", field=field) from error


def netblock(text: str, field: str) -> IPv4Network:
    """Return a netblock, /8 to /30."""
    try:
        block = IPv4Network(text)
    except ValueError as error:
        raise Malformed(f"{_shown(text)} is not a netblock such as 10.0.0.0/24: {error}", field=field) from error
    if "/" not in text or not 8 <= block.prefixlen <= 30:
        raise Malformed(f"{_shown(text)} is no netblock of /8 to /30", field=field)
    if block.is_multicast or block.is_loopback or block.is_link_local or block.is_unspecified:
        raise Malformed(f"{text} cannot be used for a network: it is set aside for other things", field=field)
    return block


def macaddr(text: str, field: str) -> str:
    """Return a MAC address of one station, in lower case with colons."""
    if not _MACADDR.fullmatch(text):
        raise Malformed(f"{_shown(text)} is not a MAC address such as 02:00:00:73:18:66", field=field)
    if int(text[:2], 16) & _MULTICAST or int(text.replace(":", ""), 16) == 0:
        raise Malformed(f"{text} is no address of a single NIC", field=field)
    return text.lower()


def model(text: str, field: str) -> str:
    """Return the model of a NIC, "virtio" for an empty text."""
    if text and not _MODEL.fullmatch(text):
        raise Malformed(f"{_shown(text)} is not the model of a NIC such as virtio", field=field)
    return text or DEFAULT_MODEL


def ranges(texts: Sequence[str], field: str) -> tuple[AddressRange, ...]:
    """Return ranges of addresses."""
    if len(texts) > _MAX_RANGES:
        raise Malformed(f"more than {_MAX_RANGES} of them", field=field)
    return tuple(_range(text, f"{field}[{index}]") for index, text in enumerate(texts))


def quarantine(duration: Duration | None, default: timedelta) -> timedelta:
    """Return how long a pool's addresses rest."""
    if duration is None:
        return default
    seconds = duration_seconds(duration)
    if not 0 <= seconds <= _MAX_QUARANTINE.total_seconds():
        raise Malformed("a quarantine is 0 s to 24 h", field="quarantine")
    return timedelta(seconds=seconds)


def extension(duration: Duration) -> timedelta:
    """Return for how long yet an address is to rest."""
    seconds = duration_seconds(duration)
    if not 1 <= seconds <= _MAX_EXTENSION.total_seconds():
        raise Malformed("a quarantine is extended by 1 s to 30 days", field="duration")
    return timedelta(seconds=seconds)


def low_percent(share: int) -> int:
    """Return the share of free addresses below which a pool runs low."""
    if not 0 <= share <= _MAX_LOW_PERCENT:
        raise Malformed(f"it is 0 (never) to {_MAX_LOW_PERCENT} percent", field="low_percent")
    return share


def revision(number: int, field: str) -> int:
    """Return a revision, 0 where none is meant."""
    if number < 0:
        raise Malformed("a revision is not negative", field=field)
    return number


def flows(number: int, field: str) -> FlowPolicy:
    """Return what becomes of live connections; they are cut where nothing is said."""
    if number == leaving_pb2.FLOW_POLICY_UNSPECIFIED:
        return FlowPolicy.CUT
    try:
        policy: FlowPolicy = FLOW_POLICIES.from_proto(number)
    except KeyError as error:
        raise Malformed(f"there is no policy {number}: CUT, DRAIN or KEEP", field=field) from error
    return policy


def drain_time(duration: Duration | None, policy: FlowPolicy) -> timedelta:
    """Return how long live connections may go on that drain."""
    if duration is None:
        return DRAIN_TIME
    if policy is not FlowPolicy.DRAIN:
        raise Malformed(f"a drain time goes with flows DRAIN, not with {policy.name}", field="drain_time")
    seconds = duration_seconds(duration)
    if not 1 <= seconds <= _MAX_DRAIN.total_seconds():
        raise Malformed("a drain time is 1 s to 24 h", field="drain_time")
    return timedelta(seconds=seconds)


def metadata_key(text: str) -> str:
    """Return a metadata key."""
    if not 1 <= len(text) <= MAX_NAME:
        raise Malformed(f"a key has 1 to {MAX_NAME} characters", field="key")
    return text


def moment(time: Timestamp, field: str) -> datetime:
    """Return a moment."""
    try:
        return time.ToDatetime(UTC)
    except ValueError as error:
        raise Malformed(f"this is no moment: {error}", field=field) from error


def comment(text: str, field: str) -> str:
    """Return a comment: one short line, so that it can stand in a table."""
    if len(text) > MAX_COMMENT or not text.isprintable():
        raise Malformed(f"a comment is one line of at most {MAX_COMMENT} characters", field=field)
    return text


def json(value: Value, field: str) -> Json:
    """Return a JSON value: finite numbers, and not so deep that the messages that hold it could not be read any more."""
    _refuse_odd(value, field, MAX_DEPTH)
    return json_from_value(value)


def json_object(fields: Mapping[str, Value], field: str) -> dict[str, Json]:
    """Return the fields of a JSON object."""
    return {key: json(value, f"{field}[{key!a}]") for key, value in fields.items()}


def _refuse_odd(value: Value, field: str, depth: int) -> None:
    kind = value.WhichOneof("kind")
    if kind is None:
        raise Malformed("a value is missing", field=field)
    if depth == 0:
        raise Malformed(f"JSON nests at most {MAX_DEPTH} deep", field=field)
    if kind == "number_value" and not math.isfinite(value.number_value):
        raise Malformed("JSON has no such number", field=field)
    inner: Iterable[Value] = value.list_value.values if kind == "list_value" else ()
    if kind == "struct_value":
        inner = value.struct_value.fields.values()
    for item in inner:
        _refuse_odd(item, field, depth - 1)


def _range(text: str, field: str) -> AddressRange:
    try:
        range_ = AddressRange.parse(text)
    except ValueError as error:
        raise Malformed(f"{_shown(text)} is neither 192.0.2.0/24 nor 192.0.2.10-192.0.2.20: {error}", field=field) from error
    if range_.first.is_multicast or range_.first.is_loopback or range_.first.is_unspecified or range_.size > 1 << 24:
        raise Malformed(f"{text} cannot be used for floating addresses", field=field)
    return range_


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 64 else f"{text[:64]}...")
