"""The table `ip buoy` of one namespace: written in transactions, read back from the kernel.

A transaction is one send: begin, changes, end. It holds as a whole or not at all, and the error of each part comes back with
its position. Where the FORCE socket options are refused (root of a user namespace), the socket takes some 200 KB, and what
does not fit is split into several transactions, of which each pair of maps still changes together.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from buoy_agent.core.actual import Pair
from buoy_agent.core.ruleset import (
    CHAINS,
    FIXED_TO_FLOATING,
    FLOATING_TO_FIXED,
    TABLE,
    Chain,
    Compare,
    Constant,
    CtStatus,
    Drop,
    Expression,
    Load,
    LoadName,
    Mask,
    Nat,
    Rule,
    Translate,
    rules,
)
from buoy_agent.core.spec import Address, Network
from buoy_agent.errors import KernelError
from buoy_agent.kernel import elements
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
_NEWTABLE, _NEWCHAIN, _NEWRULE, _GETRULE, _DELRULE, _NEWSET, _GETSET = 0, 3, 6, 7, 8, 9, 10
_NEWSETELEM, _GETSETELEM, _DELSETELEM = 12, 13, 14
_AF_INET, _MAP_FLAG, _TYPE_IPV4 = 2, 8, 7
_HEADER = struct.pack(">BBH", _AF_INET, 0, 0)
_BATCH = struct.pack(">BBH", 0, 0, _SUBSYSTEM)
_REGISTER = 1
_SMALL = 2000  # pairs in one transaction where the socket cannot be widened
_WIDE = 8 << 20
_NO_ENTRY = 2


class Table:
    """The table of the namespace that the socket is in."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.writes = 0

    def ensure(self, network: Network) -> None:
        """Makes table, maps and chains as far as they are missing, and replaces the rules, in one transaction."""
        present = set(_maps(self._channel))
        changes = [_message(_NEWTABLE, CREATE, words(1, TABLE))]
        missing = [name for name in (FLOATING_TO_FIXED, FIXED_TO_FLOATING) if name not in present]
        changes += [_new_map(name, network.map_size, position) for position, name in enumerate(missing, 1)]
        changes += [_new_chain(base) for base in CHAINS]
        changes += [_message(_DELRULE, 0, words(1, TABLE) + words(2, base.name)) for base in CHAINS]
        changes += [_new_rule(rule) for rule in rules(network)]
        self._commit(changes)

    def add(self, forward: Sequence[Pair], backward: Sequence[Pair]) -> None:
        """Adds pairs to floating_to_fixed and fixed_to_floating; both change at once."""
        for part in self._steps(len(forward), len(backward)):
            payloads = [elements.add_payloads(_HEADER, FLOATING_TO_FIXED, forward[part])]
            payloads += [elements.add_payloads(_HEADER, FIXED_TO_FLOATING, backward[part])]
            self._commit([Message(_type(_NEWSETELEM), CREATE, payload) for payload in chain.from_iterable(payloads)])

    def delete(self, forward: Sequence[Address], backward: Sequence[Address]) -> None:
        """Deletes keys from floating_to_fixed and fixed_to_floating; both change at once."""
        for part in self._steps(len(forward), len(backward)):
            payloads = [elements.delete_payloads(_HEADER, FLOATING_TO_FIXED, forward[part])]
            payloads += [elements.delete_payloads(_HEADER, FIXED_TO_FLOATING, backward[part])]
            self._commit([Message(_type(_DELSETELEM), 0, payload) for payload in chain.from_iterable(payloads)])

    def read_rules(self) -> list[tuple[str, str]]:
        """Chain and comment of every rule, in the kernel's order."""
        answers = self._channel.dump(_type(_GETRULE), _HEADER + words(1, TABLE))
        found = [attributes(body[4:]) for _, body in answers]
        return [(as_text(rule[2]), _comment(rule.get(7))) for rule in found if as_text(rule.get(1)) == TABLE]

    def read_map(self, name: str) -> dict[Address, Address]:
        """All pairs of a map; empty when it is not there."""
        found: dict[Address, Address] = {}
        try:
            for _, body in self._channel.dump(_type(_GETSETELEM), elements.dump_payload(_HEADER, name)):
                found.update(elements.unpack(body, len(_HEADER)))
        except KernelError as error:
            if error.number != _NO_ENTRY:
                raise
        return found

    def _steps(self, *lengths: int) -> Iterator[slice]:
        """The parts to change in a transaction each: all, unless the socket cannot be made to take so much."""
        size = max(lengths)
        step = size if size <= _SMALL or self._channel.widen(_WIDE) else _SMALL
        yield from (slice(start, start + step) for start in range(0, size, step or 1))

    def _commit(self, changes: Sequence[Message]) -> None:
        batch = [Message(_BEGIN, 0, _BATCH), *changes, Message(_END, 0, _BATCH)]
        for error in self._channel.send(batch, ack=len(changes)).values():
            raise error
        self.writes += len(changes)


