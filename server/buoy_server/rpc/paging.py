"""Pages of lists: objects in the order of their key, and a token that says after which key the next page starts."""

import base64
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address

from google.protobuf.message import Message

from buoy_server.codec import packing
from buoy_server.core.errors import Malformed

MAX_PAGE = 1000
MAX_BYTES = 3 << 20  # below the 4 MiB that clients receive by default

_DIGITS = 18
_REPEATED = 1  # every list response has its objects in field 1


def page_size(asked: int) -> int:
    """Return how many objects a page may have."""
    if not 0 <= asked <= MAX_PAGE:
        raise Malformed(f"a page has 1 to {MAX_PAGE} objects", field="page_size")
    return asked or MAX_PAGE


def page_after(keys: Iterable[str], page_token: str) -> Sequence[str]:
    """Return the keys that come after those of the page that gave the token, in order."""
    ordered = sorted(keys)
    return ordered[bisect_right(ordered, _read_token(page_token)) :] if page_token else ordered


def listed(keys: Iterable[str], size: int, body: Callable[[str], bytes | None], rest: Callable[[str], Message]) -> bytes:
    """Return a list response: the objects of `keys` up to a page; `rest` makes its other fields from the next token."""
    chosen: list[bytes] = []
    total = 0
    last = ""
    for key in keys:
        packed = body(key)
        if packed is None:
            continue
        if len(chosen) == size or (chosen and total + len(packed) > MAX_BYTES):
            return packing.concatenated(packing.joined(_REPEATED, chosen), rest(token(last)))
        chosen.append(packed)
        total += len(packed)
        last = key
    return packing.concatenated(packing.joined(_REPEATED, chosen), rest(""))


def by_address(keys: Iterable[str]) -> dict[str, str]:
    """Return the keys of reservations under texts whose order is that of the addresses."""
    return {f"{int(IPv4Address(key.rpartition('/')[2])):010d}": key for key in keys}


def token(key: str) -> str:
    """Return an opaque token that stands for a key."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def read_number(page_token: str) -> int:
    """Return the number that a token stands for, 0 for no token."""
    text = _read_token(page_token) if page_token else "0"
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise Malformed("this is no token from next_page_token", field="page_token")
    return int(text)


def _read_token(page_token: str) -> str:
    try:
        return base64.b64decode(page_token, altchars=b"-_", validate=True).decode()
    except ValueError as error:  # not base64, not ASCII, not UTF-8
        raise Malformed("this is no token from next_page_token", field="page_token") from error
