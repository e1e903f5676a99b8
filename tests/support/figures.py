"""Figures that tests come to: noted in the file that BUOY_FIGURES names, and printed by `make figures` as one table.

A figure is what was found of what was looked at (0 lost of 12,000), or how long something took each time.
"""

import json
import os
import platform
import statistics
import sys
from collections import defaultdict
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

VARIABLE = "BUOY_FIGURES"


def note(what: str, found: int, of: int, unit: str) -> None:
    """Notes that so many of some things were wrong; figures of the same name add up."""
    _write({"what": what, "found": found, "of": of, "unit": unit})


def note_times(what: str, seconds: Sequence[float]) -> None:
    """Notes how long something took, each time."""
    _write({"what": what, "seconds": list(seconds)})


def _write(figure: dict[str, Any]) -> None:
    if path := os.environ.get(VARIABLE):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(figure) + "\n")


def table(lines: Sequence[str]) -> list[str]:
    """The table, a line each: what was noted, added up by name."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        figure = json.loads(line)
        found[figure["what"]].append(figure)
    width = max((len(what) for what in found), default=0)
    return [f"{what:{width}}  {_added_up(figures)}" for what, figures in found.items()]


def _added_up(figures: Sequence[dict[str, Any]]) -> str:
    if "seconds" in figures[0]:
        took = sorted(second for figure in figures for second in figure["seconds"])
        return f"{1000 * statistics.median(took):.0f} ms median, {1000 * took[-1]:.0f} ms at most, of {len(took)}"
    found, of = (sum(figure[name] for figure in figures) for name in ("found", "of"))
    return f"{found:,} of {of:,} {figures[0]['unit']}"


def main() -> int:
    """Prints the table of a file, and what it was measured with."""
    path = Path(sys.argv[1])
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if not lines:
        sys.stderr.write(f"figures: nothing was noted in {path}\n")
        return 1
    libraries = ", ".join(f"{name} {version(name)}" for name in ("grpcio", "SQLAlchemy", "pyroute2"))
    heading = f"Linux {platform.release()}, Python {platform.python_version()}, {libraries}; {os.cpu_count()} processors"
    sys.stdout.write("\n".join([heading, *table(lines)]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
