"""Rule expressions as netlink has them, in both directions: what was read back must say what the rule's comment promises.

Each expression works on register 1. Reading is strict: what this program would not have written has no meaning here.
"""

import struct
from collections.abc import Iterable
from functools import lru_cache

from buoy_agent.core.ruleset import (
    Accept,
    Compare,
    Constant,
    Count,
    CtStatus,
    Drop,
    Expression,
    Field,
    Kind,
    Load,
    LoadName,
    Mask,
    Member,
    Nat,
    Translate,
    WayBack,
)
from buoy_agent.kernel.netlink import as_text, attribute, attributes, be32, elements, nest, words

_REGISTER, _AF_INET = 1, 2
_INCOMING, _OUTGOING, _STATUS = 6, 7, 2
_OIF, _BY_SOURCE_AND_INCOMING = 1, 1 | 8  # NFT_FIB_RESULT_OIF; NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF
_EQUAL, _NOT_EQUAL = 0, 1
_UPDATE, _COUNTER = 1, "counter"
_MAP_IPS = 1  # NF_NAT_RANGE_MAP_IPS, which the kernel adds


_WITHOUT_VALUE: dict[Expression, tuple[str | bytes, ...]] = {
    CtStatus(): ("ct", be32(1, _REGISTER), be32(2, _STATUS)),
    WayBack(): ("fib", be32(1, _REGISTER), be32(2, _OIF), be32(3, _BY_SOURCE_AND_INCOMING)),
    Drop(): ("immediate", be32(1, 0), nest(2, nest(2, be32(1, 0)))),
    Accept(): ("immediate", be32(1, 0), nest(2, nest(2, be32(1, 1)))),
}
_READ: dict[tuple[str, int, int, int | None], Expression] = {
    ("ct", _REGISTER, _STATUS, None): CtStatus(),
    ("fib", _REGISTER, _OIF, _BY_SOURCE_AND_INCOMING): WayBack(),
}


def encode(expression: Expression) -> bytes:
    """An element of a rule's list of expressions."""
    name, *parts = _parts(expression)
    return nest(1, words(1, str(name)), nest(2, *(part for part in parts if isinstance(part, bytes))))


@lru_cache(maxsize=1 << 12)
def decode(listed: bytes) -> tuple[Expression, ...]:
    """A rule's list of expressions; raises ValueError for one that we would not write."""
    return tuple(_expression(attributes(item)) for item in elements(listed))


def _parts(expression: Expression) -> Iterable[str | bytes]:  # noqa: C901 - one case an expression
    source, target = be32(1, _REGISTER), be32(2, _REGISTER)
    match expression:
        case CtStatus() | WayBack() | Accept() | Drop():
            return _WITHOUT_VALUE[expression]
        case Load(field):
            return ("payload", be32(1, _REGISTER), be32(2, 1), be32(3, field.value), be32(4, 4))
        case LoadName(incoming):
            return ("meta", be32(1, _REGISTER), be32(2, _INCOMING if incoming else _OUTGOING))
        case Mask(value):
            xor = nest(5, attribute(1, bytes(len(value))))
            return ("bitwise", source, target, be32(3, len(value)), nest(4, attribute(1, value)), xor)
        case Compare(value, equal):
            return ("cmp", source, be32(2, _EQUAL if equal else _NOT_EQUAL), nest(3, attribute(1, value)))
        case Translate(name):
            return ("lookup", words(1, name), target, be32(3, _REGISTER))
        case Member(name):
            return ("lookup", words(1, name), target)
        case Count(name):
            counter = nest(7, words(1, _COUNTER), nest(2))
            return ("dynset", words(1, name), be32(3, _UPDATE), be32(4, _REGISTER), counter)
        case Constant(value):
            return ("immediate", source, nest(2, attribute(1, value)))
        case Nat(kind):
            return ("nat", be32(1, kind.value), be32(2, _AF_INET), be32(3, _REGISTER))


def _expression(item: dict[int, memoryview]) -> Expression:  # noqa: C901 - likewise
    """Refuses by a name, number or register that is not among ours; attributes that only newer kernels show are passed over."""
    name, data = as_text(item.get(1)), attributes(item.get(2, b""))
    numbers = {kind: struct.unpack(">I", value)[0] for kind, value in data.items() if len(value) == 4}
    match name, numbers.get(1), numbers.get(2), numbers.get(3):
        case "payload", 1, 1, int(offset) if numbers.get(4) == 4:
            return Load(Field(offset))
        case "meta", 1, 6 | 7 as key, None:
            return LoadName(incoming=key == _INCOMING)
        case "ct" | "fib", int(register), int(key), flags if (name, register, key, flags) in _READ:
            return _READ[name, register, key, flags]
        case "bitwise", 1, 1, _ if not any(_value(data.get(5))):
            return Mask(_value(data.get(4)))
        case "cmp", 1, 0 | 1 as operator, _:
            return Compare(_value(data.get(3)), equal=operator == _EQUAL)
        case "lookup", _, 1, 1 if not numbers.get(5):
            return Translate(as_text(data.get(1)))
        case "lookup", _, 1, None if not numbers.get(5):
            return Member(as_text(data.get(1)))
        case "dynset", _, _, 1 if numbers.get(4) == _REGISTER and as_text(attributes(data.get(7, b"")).get(1)) == _COUNTER:
            return Count(as_text(data.get(1)))
        case "nat", int(kind), 2, 1 if numbers.get(7, _MAP_IPS) == _MAP_IPS:
            return Nat(Kind(kind))
        case "immediate", 1, _, _:
            return Constant(_value(data.get(2)))
        case "immediate", 0, _, _ if _code(data.get(2)) in (0, 1):
            return Accept() if _code(data.get(2)) else Drop()
    raise ValueError(f"not ours: {name}")


def _value(data: memoryview | None) -> bytes:
    return bytes(attributes(data if data is not None else b"").get(1, b""))


def _code(data: memoryview | None) -> int | None:
    """The code of a verdict, 0 for drop, 1 for accept."""
    verdict = attributes(attributes(data if data is not None else b"").get(2, b""))
    return struct.unpack(">I", verdict[1])[0] if len(verdict.get(1, b"")) == 4 else None
