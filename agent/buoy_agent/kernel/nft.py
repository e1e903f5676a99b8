"""The table `ip buoy` of one namespace: written in transactions, read back from the kernel.

A transaction is one send: begin, changes, end. It holds as a whole or not at all, and the error of each part comes back with
its position. Many elements go in transactions of 2,000, in each of which both maps change together: a transaction is one long
section in the kernel, in which nobody else gets the processor; smaller ones take no longer in all, and fit any socket.
"""

import errno
import struct
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import ClassVar

from buoy_agent.core.actual import Pair
from buoy_agent.core.examining import Counter
from buoy_agent.core.ruleset import (
    CHAINS,
    COUNTERS,
    FIXED_TO_FLOATING,
    FLOATING_TO_FIXED,
    MAPS,
    TABLE,
    Chain,
    Rule,
    rules,
)
from buoy_agent.core.spec import Address, Network
from buoy_agent.errors import KernelError
from buoy_agent.kernel import elements
from buoy_agent.kernel.elements import Element
from buoy_agent.kernel.expressions import decode, encode
from buoy_agent.kernel.netlink import (
    APPEND,
    CREATE,
    Channel,
    Message,
    as_text,
    attribute,
    attributes,
    be32,
    nest,
    words,
)

_SUBSYSTEM, _BEGIN, _END = 10, 0x10, 0x11
_NEWTABLE, _GETTABLE, _NEWCHAIN, _GETCHAIN, _DELCHAIN, _NEWRULE, _GETRULE, _DELRULE, _NEWSET, _GETSET, _DELSET = (
    0,
    1,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
)
_NEWSETELEM, _GETSETELEM, _DELSETELEM, _GETGEN, _DESTROYSETELEM = 12, 13, 14, 16, 30
_AF_INET, _MAP_FLAG, _DYNAMIC_FLAG, _TYPE_IPV4 = 2, 8, 0x20, 7
_UNSAID_SIZE = 0xFFFF  # of a dynamic set without a size, which begins small and grows
_HEADER = struct.pack(">BBH", _AF_INET, 0, 0)
_BATCH = struct.pack(">BBH", 0, 0, _SUBSYSTEM)
_ACCEPT = 1
_OWNED = 2  # flag of a table that a program keeps for itself, for as long as it runs (Linux 5.12)
_HELD = f"another program holds the nftables table {TABLE} of this network for itself (flag owner): end that program"
_CHANGED = "changed"  # stands in the place of the comment of a rule that does not do what its comment says
_STEP = 2000  # pairs in one transaction
_NO_ENTRY = 2


