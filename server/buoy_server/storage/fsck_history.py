"""Checking the table of who had which address: it must say of now what the records of addresses say.

Moments are not compared: clocks are set back. What counts is the order of revisions, and what is open.
"""

from collections.abc import Iterator
from typing import NamedTuple, cast

import sqlalchemy as sa

from buoy_server.core.fsck import Invariant, Violation
from buoy_server.core.history import owner_of
from buoy_server.core.model import Interface, Network, Reservation
from buoy_server.core.state import Kind, State
from buoy_server.storage.tables import address_history as table

ADVICE = (
    "do not trust what `buoy address history` says of this address; all else goes on, its next holder begins a new period: the "
    "events of its objects say what happened"
)
OPEN = Invariant(
    "HISTORY_OPEN", "whoever has an address of a pool now is its last holder in the history, and nobody else", ADVICE
)
TWICE = Invariant("HISTORY_TWICE", "a period of an address has ended when the next one begins", ADVICE)
INVARIANTS = (OPEN, TWICE)


class Holding(NamedTuple):
    """Who has an address: what for, whose namespace, and which interface or network; nobody's uuid where it is reserved."""

    type: str
    namespace: str
    uuid: str

    @property
    def words(self) -> str:
        """The same in words."""
        return f"{self.uuid or 'nothing'} of {self.namespace} ({self.type})"


def violations(connection: sa.Connection, state: State) -> Iterator[Violation]:
    """Yield where the history and the objects as of the same moment do not agree."""
    said: dict[str, Holding] = {}
    rows = sa.select(table).where(table.c.until_time.is_(None)).order_by(table.c.address, table.c.revision)
    for row in connection.execute(rows):
        if row.address in said:
            yield TWICE.violated(f"address {row.address}", f"it has another holder from revision {row.revision} on")
        said[row.address] = Holding(row.type, row.namespace, row.interface_uuid or row.network_uuid)
    held = dict(_held(state))
    for address in sorted(said.keys() | held.keys()):
        theirs, ours = said.get(address), held.get(address)
        if theirs != ours:
            found = (
                f"the history says {theirs.words if theirs else 'nobody'}, and its record {ours.words if ours else 'nobody'}"
            )
            yield OPEN.violated(f"address {address}", found)


def _held(state: State) -> Iterator[tuple[str, Holding]]:
    for key in list(state.keys(Kind.RESERVATION)):
        record = cast("Reservation", state.get(Kind.RESERVATION, key))
        if owner_of(record) is None:
            continue
        owner = state.get(Kind.INTERFACE, record.owner) or state.get(Kind.NETWORK, record.owner)
        uuid = owner.uuid if isinstance(owner, Interface | Network) else ""
        yield str(record.address), Holding(record.type.value, record.namespace, uuid)
