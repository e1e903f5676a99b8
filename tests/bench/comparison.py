"""One measured figure against a peer or a limit that was measured in the same run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """`ratio` is ours / peer; the target holds when it is at most `limit`, if there is one; `least`: when it is at least that.

    No peer: nothing to compare.
    """

    row: str
    what: str
    ours: float
    peer: float | None
    unit: str
    limit: float | None
    against: str
    least: bool = False

    @property
    def ratio(self) -> float | None:
        """Ours over the peer's."""
        return self.ours / self.peer if self.peer else None

    @property
    def met(self) -> bool | None:
        """Whether the target holds; None where there is no peer or no target."""
        if self.ratio is None or self.limit is None:
            return None
        return self.ratio >= self.limit if self.least else self.ratio <= self.limit

    @property
    def target(self) -> str | None:
        """The limit with its sign."""
        return None if self.limit is None else f"{'>=' if self.least else '<='} {self.limit:g}"

    def record(self) -> dict[str, Any]:
        """As it stands in results.json."""
        return {
            "row": self.row,
            "what": self.what,
            "against": self.against,
            "ours": round(self.ours, 4),
            "peer": None if self.peer is None else round(self.peer, 4),
            "unit": self.unit,
            "ratio": None if self.ratio is None else round(self.ratio, 4),
            "target": self.target,
            "met": self.met,
        }

    def line(self) -> str:
        """As it stands in the table."""
        peer = "-" if self.peer is None else f"{self.peer:.3g}"
        ratio = "-" if self.ratio is None else f"{self.ratio:.3f}"
        verdict = {True: "met", False: "MISSED", None: "no peer" if self.peer is None else ""}[self.met]
        first = f"{self.row:>4}  {self.what:<44} {self.ours:>9.3g} {peer:>9} {self.unit:<4} {ratio:>7}"
        return f"{first}  {self.target or 'none':<8} {verdict:<8} {self.against}"


HEADING = f"{'row':>4}  {'what':<44} {'ours':>9} {'peer':>9} {'unit':<4} {'ratio':>7}  {'target':<8} {'':<8} against"


def percentile(figures: list[float], percent: float) -> float:
    """The figure that so many percent of all are not above."""
    ordered = sorted(figures)
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))]


def median_ratio(rounds: Sequence[tuple[float, float | None]]) -> tuple[float, float | None]:
    """Of rounds with our figure and the peer's, the one with the median ratio: times differ more between rounds than ratios."""
    return sorted(rounds, key=lambda one: one[0] / (one[1] or 1))[len(rounds) // 2]
