"""What calls return of the server itself."""

from dataclasses import dataclass
from datetime import datetime

from buoy_client.record import Record


@dataclass(frozen=True, slots=True)
class ServerInfo(Record):
    """A server: its cluster (another one after a restore), how far it is, and what keeps it from taking writes, in words."""

    version: str
    cluster_id: str
    revision: int
    compact_revision: int
    start_time: datetime | None
    interfaces: int
    watches: int
    agents: int
    storage_problem: str


@dataclass(frozen=True, slots=True)
class LedgerViolation(Record):
    """Something that must hold, and does not: the check's name, what it is about, what was found, and what to do."""

    check: str
    about: str
    found: str
    advice: str


@dataclass(frozen=True, slots=True)
class LedgerCheck(Record):
    """What a check of all objects found, as of a revision; `more` violations were too many to be told.

    Where nodes were asked what their kernels have, they answered for `floats_looked_at` of all `floats`.
    """

    revision: int
    objects: int
    violations: tuple[LedgerViolation, ...]
    more: int
    floats_looked_at: int = 0
    floats: int = 0


@dataclass(frozen=True, slots=True)
class Compaction(Record):
    """What a compaction left: the oldest revision that a watch can start from."""

    compact_revision: int
