"""How full pools are, and when that is worth a warning.

A pool runs low when fewer of its addresses are free than its share says, and has room again with half as many more: one that
stays near the line is told of once.
"""

from dataclasses import replace
from typing import cast

from buoy_server.core.model import Pool, PoolId, Reservation
from buoy_server.core.state import Draft, Kind, State


def usage(state: State, pool: Pool) -> dict[str, int]:
    """Count a pool's addresses: size = free + in_use + reserved + quarantined."""
    size = pool.space.size
    names = ("in_use", "reserved", "quarantined", "kept")
    counts = {name: state.count(Kind.RESERVATION, "pool_type", (pool.uuid, name)) for name in names}
    free = size - sum(counts.values())
    return {"size": size, "free": free, **counts, "reserved": counts["reserved"] + counts["kept"]}


def notice(draft: Draft) -> None:
    """Put the warning, or that it is over, of each pool of which addresses changed hands in a draft."""
    records = (record for entry in draft.entries for record in (entry.before, entry.after) if isinstance(record, Reservation))
    for uuid in sorted({record.pool for record in records if record.pool}):
        notice_pool(draft, uuid)


def notice_pool(draft: Draft, uuid: PoolId) -> Pool | None:
    """Return a pool with its warning as it is due, put where it changed; None when there is no such pool any more."""
    pool = cast("Pool | None", draft.get(Kind.POOL, uuid))
    if pool is None:
        return None
    counts = usage(draft, pool)
    usable = counts["size"] - counts["reserved"] + counts["kept"]
    least = -(-usable * pool.low_percent // 100)
    enough_then = -(-least * 3 // 2)
    enough = enough_then if pool.warning else least
    warning = ""
    if counts["free"] < min(enough, usable):
        warning = f"fewer than {least} of its {usable} addresses were free; it has room again with {min(enough_then, usable)}"
    return pool if warning == pool.warning else draft.put(replace(pool, warning=warning))