class Table:
    """The table of the namespace that the socket is in."""

    destroys: ClassVar[bool] = True  # the kernel deletes elements that need not be there (Linux 6.3)

    def __init__(self, channel: Channel, shared: dict[Address, Address] | None = None) -> None:
        """What is read shares its addresses with what else was read with the same `shared`: most stand in several places."""
        self._channel = channel
        self._shared = {} if shared is None else shared
        self.writes = 0

    def ensure(self, network: Network) -> None:
        """Makes table, maps and chains as far as they are missing or wrong, and replaces the rules, in one transaction.

        A dormant table is woken up before, since the kernel changes no policy of a chain in the same transaction (EINVAL).
        """
        awake = _message(_NEWTABLE, CREATE, words(1, TABLE) + be32(2, 0))  # flags 0: not dormant
        if self._flags():
            self._commit([awake])
        present, chains = self._sets(), self._chains()
        right = {name for name, shape in present.items() if shape in _SETS}
        changes = [awake]
        changes += [_message(_DELRULE, 0, words(1, TABLE) + words(2, name)) for name in chains]
        changes += [_message(_DELSET, 0, words(1, TABLE) + words(2, name)) for name in present if name not in right]
        missing = [name for name in (*MAPS, *COUNTERS) if name not in right]
        changes += [_new_set(name, network.map_size, position) for position, name in enumerate(missing, 1)]
        stray = [name for name, found in chains.items() if found not in _ALLOWED]
        changes += [_message(_DELCHAIN, 0, words(1, TABLE) + words(3, name)) for name in stray]
        changes += [_new_chain(base) for base in CHAINS]
        changes += [_new_rule(rule) for rule in rules(network)]
        self._commit(changes)

    def add(self, forward: Sequence[Pair], backward: Sequence[Pair]) -> None:
        """Adds pairs to floating_to_fixed and fixed_to_floating; both change at once."""
        for part in _steps(len(forward), len(backward)):
            payloads = [elements.add_payloads(_HEADER, FLOATING_TO_FIXED, forward[part])]
            payloads += [elements.add_payloads(_HEADER, FIXED_TO_FLOATING, backward[part])]
            self._commit([Message(_type(_NEWSETELEM), CREATE, payload) for payload in chain.from_iterable(payloads)])

    def delete(self, forward: Sequence[Address], backward: Sequence[Address]) -> None:
        """Deletes keys from floating_to_fixed and fixed_to_floating, and what was counted; all changes at once."""
        for part in _steps(len(forward), len(backward)):
            payloads = [elements.delete_payloads(_HEADER, FLOATING_TO_FIXED, forward[part])]
            payloads += [elements.delete_payloads(_HEADER, FIXED_TO_FLOATING, backward[part])]
            changes = [Message(_type(_DELSETELEM), 0, payload) for payload in chain.from_iterable(payloads)]
            self._delete_counted(changes, backward[part])

    def find(self, name: str, key: Address) -> Element | None:
        """One element of a map or set, looked up as a packet would; None where it, or the set, is not there."""
        body = self._channel.get(_type(_GETSETELEM), elements.lookup_payload(_HEADER, name, key))
        return None if body is None else dict(elements.unpack_all(body, len(_HEADER))).get(key)

    def read_counters(self, name: str) -> dict[Address, Counter]:
        """All counters of one direction, by fixed address: of those that have met a packet."""
        bodies = self._dump_elements(name)
        found = (entry for body in bodies for entry in elements.unpack_all(body, len(_HEADER)))
        return {key: element.counter for key, element in found if element.counter is not None}

    def read_rules(self) -> list[tuple[str, str]]:
        """Chain and comment of every rule, in the kernel's order; `changed` for one that does not do what its comment says."""
        found = [_rule(bytes(body[4:])) for _, body in self._channel.dump(_type(_GETRULE), _HEADER + words(1, TABLE))]
        return [(chain, comment) for table, chain, comment in found if table == TABLE]

    def flaws(self) -> list[str]:
        """What is wrong with table, maps and chains, in words; rules and elements are read apart."""
        flags = self._flags()
        if flags is None:
            return ["the nftables table is gone"]
        if flags & _OWNED:
            return [_HELD]
        found, present = self._chains(), self._sets()
        words_of = [f"the map {name} is gone" for name in MAPS if name not in present]
        words_of += [f"the set {name} is gone" for name in COUNTERS if name not in present]
        wrong = [name for name in (*MAPS, *COUNTERS) if present.get(name) not in (None, *_SETS)]
        words_of += [f"the {'map' if name in MAPS else 'set'} {name} is not as it was made" for name in wrong]
        words_of += [f"the chain {base.name} is gone" for base in CHAINS if base.name not in found]
        words_of += [f"the chain {name} is not as it was made" for name, shape in found.items() if shape not in _ALLOWED]
        return words_of + (["the nftables table is dormant"] if flags else [])

    def generation(self) -> int:
        """How many transactions the namespace has seen, modulo 2^32: what was read between two equal ones belongs together."""
        body = self._channel.get(_type(_GETGEN), _HEADER)
        return 0 if body is None else _integer(attributes(body[4:]).get(1))

    def read_map(self, name: str) -> dict[Address, Address]:
        """All pairs of a map; empty when it is not there."""
        found: dict[Address, Address] = {}
        for part in self.read_map_in_steps(name):
            found.update(part)
        return found

    def read_map_in_steps(self, name: str) -> Iterator[dict[Address, Address]]:
        """The pairs of a map in the pieces that the kernel gives them in; nothing when it is not there."""
        for body in self._dump_elements(name):
            yield elements.unpack(body, len(_HEADER), self._shared)

    def _dump_elements(self, name: str) -> Iterator[memoryview]:
        try:
            for _, body in self._channel.dump(_type(_GETSETELEM), elements.dump_payload(_HEADER, name)):
                yield body
        except KernelError as error:
            if error.number != _NO_ENTRY:
                raise

    def _delete_counted(self, changes: Sequence[Message], addresses: Sequence[Address]) -> None:
        """Makes changes, and forgets what was counted under addresses, of which any may have met no packet."""
        if not addresses:
            self._commit(changes)
        elif Table.destroys:
            counted = [payload for name in COUNTERS for payload in elements.delete_payloads(_HEADER, name, addresses)]
            try:
                self._commit([*changes, *(Message(_type(_DESTROYSETELEM), 0, payload) for payload in counted)])
            except KernelError as error:
                if error.number != errno.EINVAL:
                    raise
                Table.destroys = False
                self._delete_counted(changes, addresses)
        else:
            self._commit(changes)
            for name in COUNTERS:
                there = [address for address in addresses if self.find(name, address) is not None]
                payloads = elements.delete_payloads(_HEADER, name, there)
                self._commit([Message(_type(_DELSETELEM), 0, payload) for payload in payloads])

    def _flags(self) -> int | None:
        """The table's flags; None where there is no table."""
        body = self._channel.get(_type(_GETTABLE), _HEADER + words(1, TABLE))
        return None if body is None else _integer(attributes(body[4:]).get(2))

    def _sets(self) -> "dict[str, _SetShape]":
        """The maps and sets of our table."""
        found = (_set(bytes(body[4:])) for _, body in self._channel.dump(_type(_GETSET), _HEADER))
        return {shape[0]: shape for table, shape in found if table == TABLE}

    def _chains(self) -> "dict[str, _Shape]":
        """The chains of our table; those of others are passed over."""
        found = (_chain(bytes(body[4:])) for _, body in self._channel.dump(_type(_GETCHAIN), _HEADER))
        return {shape[0]: shape for table, shape in found if table == TABLE}

    def _commit(self, changes: Sequence[Message]) -> None:
        if not changes:
            return
        batch = [Message(_BEGIN, 0, _BATCH), *changes, Message(_END, 0, _BATCH)]
        for error in self._channel.send(batch, ack=len(changes)).values():
            raise KernelError(self._refusal(error), error.number)
        self.writes += len(changes)

    def _refusal(self, error: KernelError) -> str:
        """What a refused change means, and what to do."""
        if error.number == errno.EPERM and (self._flags() or 0) & _OWNED:
            return _HELD
        if error.number == errno.ENFILE:
            return "the map is full"
        return f"writing the nftables table {TABLE} of this network: {error}; where it stays, delete the table: it is made anew"


