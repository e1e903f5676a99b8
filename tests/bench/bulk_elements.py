"""Row 3: 100,000 floats into both maps, against `nft -f` with the same elements, the same maps being there already.

To be measured where nobody listens to nftables (an agent, `nft monitor`): the kernel then makes a message of each element, for
listeners in any namespace, and what both do takes twice as long.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import tables
from tests.bench.comparison import Comparison, median_ratio
from tests.bench.programs import find_program, program, run
from tests.bench.tables import Pair
from tests.support import netns

COUNT, ROUNDS = 100_000, 5


def measure() -> list[Comparison]:
    """Fills and empties the maps, in turns."""
    listed = tables.pairs(COUNT)
    with netns.namespace("bench-bulk") as name, tempfile.NamedTemporaryFile("w", suffix=".nft") as file:
        file.write(script(listed))
        file.flush()
        rounds = netns.call(name, _rounds, name, listed, Path(file.name))
    return [
        Comparison("3", f"2 x {COUNT:,} elements", *median_ratio(rounds), "ms", 0.22, "nft -f"),
    ]


def script(listed: list[Pair]) -> str:
    """Both maps' elements, as nft reads them."""
    return "".join(
        f"add element ip buoy {name} {{ {', '.join(f'{_text(key)} : {_text(value)}' for key, value in some)} }}\n"
        for name, some in (("floating_to_fixed", listed), ("fixed_to_floating", tables.swapped(listed)))
    )


def _text(address: bytes) -> str:
    return ".".join(map(str, address))


def _rounds(name: str, listed: list[Pair], file: Path) -> list[tuple[float, float | None]]:
    with tables.opened(name) as (table, _):

        def timed(fill: Callable[[], None]) -> float:
            begin = time.perf_counter()
            fill()
            took = (time.perf_counter() - begin) * 1000
            tables.clear(table, listed)
            return took

        def by_nft() -> None:
            run(program("nft"), "-f", file)

        back = tables.swapped(listed)
        has_peer = find_program("nft") is not None
        return [(timed(lambda: tables.fill(table, listed, back)), timed(by_nft) if has_peer else None) for _ in range(ROUNDS)]
