"""Pages of lists: objects in the order of their key, as they are now.

Every page bears the revision of the first one. What changed while the pages were read may be seen on a later page or not; the
watch from that revision plus one tells it in any case, so that the list and the watch together miss nothing.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from heapq import heapify, heappop
from ipaddress import IPv4Address
from socket import inet_aton
from typing import Any

from google.protobuf.message import Message
from sortedcontainers import SortedList

from buoy_server.codec import packing
from buoy_server.core.errors import Malformed, RevisionInFuture
from buoy_server.core.state import Kind
from buoy_server.feed.index import keys_after
from buoy_server.feed.view import View
from buoy_server.rpc import page_token
from buoy_server.rpc.backend import Backend

MAX_PAGE = 1000
MAX_BYTES = 3 << 20  # below the 4 MiB that clients receive by default

_REPEATED = 1  # every list response has its objects in field 1


@dataclass(frozen=True, slots=True)
class Page:
    """The page that a request asks for: at most `size` of what comes `after` a key, in a list as of a revision."""

    size: int
    revision: int
    after: str
    _cluster_id: str
    _request: Message

    def answer(self, keys: Iterable[str], body: Callable[[str], bytes | None], response: Any) -> bytes:
        """Return `response` with the objects of `keys`, without those that have no body, and what a page says of itself."""
        chosen: list[bytes] = []
        total = 0
        last = response.next_page_token = ""
        for key in keys:
            packed = body(key)
            if packed is None:
                continue
            if self.is_full(len(chosen), total + len(packed)):
                response.next_page_token = self.token(last)
                break
            chosen.append(packed)
            total += len(packed)
            last = key
        response.revision = self.revision
        return packing.concatenated(packing.joined(_REPEATED, chosen), response)

    def is_full(self, count: int, size: int) -> bool:
        """Whether a page of so many objects is not to become one of `size` bytes with another; one fits in any case."""
        return count == self.size or (count > 0 and size > MAX_BYTES)

    def token(self, key: str) -> str:
        """Return the token for the page after this one, which ended with a key."""
        return page_token.write(page_token.Position(self.revision, key), self._cluster_id, self._request)


def page_of(backend: Backend, request: Any, default: int = MAX_PAGE) -> Page:
    """Read which page a list request asks for."""
    if not 0 <= request.page_size <= MAX_PAGE:
        raise Malformed(f"a page has 1 to {MAX_PAGE} objects", field="page_size")
    position = page_token.Position(backend.view.revision, "")
    if request.page_token:
        position = page_token.read(request.page_token, backend.cluster_id, request)
    if position.revision > backend.view.revision:
        raise RevisionInFuture(f"the last revision is {backend.view.revision}", field=page_token.FIELD)
    return Page(request.page_size or default, position.revision, position.after, backend.cluster_id, request)


def in_order(view: View, kind: Kind, keys: Collection[str], after: str) -> Iterator[str]:
    """Yield those of a kind's keys that come after one, in order, at the cost of a page and not of the whole list.

    What an index keeps in order is read from there. Of others, many are met on a walk through all keys of the kind, and a few
    are put in order by themselves.
    """
    if isinstance(keys, SortedList):
        return keys_after(keys, after)
    if len(keys) ** 2 > MAX_PAGE * len(view.keys(kind)):
        return (key for key in view.keys_after(kind, after) if key in keys)
    return smallest_first(keys, after)


def smallest_first(keys: Iterable[str], after: str) -> Iterator[str]:
    """Yield those of some keys that come after one, in order; those that are not asked for are not sorted."""
    heap = [key for key in keys if key > after]
    heapify(heap)
    while heap:
        yield heappop(heap)


def by_address(keys: Iterable[str]) -> Iterator[str]:
    """Yield, for keys of reservations, texts whose order is that of the addresses."""
    return (inet_aton(key.rpartition("/")[2]).hex() for key in keys)


def address_of(text: str) -> IPv4Address:
    """Return the address that a text of `by_address` stands for."""
    return IPv4Address(bytes.fromhex(text))