def _maps(channel: Channel) -> Iterator[str]:
    for _, body in channel.dump(_type(_GETSET), _HEADER):
        found = attributes(body[4:])
        if as_text(found.get(1)) == TABLE:
            yield as_text(found.get(2))


def _type(message: int) -> int:
    return _SUBSYSTEM << 8 | message


def _message(message: int, flags: int, payload: bytes) -> Message:
    return Message(_type(message), flags, _HEADER + payload)


def _new_map(name: str, size: int, position: int) -> Message:
    shape = (be32(3, _MAP_FLAG), be32(4, _TYPE_IPV4), be32(5, 4), be32(6, _TYPE_IPV4), be32(7, 4), nest(9, be32(1, size)))
    return _message(_NEWSET, CREATE, b"".join((words(1, TABLE), words(2, name), *shape, be32(10, position))))


def _new_chain(base: Chain) -> Message:
    hook = nest(4, be32(1, base.hook), attribute(2, struct.pack(">i", base.priority)))
    return _message(_NEWCHAIN, CREATE, words(1, TABLE) + words(3, base.name) + hook + words(7, base.type))


def _new_rule(rule: Rule) -> Message:
    listed = nest(4, *(nest(1, *_encode(expression)) for expression in rule.expressions))
    comment = rule.comment.encode() + b"\0"
    user_data = attribute(7, struct.pack("=BB", 0, len(comment)) + comment)  # as nft writes a comment
    return _message(_NEWRULE, CREATE | APPEND, words(1, TABLE) + words(2, rule.chain) + listed + user_data)


def _comment(user_data: memoryview | None) -> str:
    if user_data is None or len(user_data) < 2 or user_data[0] != 0:
        return ""
    return as_text(user_data[2 : 2 + user_data[1]])


def _encode(expression: Expression) -> tuple[bytes, bytes]:
    """Name and data of an expression; every one of them works on register 1."""
    name, *parts = _expression(expression)
    return words(1, str(name)), nest(2, *(part for part in parts if isinstance(part, bytes)))


def _expression(expression: Expression) -> Iterable[str | bytes]:
    source, target = be32(1, _REGISTER), be32(2, _REGISTER)
    match expression:
        case Load(field):
            return ("payload", be32(1, _REGISTER), be32(2, 1), be32(3, field.value), be32(4, 4))
        case LoadName(incoming):
            return ("meta", be32(1, _REGISTER), be32(2, 6 if incoming else 7))
        case CtStatus():
            return ("ct", be32(1, _REGISTER), be32(2, 2))
        case Mask(value):
            xor = nest(5, attribute(1, bytes(len(value))))
            return ("bitwise", source, target, be32(3, len(value)), nest(4, attribute(1, value)), xor)
        case Compare(value, equal):
            return ("cmp", source, be32(2, 0 if equal else 1), nest(3, attribute(1, value)))
        case Translate(name):
            return ("lookup", words(1, name), target, be32(3, _REGISTER))
        case Constant(value):
            return ("immediate", source, nest(2, attribute(1, value)))
        case Nat(kind):
            return ("nat", be32(1, kind.value), be32(2, _AF_INET), be32(3, _REGISTER))
        case Drop():
            return ("immediate", be32(1, 0), nest(2, nest(2, be32(1, 0))))
