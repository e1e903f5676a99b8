"""When to try again what failed: exponential backoff, and what failed when."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field

from buoy_agent.core.missing import Missing
from buoy_agent.core.spec import Address, InterfaceId, text

FIRST, LONGEST = 0.2, 5.0
Key = tuple[str, str | bytes]  # what kind of thing, and which


def backoff(attempt: int, fraction: float = 1.0, *, first: float = FIRST, longest: float = LONGEST) -> float:
    """Seconds to wait after the attempt (1, 2, ...) failed: doubling up to `longest`.

    `fraction` (0 to 1) is the caller's randomness: it spreads the wait over the upper half.
    """
    whole = min(longest, first * 2.0 ** min(max(attempt, 1) - 1, 30))
    return whole * (0.5 + fraction / 2)


def key_words(key: Key) -> str:
    """What failed, in words."""
    kind, value = key
    return f"{kind} {text(Address(value)) if isinstance(value, bytes) else value}"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that failed: in words, how often in a row, and when to try again (monotonic seconds)."""

    words: str
    attempts: int
    due: float


@dataclass(slots=True)
class Faults:
    """What failed and has not been made good, by key; asking what is due costs the same however much has failed."""

    by_key: dict[Key, Fault] = field(default_factory=dict)
    missing: Missing = field(default_factory=Missing)  # NICs: nothing went wrong with them
    _dues: list[tuple[float, Key]] = field(default_factory=list)  # a heap; an entry that is not as in `by_key` means nothing

    def add(self, key: Key, words: str, now: float) -> Fault:
        """Notes a failure, and when to try again: ever later, up to 30 s."""
        before = self.by_key.get(key)
        attempts = before.attempts + 1 if before else 1
        fault = self.by_key[key] = Fault(words, attempts, now + backoff(attempts, longest=30.0))
        heapq.heappush(self._dues, (fault.due, key))
        return fault

    def clear(self, key: Key) -> None:
        """Forgets the failures of a key: it went well, or something else is wanted."""
        self.by_key.pop(key, None)
        kind, value = key
        if kind == "nic" and isinstance(value, str):
            self.missing.forget(InterfaceId(value))

    def clear_all(self) -> None:
        """Forgets everything: everything is tried anew."""
        self.by_key.clear()
        self.missing.clear()

    def settle(self, tried: Mapping[Key, Fault]) -> None:
        """Forgets those that were tried again and did not fail again: they went well, or nobody wants them any more."""
        for key, fault in tried.items():
            if self.by_key.get(key) is fault:
                del self.by_key[key]

    def words(self, key: Key) -> str:
        """What failed; empty when all is well."""
        fault = self.by_key.get(key)
        return fault.words if fault is not None else ""

    def waits(self, key: Key, now: float) -> bool:
        """Whether the key has failed and its time has not come yet."""
        fault = self.by_key.get(key)
        return fault is not None and fault.due > now

    def due(self, now: float) -> list[Key]:
        """The keys whose time has come."""
        found: dict[Key, float] = {}
        while (due := self.next_due()) is not None and due <= now:
            found[heapq.heappop(self._dues)[1]] = due
        for key, due in found.items():
            heapq.heappush(self._dues, (due, key))  # due until it is settled
        return list(found)

    def next_due(self) -> float | None:
        """When the next one is due; None when nothing failed. Those that are missing have a time of their own."""
        while self._dues:
            due, key = self._dues[0]
            fault = self.by_key.get(key)
            if fault is not None and fault.due == due:
                return due
            heapq.heappop(self._dues)
        return None
