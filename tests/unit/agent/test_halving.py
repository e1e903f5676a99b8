"""One bad entry stands alone, and what concerns everything is not looked for entry by entry."""

from buoy_agent.core.actual import Parts
from buoy_agent.core.spec import Address, NetworkId
from buoy_agent.errors import KernelError
from buoy_agent.sync.halving import MANY, in_halves

ADDRESSES = tuple(Address(number.to_bytes(4)) for number in range(10_000))
ALL = Parts(NetworkId("net"), forward=tuple((address, address) for address in ADDRESSES))


class _Kernel:
    def __init__(self, bad: frozenset[Address]) -> None:
        self.bad, self.has, self.calls = bad, set[Address](), 0

    def do(self, parts: Parts) -> None:
        self.calls += 1
        if self.bad & parts.addresses:
            raise KernelError("refused")
        self.has |= parts.addresses

    def left(self, parts: Parts) -> Parts:
        return parts.only(parts.addresses - self.has)


def test_what_can_be_done_is_done_when_some_is_refused() -> None:
    kernel = _Kernel(frozenset(ADDRESSES[::1000]))
    refused = in_halves(ALL, kernel.do, kernel.left)
    assert refused.keys() == kernel.bad
    assert kernel.has == ALL.addresses - kernel.bad


def test_when_everything_is_refused_few_are_tried_on_their_own() -> None:
    kernel = _Kernel(ALL.addresses)
    refused = in_halves(ALL, kernel.do, kernel.left)
    assert refused.keys() == ALL.addresses
    assert kernel.calls < 2 * MANY + 20


def test_what_is_done_already_after_a_refusal_is_not_done_again() -> None:
    kernel = _Kernel(frozenset(ADDRESSES[:1]))
    kernel.has = set(ADDRESSES[5000:])
    asked: list[Parts] = []
    in_halves(ALL, lambda parts: (asked.append(parts), kernel.do(parts))[1], kernel.left)  # type: ignore[func-returns-value]
    assert not any(parts.addresses & set(ADDRESSES[5000:]) for parts in asked[1:])


def test_good_entries_among_many_bad_ones_come_in_with_the_next_tries() -> None:
    kernel = _Kernel(frozenset((*ADDRESSES[:32], *ADDRESSES[100:1000:100])))
    left = frozenset(ADDRESSES[:1024])
    for _ in range(40):
        left = frozenset(in_halves(ALL.only(left), kernel.do, kernel.left))
    assert left == kernel.bad
