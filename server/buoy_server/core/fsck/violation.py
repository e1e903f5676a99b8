"""A promise that can be checked, and what breaks it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from buoy_server.core.state import State

Found = Iterator[tuple[str, str]]  # what it is about, and what was found, in words


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that does not hold: the name of its check, what it is about, what was found, and what to do."""

    check: str
    about: str
    found: str
    advice: str


@dataclass(frozen=True, slots=True)
class Invariant:
    """What must hold, in words, and what to do where it does not."""

    name: str
    holds: str
    advice: str

    def violated(self, about: str, found: str) -> Violation:
        """Return a violation of it."""
        return Violation(self.name, about, found, self.advice)


@dataclass(frozen=True, slots=True)
class Check(Invariant):
    """A promise of objects, and what finds where it is broken."""

    find: Callable[[State], Found]
