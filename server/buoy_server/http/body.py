"""Reading a body: JSON that the contract can hold, within limits, whatever the method and the content type.

A message of the contract nests at most 100 deep on the wire, and a JSON object takes three of them: what were deeper could be
stored and never be read again. Its numbers are doubles: an integer that a double cannot hold would come back as another.
"""

import json
import math
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from buoy_server.core.errors import Malformed

MAX_BODY = 1 << 20
MAX_DEPTH = 24

Body = dict[str, Any]


async def read(request: Request) -> Body:
    """Return the object in the body, empty where there is no body; raise Malformed, or HTTPException 413."""
    packed = await _bytes(request)
    if not packed.strip():
        return {}
    try:
        parsed = json.loads(packed, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise _too_deep("body") from error
    except ValueError as error:  # not JSON, not UTF-8, or a number of thousands of digits
        raise Malformed("this is not JSON", field="body") from error
    if not isinstance(parsed, dict):
        raise Malformed("a JSON object was expected", field="body")
    for name, value in parsed.items():
        _check_text(name, "body")
        _check(value, name, 1)
    return parsed


async def _bytes(request: Request) -> bytes:
    length = request.headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length) > MAX_BODY:
        raise _too_large()
    packed = bytearray()
    async for chunk in request.stream():
        packed += chunk
        if len(packed) > MAX_BODY:
            raise _too_large()
    return bytes(packed)


def _check(value: object, field: str, depth: int) -> None:
    """Refuse what the contract cannot hold."""
    if depth > MAX_DEPTH:
        raise _too_deep(field)
    match value:
        case str():
            _check_text(value, field)
        case int() | float():
            _check_number(value, field)
        case list():
            for item in value:
                _check(item, field, depth + 1)
        case dict():
            for key, item in value.items():
                _check_text(key, field)
                _check(item, field, depth + 1)


def _check_text(text: str, field: str) -> None:
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Malformed("half of a surrogate pair is no text", field=ascii(field)[1:-1])


def _check_number(number: float, field: str) -> None:
    try:
        held = math.isfinite(number) and float(number) == number
    except OverflowError:
        held = False
    if not held:
        raise Malformed("a number is larger or more exact than a double: send it as text", field=field)


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _too_deep(field: str) -> Malformed:
    return Malformed(f"nested more than {MAX_DEPTH} deep", field=field)


def _too_large() -> HTTPException:
    return HTTPException(413, f"a body has at most {MAX_BODY >> 10} KiB")