def _steps(*lengths: int) -> Iterator[slice]:
    """The parts to change in a transaction each."""
    return (slice(start, start + _STEP) for start in range(0, max(lengths), _STEP))


def _type(message: int) -> int:
    return _SUBSYSTEM << 8 | message


def _message(message: int, flags: int, payload: bytes) -> Message:
    return Message(_type(message), flags, _HEADER + payload)


def _new_set(name: str, size: int, position: int) -> Message:
    """One of the maps, or of the sets that packets fill: those allocate buckets ahead only where they may need so many."""
    shape: tuple[bytes, ...]
    key, sized = (be32(4, _TYPE_IPV4), be32(5, 4)), nest(9, be32(1, size))
    if name in MAPS:
        shape = (be32(3, _MAP_FLAG), *key, be32(6, _TYPE_IPV4), be32(7, 4), sized)
    else:
        shape = (be32(3, _DYNAMIC_FLAG), *key, sized if size > _UNSAID_SIZE else b"")
    return _message(_NEWSET, CREATE, b"".join((words(1, TABLE), words(2, name), *shape, be32(10, position))))


def _new_chain(base: Chain) -> Message:
    hook = nest(4, be32(1, base.hook), attribute(2, struct.pack(">i", base.priority)))
    policy = be32(5, _ACCEPT)
    return _message(_NEWCHAIN, CREATE, words(1, TABLE) + words(3, base.name) + hook + policy + words(7, base.type))


_SetShape = tuple[str, int, int, int, int, int]  # name, flags, type and length of keys, type and length of data
_SETS = {(name, _MAP_FLAG, _TYPE_IPV4, 4, _TYPE_IPV4, 4) for name in MAPS}
_SETS |= {(name, _DYNAMIC_FLAG, _TYPE_IPV4, 4, 0, 0) for name in COUNTERS}
_Shape = tuple[str, str, int, int, int]  # name, type, hook, priority, policy
_ALLOWED = {(base.name, base.type, base.hook, base.priority, _ACCEPT) for base in CHAINS}


# Chains, sets and rules of one network are mostly those of the next, to the byte: so each is made out once.
@lru_cache(maxsize=1 << 8)
def _chain(body: bytes) -> tuple[str, _Shape]:
    """The table of a chain, and its shape."""
    found = attributes(body)
    hook = attributes(found.get(4, b""))
    priority = _integer(hook.get(2))
    signed = priority - (1 << 32) if priority >> 31 else priority
    shape = as_text(found.get(3)), as_text(found.get(7)), _integer(hook.get(1)), signed, _integer(found.get(5))
    return as_text(found.get(1)), shape


@lru_cache(maxsize=1 << 8)
def _set(body: bytes) -> tuple[str, _SetShape]:
    """The table of a map or set, and its shape."""
    found = attributes(body)
    flags, key_type, key_length, data_type, data_length = (_integer(found.get(kind)) for kind in range(3, 8))
    return as_text(found.get(1)), (as_text(found.get(2)), flags, key_type, key_length, data_type, data_length)


@lru_cache(maxsize=1 << 10)
def _rule(body: bytes) -> tuple[str, str, str]:
    """The table of a rule, its chain, and its comment, if it does what that says."""
    found = attributes(body)
    return as_text(found.get(1)), as_text(found.get(2)), _verified(found)


def _integer(value: memoryview | None) -> int:
    return int.from_bytes(value, "big") if value is not None else 0


def _verified(rule: dict[int, memoryview]) -> str:
    """A rule's comment, if the rule does what that says."""
    comment = _comment(rule.get(7))
    try:
        expressions = decode(bytes(rule.get(4, b"")))
    except ValueError:
        return _CHANGED
    known = Rule("", comment.rpartition(" [")[0], expressions)
    return comment if known.comment == comment else _CHANGED


def _new_rule(rule: Rule) -> Message:
    listed = nest(4, *map(encode, rule.expressions))
    comment = rule.comment.encode() + b"\0"
    user_data = attribute(7, struct.pack("=BB", 0, len(comment)) + comment)  # as nft writes a comment
    return _message(_NEWRULE, CREATE | APPEND, words(1, TABLE) + words(2, rule.chain) + listed + user_data)


def _comment(user_data: memoryview | None) -> str:
    if user_data is None or len(user_data) < 2 or user_data[0] != 0:
        return ""
    return as_text(user_data[2 : 2 + user_data[1]])
