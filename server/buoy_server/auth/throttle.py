"""The limit on guessing: after so many failures in a minute, a peer must wait, for one namespace or for all.

That of a namespace over all peers is far higher: it bounds guessing from many places, and must not let a few misconfigured
programs shut out everybody else.
"""

from collections.abc import Callable
from dataclasses import dataclass

from buoy_server.core.errors import TooManyAttempts

WINDOW = 60.0  # seconds
FAILURES = 20  # of one peer for one namespace
PEER_FAILURES = 40
NAMESPACE_FAILURES = 200
_TRACKED = 10_000


@dataclass(slots=True)
class _Count:
    since: float
    failures: int = 0


class Throttle:
    """Counts failed attempts; memory is bounded, and what is over is forgotten first."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counts: dict[tuple[str, str], _Count] = {}

    def attempt(self, namespace: str, peer: str) -> None:
        """Count an attempt before it is worked on, or raise TooManyAttempts where the peer or namespace must wait."""
        now = self._clock()
        for subject, limit in _subjects(namespace, peer):
            count = self._counts.get(subject)
            if count and now - count.since < WINDOW and count.failures >= limit:
                wait = WINDOW - (now - count.since)
                raise TooManyAttempts(f"too many failed attempts: try again in {wait:.0f} s")
        for subject, _ in _subjects(namespace, peer):
            count = self._counts.get(subject)
            if count is None or now - count.since >= WINDOW:
                self._make_room(now)
                count = self._counts[subject] = _Count(now)
            count.failures += 1

    def succeeded(self, namespace: str, peer: str) -> None:
        """Take an attempt back: it was no failure."""
        for subject, _ in _subjects(namespace, peer):
            if count := self._counts.get(subject):
                count.failures = max(count.failures - 1, 0)

    def _make_room(self, now: float) -> None:
        if len(self._counts) < _TRACKED:
            return
        over = [subject for subject, count in self._counts.items() if now - count.since >= WINDOW]
        for subject in over or list(self._counts)[: _TRACKED // 10]:
            del self._counts[subject]


def _subjects(namespace: str, peer: str) -> tuple[tuple[tuple[str, str], int], ...]:
    return (
        ((namespace, peer), FAILURES),
        (("", peer), PEER_FAILURES),
        ((namespace, ""), NAMESPACE_FAILURES),
    )
