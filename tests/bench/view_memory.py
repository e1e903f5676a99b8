"""Loads the view of a database and says what it takes: `view_memory DATABASE KIND,...` loads these kinds only.

Writes the bytes of memory, and the milliseconds of a full garbage collection before and after `gc.freeze()`.
"""

import gc
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import sqlalchemy as sa
from buoy_server.core.state import Kind
from buoy_server.feed.view import View
from buoy_server.storage.store import SqlStore


class Some:
    """The objects of some kinds."""

    def __init__(self, store: SqlStore, kinds: set[Kind]) -> None:
        self._store = store
        self._kinds = kinds

    def load(self, kind: Kind) -> Iterable[tuple[str, bytes]]:
        """The objects of a kind, if it is among them."""
        return self._store.load(kind) if kind in self._kinds else ()

    def head(self) -> int:
        """The last revision."""
        return self._store.head()


def memory_of(pid: int | str) -> int:
    """The resident memory of a process in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> int:
    """Runs it."""
    store = SqlStore(sa.create_engine(f"sqlite:///{sys.argv[1]}"))
    view, before = View(), memory_of("self")
    gc.disable()
    view.load(Some(store, {Kind(name) for name in sys.argv[2].split(",")}))
    size = memory_of("self") - before
    seen = _collection()
    gc.freeze()
    sys.stdout.write(f"{size} {seen} {_collection()}\n")
    return 0


def _collection() -> float:
    begin = time.perf_counter()
    gc.collect()
    return (time.perf_counter() - begin) * 1000


if __name__ == "__main__":
    sys.exit(main())
