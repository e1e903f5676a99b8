"""A unary call as a value: where it goes, what it asks, and how its answer is read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from google.protobuf.message import Message

from buoy_client.repeats import bearing_id

Response = TypeVar("Response", bound=Message)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Call(Generic[Response, Result]):
    """One unary call, not yet made; `path` is "/package.Service/Method"."""

    path: str
    request: Message
    response_type: type[Response]
    parse: Callable[[Response], Result]


def call(
    service: str, method: str, request: Message, response_type: type[Response], parse: Callable[[Response], Result]
) -> Call[Response, Result]:
    """Describe a call of a service of `buoy.v1`; a change bears a request id from here on."""
    return Call(f"/buoy.v1.{service}/{method}", bearing_id(request), response_type, parse)
