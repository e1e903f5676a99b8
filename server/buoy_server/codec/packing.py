"""Objects as bytes: the serialized message of the contract, which is what the view keeps and answers send.
A namespace, whose keys are hashed, is kept in a form that no answer sends.

`joined` writes a repeated field out of messages that are serialized already, and `field` a single one: protobuf's wire format
is a tag, a length and the bytes, and a message is the concatenation of its fields.
"""

from collections.abc import Iterable

from google.protobuf.message import Message

from buoy_server.codec.namespaces import pack_namespace, unpack_namespace
from buoy_server.codec.records import CONVERTERS
from buoy_server.core.model import AnyRecord, Namespace
from buoy_server.core.state import KIND_OF, Kind

_LENGTH_DELIMITED = 2


def pack(record: AnyRecord) -> bytes:
    """Serialize an object."""
    if isinstance(record, Namespace):
        return pack_namespace(record)
    _, to_proto, _ = CONVERTERS[KIND_OF[type(record)]]
    return to_proto(record).SerializeToString()


def unpack(kind: Kind, packed: bytes) -> AnyRecord:
    """Return the object that `pack` serialized."""
    if kind is Kind.NAMESPACE:
        return unpack_namespace(packed)
    message_class, _, from_proto = CONVERTERS[kind]
    return from_proto(message_class.FromString(packed))


def field(number: int, packed: bytes) -> bytes:
    """Return one message field of a larger message."""
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(packed)) + packed


def joined(number: int, messages: Iterable[bytes]) -> bytes:
    """Return a repeated message field of a larger message."""
    tag = _varint(number << 3 | _LENGTH_DELIMITED)
    return b"".join(part for packed in messages for part in (tag, _varint(len(packed)), packed))


def concatenated(*parts: bytes | Message) -> bytes:
    """Return the message that has the fields of all parts."""
    return b"".join(part if isinstance(part, bytes) else part.SerializeToString() for part in parts)


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
