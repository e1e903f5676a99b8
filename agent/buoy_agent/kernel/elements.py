"""Elements of maps and sets as bytes: fixed-size records, packed directly (pyroute2's encoder costs 40 to 130 times as much).

    list element | key    | value + bytes | data   | value + bytes
    4            | 4      | 4 + length    | 4      | 4 + length          28 bytes for an IPv4 -> IPv4 pair

An attribute's length has 16 bits, so a message holds at most 2,300 pairs, and a transaction many messages.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from buoy_agent.core.actual import Pair
from buoy_agent.core.examining import Counter
from buoy_agent.core.ruleset import TABLE
from buoy_agent.core.spec import Address
from buoy_agent.kernel.netlink import ATTRIBUTE, NESTED, attributes, elements, nest, words

CHUNK = 2300
_LIST_TABLE, _LIST_SET, _LIST_ELEMENTS = 1, 2, 3
_KEY, _DATA, _VALUE, _ITEM = 1, 2, 1, 1
_EXPRESSION, _BYTES, _PACKETS = 7, 1, 2


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its value, where it is of a map, and what it counted, where it counts."""

    value: Address | None = None
    counter: Counter | None = None


def add_payloads(header: bytes, name: str, pairs: Sequence[Pair]) -> Iterator[bytes]:
    """Payloads of NEWSETELEM messages."""
    for start in range(0, len(pairs), CHUNK):
        yield header + _place(name) + nest(_LIST_ELEMENTS, pack_pairs(pairs[start : start + CHUNK]))


def delete_payloads(header: bytes, name: str, keys: Sequence[Address]) -> Iterator[bytes]:
    """Payloads of DELSETELEM messages; a map's element is named by its key."""
    for start in range(0, len(keys), CHUNK):
        before = _before_key(len(keys[start]))
        yield header + _place(name) + nest(_LIST_ELEMENTS, before, before.join(keys[start : start + CHUNK]))


def pack_pairs(pairs: Sequence[Pair]) -> bytes:
    """Pairs of one address family as list elements."""
    if not pairs:
        return b""
    before, between = _templates(len(pairs[0][0]))
    return before + before.join(map(between.join, pairs))


def lookup_payload(header: bytes, name: str, key: Address) -> bytes:
    """Payload of a GETSETELEM that asks for one key: the kernel looks it up as a packet would."""
    return header + _place(name) + nest(_LIST_ELEMENTS, nest(_ITEM, nest(_KEY, _value(key))))


def unpack_all(body: memoryview, header_size: int) -> Iterator[tuple[Address, Element]]:
    """The elements of one answer, of a dump or of a look-up, with all that they hold."""
    listed = attributes(body[header_size:]).get(_LIST_ELEMENTS, b"")
    for item in elements(listed):
        parts = attributes(item)
        value = attributes(parts.get(_DATA, b"")).get(_VALUE)
        counted = attributes(attributes(parts.get(_EXPRESSION, b"")).get(2, b""))
        counter = Counter(_number(counted, _PACKETS), _number(counted, _BYTES)) if counted else None
        key = Address(bytes(attributes(parts[_KEY])[_VALUE]))
        yield key, Element(Address(bytes(value)) if value is not None else None, counter)


def dump_payload(header: bytes, name: str) -> bytes:
    """Payload of the GETSETELEM dump of one map."""
    return header + _place(name)


def unpack(body: memoryview, header_size: int, shared: dict[Address, Address]) -> dict[Address, Address]:
    """The pairs of one answer to the dump; an address that is in `shared` is that object, and others come to be in it."""
    listed = bytes(attributes(body[header_size:]).get(_LIST_ELEMENTS, b""))
    pairs = _unpack_fast(listed) or list(_unpack_slowly(memoryview(listed)))
    same = shared.setdefault
    return {same(key, key): same(value, value) for key, value in pairs}


def _unpack_fast(listed: bytes, length: int = 4) -> list[Pair]:
    """All records alike and without further attributes: cut them by a pattern; empty when they are not."""
    found: list[Pair] = _records(length).findall(listed)
    return found if len(found) * (20 + 2 * length) == len(listed) else []


@lru_cache
def _records(length: int) -> re.Pattern[bytes]:
    before, between = map(re.escape, _templates(length, 0))  # the kernel does not set the flag
    return re.compile(b"%b(.{%d})%b(.{%d})" % (before, length, between, length), re.DOTALL)


def _unpack_slowly(listed: memoryview) -> Iterator[tuple[Address, Address]]:
    for item in elements(listed):
        parts = attributes(item)
        if _KEY in parts and _DATA in parts:
            yield Address(bytes(attributes(parts[_KEY])[_VALUE])), Address(bytes(attributes(parts[_DATA])[_VALUE]))


@lru_cache
def _before_key(length: int) -> bytes:
    """What stands before a key that is alone."""
    value = ATTRIBUTE.pack(4 + length, _VALUE)
    return ATTRIBUTE.pack(12 + length, _ITEM | NESTED) + ATTRIBUTE.pack(8 + length, _KEY | NESTED) + value


@lru_cache
def _templates(length: int, nested: int = NESTED) -> tuple[bytes, bytes]:
    """What stands before the key, and between key and data."""
    value = ATTRIBUTE.pack(4 + length, _VALUE)
    field = 8 + length
    before = ATTRIBUTE.pack(4 + 2 * field, _ITEM | nested) + ATTRIBUTE.pack(field, _KEY | nested) + value
    return before, ATTRIBUTE.pack(field, _DATA | nested) + value


def _number(found: dict[int, memoryview], kind: int) -> int:
    return int.from_bytes(found.get(kind, b""), "big")


def _value(address: Address) -> bytes:
    return ATTRIBUTE.pack(4 + len(address), _VALUE) + address


@lru_cache
def _place(name: str) -> bytes:
    return words(_LIST_TABLE, TABLE) + words(_LIST_SET, name)
