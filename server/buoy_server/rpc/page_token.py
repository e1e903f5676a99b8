"""Tokens of pages: where a list goes on, in a form that its reader keeps and does not read.

A token is a digest, the cluster, the revision of the list's first page, and the key that the last page ended with. The digest
binds these and the query, so that a token is good for the list that gave it and for no other. It is no secret and gives no
right: what a caller may see is asked again for every page.
"""

import base64
import struct
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from google.protobuf.message import Message

from buoy_server.core.errors import ClusterChanged, Malformed

FIELD = "page_token"
NOT_OF_THE_QUERY = ("page_size", FIELD, "min_revision")

_DIGEST = 8
_HEAD = struct.Struct(">16sq")  # cluster, revision


@dataclass(frozen=True, slots=True)
class Position:
    """Where a list goes on: after which key, and as of which revision the list is."""

    revision: int
    after: str


def write(position: Position, cluster_id: str, request: Message) -> str:
    """Return the token of a position in the list that a request asks for."""
    body = _HEAD.pack(UUID(cluster_id).bytes, position.revision) + position.after.encode()
    return base64.urlsafe_b64encode(_digest(body, request) + body).decode()


def read(token: str, cluster_id: str, request: Message) -> Position:
    """Return the position that a token stands for; raises Malformed, also for another query's, or ClusterChanged."""
    try:
        packed = base64.b64decode(token, altchars=b"-_", validate=True)
        digest, body = packed[:_DIGEST], packed[_DIGEST:]
        cluster, revision = _HEAD.unpack_from(body)
        position = Position(revision, body[_HEAD.size :].decode())
    except (ValueError, struct.error) as error:  # not base64, too short, not UTF-8
        raise malformed() from error
    if digest != _digest(body, request) or base64.urlsafe_b64encode(packed).decode() != token or revision < 0:
        raise malformed()
    if cluster != UUID(cluster_id).bytes:
        raise ClusterChanged("the page before this one is of another database: begin the list again", field=FIELD)
    return position


def malformed() -> Malformed:
    """Return what is said of a token that is none."""
    return Malformed("this is no token from next_page_token of the same query", field=FIELD)


def _digest(body: bytes, request: Message) -> bytes:
    query = type(request)()
    query.CopyFrom(request)
    for name in NOT_OF_THE_QUERY:
        query.ClearField(name)
    asked = query.DESCRIPTOR.full_name.encode() + query.SerializeToString(deterministic=True)
    return blake2b(body, digest_size=_DIGEST, key=blake2b(asked, digest_size=16).digest()).digest()
