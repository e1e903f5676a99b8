"""What must hold of all objects, at every revision: each promise a row of `CHECKS`, tried over a state, changing nothing."""

from collections.abc import Iterator

from buoy_server.core.fsck import holders, objects, reservations
from buoy_server.core.fsck.violation import Check, Invariant, Violation
from buoy_server.core.state import State

__all__ = ["CHECKS", "Check", "Invariant", "Violation", "violations"]

CHECKS: tuple[Check, ...] = (*reservations.CHECKS, *holders.CHECKS, *objects.CHECKS)


def violations(state: State) -> Iterator[Violation]:
    """Yield whatever does not hold of a state."""
    for check in CHECKS:
        for about, found in check.find(state):
            yield check.violated(about, found)
