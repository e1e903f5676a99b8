"""Floating addresses that were given up and whose live connections go on for a while.

DRAIN holds the release up: the interface stays RELEASING until the last connection has ended, or the limit is over. KEEP does
not: the interface is rid of the address once its node takes no new connections for it, and the connections go on while the
address rests. In both the address stays recorded for the interface until the node confirmed that no flow of it is left, so
that its next holder never gets one; a kept one's quarantine counts from the moment that it was given up.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import IPv4Address

from buoy_server.core.model import Draining, FlowPolicy, Interface, Pool
from buoy_server.core.state import Draft, Kind

DRAIN_TIME = timedelta(seconds=60)
MOST = 64  # addresses of one interface that drain at a time; with one more, the oldest is cut


def begin(draft: Draft, interface: Interface, flows: FlowPolicy, limit: timedelta, generation: int) -> tuple[Draining, ...]:
    """Return what drains of an interface once its floating address is given up with that policy.

    An address that its node never had has no connections, and a pool without quarantine has no time for them: they are cut.
    """
    floating, going_on = interface.floating, go_on(interface, flows, limit, draft.now, generation)
    if floating is None or floating.active_time is None or flows is FlowPolicy.CUT:
        return going_on
    if flows is FlowPolicy.KEEP:
        pool = draft.get(Kind.POOL, floating.pool)
        limit = pool.quarantine if isinstance(pool, Pool) else timedelta()
    if not limit:
        return going_on
    begun = Draining(address=floating.address, flows=flows, since=draft.now, until=draft.now + limit, generation=generation)
    return (*without(going_on, floating.address)[1 - MOST :], begun)


def go_on(interface: Interface, flows: FlowPolicy, limit: timedelta, now: datetime, generation: int) -> tuple[Draining, ...]:
    """Return what becomes of the addresses that drain already: CUT ends it, DRAIN sets another limit, KEEP leaves it so."""
    if flows is FlowPolicy.CUT:
        return ()
    if flows is FlowPolicy.DRAIN:
        return tuple(replace(entry, flows=flows, until=now + limit, generation=generation) for entry in interface.draining)
    return interface.draining


def left(interface: Interface, generation: int, flowing: frozenset[IPv4Address]) -> tuple[Draining, ...]:
    """Return what still drains of an interface after a report of a generation that names the addresses with flows."""
    return tuple(entry for entry in interface.draining if entry.address in flowing or generation < entry.generation)


def without(draining: tuple[Draining, ...], address: IPv4Address) -> tuple[Draining, ...]:
    """Return what drains but for one address, which is taken back."""
    return tuple(entry for entry in draining if entry.address != address)


def held_up(interface: Interface, draining: tuple[Draining, ...]) -> Draining | None:
    """Return what holds the release of an interface's floating address up, if something does."""
    address = interface.floating.address if interface.floating else None
    return next((entry for entry in draining if entry.address == address and entry.flows is FlowPolicy.DRAIN), None)


def words(entry: Draining) -> str:
    """Return until when the connections go on, in words."""
    return f"its live connections go on until {entry.until:%H:%M:%S} UTC at most"
