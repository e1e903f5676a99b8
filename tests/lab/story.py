"""How the demo tells what it does: steps with their time, each with the facts that it proved."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any

from tests.support.web import Page, fetch

BOLD, GREEN, RED, DIM, PLAIN = "\033[1m", "\033[32m", "\033[31m", "\033[2m", "\033[0m"


class Unmet(Exception):
    """Something was not as it should be."""

    def __init__(self, what: str, expected: object, seen: object) -> None:
        super().__init__(f"{what}: expected {expected}, seen {seen}")
        self.what, self.expected, self.seen = what, expected, seen


def expect(what: str, expected: object, seen: object) -> None:
    """Holds that both are equal."""
    if expected != seen:
        raise Unmet(what, expected, seen)


def expect_at_most(what: str, limit: float, seen: float, unit: str) -> None:
    """Holds that a figure is within its limit."""
    if seen > limit:
        raise Unmet(what, f"at most {limit:g} {unit}", f"{seen:.0f} {unit}")


def page(who: str, netns: str, address: IPv4Address) -> Page:
    """The page that somebody gets at this address; holds that there is one."""
    try:
        return fetch(netns, address)
    except OSError as error:
        raise Unmet(f"{who} asks for a page at {address}", "a page", error) from error


@dataclass(slots=True)
class Story:
    """Prints steps; colours only on a terminal."""

    colours: bool = field(default_factory=sys.stdout.isatty)
    number: int = 0

    def say(self, words: str = "", colour: str = "") -> None:
        """Prints a line."""
        sys.stdout.write((f"{colour}{words}{PLAIN}" if colour and self.colours else words) + "\n")
        sys.stdout.flush()

    def tell(self, title: str, step: Callable[[Any], Iterator[str]], stage: Any) -> None:
        """Runs one step, prints its line with its time, and below it the facts that it gave."""
        self.number += 1
        facts: list[str] = []
        with self._timed(title, facts):
            facts.extend(step(stage))

    @contextmanager
    def _timed(self, title: str, facts: list[str]) -> Iterator[None]:
        begin = time.monotonic()
        held = False
        try:
            yield
            held = True
        finally:
            took = (time.monotonic() - begin) * 1000
            self.say(
                f"{self.number}. {'held  ' if held else 'FAILED'} {took:6.0f} ms  {title}", BOLD + (GREEN if held else RED)
            )
            for fact in facts:
                self.say(f"                     - {fact}")
