"""One measured figure against a peer or a limit that was measured in the same run."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """`ratio` is ours / peer; the target holds when it is at most `limit`, if there is one. No peer: nothing to compare."""

    row: str
    what: str
    ours: float
    peer: float | None
    unit: str
    limit: float | None
    against: str

    @property
    def ratio(self) -> float | None:
        """Ours over the peer's."""
        return self.ours / self.peer if self.peer else None

    @property
    def met(self) -> bool | None:
        """Whether the target holds; None where there is no peer or no target."""
        return None if self.ratio is None or self.limit is None else self.ratio <= self.limit

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
            "target": None if self.limit is None else f"<= {self.limit:g}",
            "met": self.met,
        }

    def line(self) -> str:
        """As it stands in the table."""
        peer = "-" if self.peer is None else f"{self.peer:.3g}"
        ratio = "-" if self.ratio is None else f"{self.ratio:.3f}"
        target = "none" if self.limit is None else f"<= {self.limit:<5g}"
        verdict = {True: "met", False: "MISSED", None: "no peer" if self.peer is None else ""}[self.met]
        first = f"{self.row:>4}  {self.what:<44} {self.ours:>9.3g} {peer:>9} {self.unit:<4} {ratio:>7}"
        return f"{first}  {target:<8} {verdict:<8} {self.against}"


HEADING = f"{'row':>4}  {'what':<44} {'ours':>9} {'peer':>9} {'unit':<4} {'ratio':>7}  {'target':<8} {'':<8} against"


def percentile(figures: list[float], percent: float) -> float:
    """The figure that so many percent of all are not above."""
    ordered = sorted(figures)
    return ordered[min(len(ordered) - 1, round(percent / 100 * (len(ordered) - 1)))]
