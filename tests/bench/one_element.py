"""Row 2: one float into both maps in one transaction, with 100,000 present, against the least that can be done.

The least: the bytes of that transaction made beforehand, the addresses put into them, one send, one answer.
"""

import socket
import statistics
import struct
import time
from collections.abc import Callable
from typing import Any

from buoy_agent.kernel.netlink import ACK, CREATE, HEADER, REQUEST, attribute, nest, words
from buoy_agent.kernel.nft import Table
from pyroute2.netlink.nfnetlink import nftsocket

from tests.bench import tables
from tests.bench.bulk_elements import script
from tests.bench.comparison import Comparison
from tests.bench.programs import find_program, program, run
from tests.bench.tables import Pair
from tests.support import netns

PRESENT = 100_000
BLOCKS, OFTEN, SELDOM = 10, 200, 2  # blocks, in turns; how often in one: what takes microseconds, what takes milliseconds
_NEWSETELEM, _INET, _NFTABLES = 10 << 8 | 12, b"\2\0\0\0", b"\0\0\0\12"
_BEGIN, _END = (HEADER.pack(20, kind, REQUEST, 1, 0) + _NFTABLES for kind in (0x10, 0x11))
_MAPS = ("floating_to_fixed", "fixed_to_floating")


def measure() -> list[Comparison]:
    """Adds one float and deletes it again, in turns by each."""
    with netns.namespace("bench-one") as name:
        ours, packed, generic, nft = netns.call(name, _medians, name)
    what = "one float, two maps, 100,000 present"
    return [
        Comparison("2", what, ours, packed, "us", 3, "bytes packed beforehand, on a raw socket"),
        Comparison("2", what, ours, nft, "us", 1 / 80, "nft add element"),
        Comparison("2", what, ours, generic, "us", None, "pyroute2's generic encoder"),
    ]


class Packed:
    """The transaction as bytes, with places for the addresses."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        self._socket.bind((0, 0))
        marks = (b"\xf1" * 4, b"\xf2" * 4)
        body = []
        for name, (key, value) in zip(_MAPS, (marks, marks[::-1]), strict=True):
            item = nest(1, nest(1, attribute(1, key)), nest(2, attribute(1, value)))
            flags = CREATE | (ACK if name == _MAPS[1] else 0)
            body.append(_message(_NEWSETELEM, flags, _INET + words(1, "buoy") + words(2, name) + nest(3, item)))
        self._bytes = bytearray(b"".join(body))
        self._places = [[at for at in range(len(self._bytes)) if self._bytes[at : at + 4] == mark] for mark in marks]

    def add(self, pair: Pair) -> None:
        """Puts the addresses in and sends it."""
        for places, address in zip(self._places, pair, strict=True):
            for place in places:
                self._bytes[place : place + 4] = address
        self.send(self._bytes)

    def send(self, body: bytes | bytearray) -> None:
        """Sends messages as a transaction, and reads the answer."""
        self._socket.send(b"".join((_BEGIN, body, _END)))
        code = struct.unpack_from("=i", self._socket.recv(4096), 16)[0]
        if code:
            raise OSError(-code, "the kernel refused")

    def close(self) -> None:
        """Gives the socket back."""
        self._socket.close()


def _message(kind: int, flags: int, payload: bytes) -> bytes:
    return HEADER.pack(16 + len(payload), kind, flags | REQUEST, 1, 0) + payload


def _medians(name: str) -> tuple[float, float, float, float | None]:
    present, one = tables.pairs(PRESENT), tables.pairs(PRESENT + 1)[-1]
    packed = Packed()
    ways: dict[str, tuple[Callable[[], Any], int]] = {"packed": (lambda: packed.add(one), OFTEN)}
    with tables.opened(name) as (table, _):
        tables.fill(table, present)
        back = tables.swapped([one])
        ways["ours"] = (lambda: tables.fill(table, [one], back), OFTEN)
        ways["generic"] = (lambda: packed.send(_encoded(one)), OFTEN // 10)
        if find_program("nft"):
            text = script([one])
            ways["nft"] = (lambda: run(program("nft"), text), SELDOM)
        figures: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(BLOCKS):
            for way, (add, often) in ways.items():
                figures[way] += [_timed(add, table, one) for _ in range(often)]
    packed.close()
    ours, least, other = (statistics.median(figures[way]) for way in ("ours", "packed", "generic"))
    return ours, least, other, statistics.median(figures["nft"]) if "nft" in figures else None


def _timed(add: Callable[[], Any], table: Table, one: Pair) -> float:
    begin = time.perf_counter()
    add()
    took = (time.perf_counter() - begin) * 1e6
    tables.clear(table, [one])
    return took


def _encoded(pair: Pair) -> bytes:
    """The same two messages by pyroute2."""
    parts = []
    for name, (key, value) in zip(_MAPS, (pair, pair[::-1]), strict=True):
        message: Any = nftsocket.nft_set_elem_list_msg()  # type: ignore[no-untyped-call] # pyroute2 has no types
        item = [("NFTA_SET_ELEM_KEY", _value(key)), ("NFTA_SET_ELEM_DATA", _value(value))]
        flags = REQUEST | CREATE | (ACK if name == _MAPS[1] else 0)
        message["header"].update(type=_NEWSETELEM, flags=flags, sequence_number=1)
        message["nfgen_family"] = socket.AF_INET
        message["attrs"] = [
            ("NFTA_SET_ELEM_LIST_TABLE", "buoy"),
            ("NFTA_SET_ELEM_LIST_SET", name),
            ("NFTA_SET_ELEM_LIST_ELEMENTS", [{"attrs": item}]),
        ]
        message.encode()
        parts.append(bytes(message.data))
    return b"".join(parts)


def _value(address: bytes) -> dict[str, Any]:
    return {"attrs": [("NFTA_DATA_VALUE", address)]}
