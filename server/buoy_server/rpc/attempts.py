"""From a request that bears a request id to the attempt that it is.

Digests, not values: no secret of a request is in one, and what a namespace asked for is not shown by the table of answers.
"""

from functools import cache
from hashlib import blake2b
from typing import Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from buoy_server.core.lookup import Caller
from buoy_server.feed.answers import Attempt
from buoy_server.rpc import checks

DIGEST_BYTES = 16
_PACKAGE = "buoy.v1"


def attempt_of(request: Any, caller: Caller) -> Attempt | None:
    """Return the attempt that a request is part of, None without a request id, or raise Malformed where that is no UUID."""
    if not request.request_id:
        return None
    request_id = checks.uuid(request.request_id, "request_id")
    # What a namespace of the same name asked for before this one was made is not this one's.
    born = caller.since.get(caller.namespace, 0)
    return Attempt(
        request_id,
        _digest(f"{caller.namespace}/{born}/{request_id}".encode()),
        _digest(request.DESCRIPTOR.full_name.encode(), b"\0", _without_secrets(request)),
    )


def _digest(*parts: bytes) -> bytes:
    return blake2b(b"".join(parts), digest_size=DIGEST_BYTES).digest()


def _without_secrets(request: Message) -> bytes:
    said = type(request)()
    said.CopyFrom(request)
    said.ClearField("request_id")
    for name in _secrets(request.DESCRIPTOR):
        said.ClearField(name)
    return said.SerializeToString(deterministic=True)


@cache
def _secrets(message: Descriptor) -> tuple[str, ...]:
    """Return the fields of a message that are, or hold, what the contract marks debug_redact."""
    return tuple(
        field.name for field in message.fields if field.GetOptions().debug_redact or _holds_secrets(field.message_type)
    )


def _holds_secrets(message: Descriptor | None) -> bool:
    return message is not None and message.file.package == _PACKAGE and bool(_secrets(message))
