"""Repairs as the server is told of them: the first at a place at once, what follows within ten seconds as one.

So a storm of changes by others is a report in ten seconds for each network and three more, however many changes there were.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from buoy_agent.core.spec import InterfaceId

PAUSE = 10.0  # seconds between two reports of one place
MOST_PLACES, MOST_LINES, MOST_INTERFACES = 20, 8, 20
_ROUTES = "routes"
Text = TypeVar("Text", bound=str)


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What was found at a place since the last report, how often, and what keeps it from being put right."""

    place: str
    found: tuple[str, ...]
    count: int
    time: float  # seconds since the epoch
    interfaces: tuple[InterfaceId, ...] = ()
    error: str = ""


@dataclass(slots=True)
class RepairReports:
    """Gathers them place by place."""

    _waiting: dict[str, RepairReport] = field(default_factory=dict)
    _told: dict[str, float] = field(default_factory=dict)  # when, monotonic seconds

    def add(self, report: RepairReport) -> None:
        """Takes one more in; the routes to single addresses are one place."""
        place = _ROUTES if report.place.startswith("route ") else report.place
        lines = (
            [report.place.removeprefix("route ") + ": " + line for line in report.found] if place is _ROUTES else report.found
        )
        before = self._waiting.get(place) or RepairReport(place, (), 0, report.time)
        self._waiting[place] = RepairReport(
            place,
            _first(MOST_LINES, (*before.found, *lines)),
            before.count + report.count,
            report.time,
            _first(MOST_INTERFACES, (*before.interfaces, *report.interfaces)),
            report.error,
        )

    def due(self, now: float) -> list[RepairReport]:
        """Those that the server may be told now, the longest silent first."""
        places = [place for place in self._waiting if self._told.get(place, now - PAUSE) + PAUSE <= now]
        places.sort(key=lambda place: self._told.get(place, 0.0))
        return [self._waiting[place] for place in places[:MOST_PLACES]]

    def told(self, reports: Iterable[RepairReport], now: float) -> None:
        """The server has taken these; what has come to a place meanwhile is told in its turn."""
        self._told = {place: when for place, when in self._told.items() if when + PAUSE > now}
        for report in reports:
            self._told[report.place] = now
            if self._waiting.get(report.place) is report:
                del self._waiting[report.place]


def _first(most: int, values: Iterable[Text]) -> tuple[Text, ...]:
    return tuple(dict.fromkeys(values))[:most]
