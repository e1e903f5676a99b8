"""When to try again what failed: exponential backoff, and what failed when."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

FIRST, LONGEST = 0.2, 5.0
Key = tuple[str, str | bytes]  # what kind of thing, and which


def backoff(attempt: int, fraction: float = 1.0, *, first: float = FIRST, longest: float = LONGEST) -> float:
    """Seconds to wait after the attempt (1, 2, ...) failed: doubling up to `longest`.

    `fraction` (0 to 1) is the caller's randomness: it spreads the wait over the upper half.
    """
    whole = min(longest, first * 2.0 ** min(max(attempt, 1) - 1, 30))
    return whole * (0.5 + fraction / 2)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that failed: in words, how often in a row, and when to try again (monotonic seconds)."""

    words: str
    attempts: int
    due: float
    reason: str = ""


@dataclass(slots=True)
class Faults:
    """What failed and has not been made good, by key; asking what is due costs the same however much has failed."""

    by_key: dict[Key, Fault] = field(default_factory=dict)
    _dues: list[tuple[float, Key]] = field(default_factory=list)  # a heap; an entry that is not as in `by_key` means nothing

    def add(self, key: Key, words: str, now: float, reason: str = "", *, first: float = FIRST, longest: float = 30.0) -> Fault:
        """Notes a failure, and when to try again: after `first` seconds, then ever later, up to `longest`."""
        before = self.by_key.get(key)
        attempts = before.attempts + 1 if before else 1
        fault = Fault(words, attempts, now + backoff(attempts, first=first, longest=longest), reason)
        self._put(key, fault)
        return fault

    def clear(self, key: Key) -> None:
        """Forgets the failures of a key: it went well, or something else is wanted."""
        self.by_key.pop(key, None)

    def settle(self, tried: Mapping[Key, Fault]) -> None:
        """Forgets those that were tried again and did not fail again: they went well, or nobody wants them any more."""
        for key, fault in tried.items():
            if self.by_key.get(key) is fault:
                del self.by_key[key]

    def words(self, key: Key) -> str:
        """What failed; empty when nothing did."""
        fault = self.by_key.get(key)
        return fault.words if fault else ""

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
        """When the next one is due; None when nothing failed."""
        while self._dues:
            due, key = self._dues[0]
            fault = self.by_key.get(key)
            if fault is not None and fault.due == due:
                return due
            heapq.heappop(self._dues)
        return None

    def hurry(self, reason: str) -> None:
        """Makes what failed for a reason due at once; the count of attempts stays."""
        for key, fault in list(self.by_key.items()):
            if fault.reason == reason:
                self._put(key, replace(fault, due=0.0))

    def _put(self, key: Key, fault: Fault) -> None:
        self.by_key[key] = fault
        heapq.heappush(self._dues, (fault.due, key))
