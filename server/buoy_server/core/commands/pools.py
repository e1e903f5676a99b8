"""Commands on pools of floating addresses."""

from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import IPv4Address
from typing import cast

from buoy_server.core import addresses, errors, levels, lookup
from buoy_server.core.command import Context
from buoy_server.core.commands.plug import provide_gateways
from buoy_server.core.model import DEFAULT_LOW_PERCENT, Network, Pool, PoolId, Reservation, ReservationType
from buoy_server.core.ranges import AddressRange
from buoy_server.core.state import Draft, Kind

# What has an address of each type; where it is not here, the type says it.
_HOLDERS = {
    ReservationType.FLOATING: "interface",
    ReservationType.GATEWAY: "network",
    ReservationType.ROUTED: "network",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePool:
    """Create a pool; its ranges overlap no other pool's and no network's netblock."""

    name: str
    ranges: tuple[AddressRange, ...]
    exclusions: tuple[AddressRange, ...]
    quarantine: timedelta
    drain: bool = False
    low_percent: int = DEFAULT_LOW_PERCENT

    def decide(self, draft: Draft, context: Context) -> tuple[Pool, dict[str, int]]:
        """Return the new pool and its usage."""
        if draft.find(Kind.POOL, "name", self.name):
            raise errors.NameInUse(f"there is a pool named {self.name}", field="name")
        pool = Pool(
            uuid=PoolId(context.new_uuid()),
            name=self.name,
            ranges=self.ranges,
            exclusions=self.exclusions,
            quarantine=self.quarantine,
            drain=self.drain,
            low_percent=self.low_percent,
        )
        _refuse_overlaps(draft, pool)
        return _settled(draft, context, draft.put(pool))


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePool:
    """Change what is given of a pool, if nothing else has changed it since `if_revision`."""

    pool_ref: str
    ranges: tuple[AddressRange, ...] | None = None
    exclusions: tuple[AddressRange, ...] | None = None
    quarantine: timedelta | None = None
    drain: bool | None = None
    low_percent: int | None = None
    if_revision: int = 0

    def decide(self, draft: Draft, context: Context) -> tuple[Pool, dict[str, int]]:
        """Return the pool and its usage; one that is so already is returned as it is."""
        pool = lookup.pool(draft, self.pool_ref)
        if self.if_revision and pool.revision != self.if_revision:
            raise errors.RevisionChanged(
                f"pool {pool.name} was changed at revision {pool.revision}: look at it again", field="if_revision"
            )
        changed = self._applied(pool)
        if changed == pool:
            return pool, levels.usage(draft, pool)
        if changed.ranges != pool.ranges:
            _refuse_overlaps(draft, changed)
        _drop_outsiders(draft, changed)
        return _settled(draft, context, draft.put(changed))

    def _applied(self, pool: Pool) -> Pool:
        return replace(
            pool,
            ranges=pool.ranges if self.ranges is None else self.ranges,
            exclusions=pool.exclusions if self.exclusions is None else self.exclusions,
            quarantine=pool.quarantine if self.quarantine is None else self.quarantine,
            drain=pool.drain if self.drain is None else self.drain,
            low_percent=pool.low_percent if self.low_percent is None else self.low_percent,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePool:
    """Delete a pool of which no address is in use, and which is no namespace's own."""

    pool_ref: str

    def decide(self, draft: Draft, context: Context) -> Pool:
        """Return the pool as it was."""
        del context
        pool = lookup.pool(draft, self.pool_ref)
        usage = levels.usage(draft, pool)
        if used := usage["in_use"]:
            raise errors.PoolInUse(f"pool {pool.name} has {used} addresses in use: defloat them first", field="pool_ref")
        if kept := usage["kept"]:
            words = f"namespaces have {kept} addresses of pool {pool.name} reserved: release them first"
            raise errors.PoolInUse(words, field="pool_ref")
        for namespace in sorted(draft.find(Kind.NAMESPACE, "default_pool", pool.uuid)):
            raise errors.PoolInUse(
                f"pool {pool.name} is the pool of namespace {namespace}: give that another one first", field="pool_ref"
            )
        for key in list(draft.find(Kind.RESERVATION, "pool", pool.uuid)):
            record = draft.get(Kind.RESERVATION, key)
            if record is not None:
                draft.forget(record)
        draft.forget(pool)
        return pool


def _refuse_overlaps(draft: Draft, pool: Pool) -> None:
    others = [other for other in lookup.pools(draft) if other.uuid != pool.uuid]
    networks = _networks(draft)
    for index, range_ in enumerate(pool.ranges):
        field = f"ranges[{index}]"
        for earlier in pool.ranges[:index]:
            if range_.overlaps(earlier):
                raise errors.Malformed(f"{range_} overlaps {earlier}", field=field)
        for other in others:
            if any(range_.overlaps(theirs) for theirs in other.ranges):
                raise errors.PoolOverlap(f"{range_} overlaps pool {other.name}", field=field)
        for network in networks:
            if network.live and range_.overlaps(addresses.netblock_range(network.netblock)):
                raise errors.NetblockOverlapsPool(f"{range_} overlaps network {network.name}", field=field)


def _networks(draft: Draft) -> list[Network]:
    return [cast("Network", draft.get(Kind.NETWORK, key)) for key in draft.keys(Kind.NETWORK)]


def _drop_outsiders(draft: Draft, pool: Pool) -> None:
    """Forget the records outside of a pool's new ranges, or raise PoolInUse where something has the address."""
    outside = [
        address
        for key in draft.find(Kind.RESERVATION, "pool", pool.uuid)
        if (address := IPv4Address(key.rpartition("/")[2])) not in pool.space
    ]
    records = [cast("Reservation", addresses.record_of(draft, None, address)) for address in sorted(outside)]
    used = [record for record in records if not record.until and record.owner != pool.uuid]
    if used:
        field = "ranges" if not any(used[0].address in range_ for range_ in pool.ranges) else "exclusions"
        more = f", and {len(used) - 1} more are" if len(used) > 1 else " is"
        raise errors.PoolInUse(f"{_told(used[0])}{more} outside of what the pool is to have", field=field)
    for record in records:
        draft.forget(record)


def _settled(draft: Draft, context: Context, pool: Pool) -> tuple[Pool, dict[str, int]]:
    """Reserve what is not handed out of a pool's blocks and nothing else, use what it has, and return it with its usage."""
    wanted = {address: type_ for range_ in pool.ranges for address, type_ in addresses.reserved_of(range_).items()}
    for record in lookup.reservations(draft, pool.uuid):
        if wanted.get(record.address) is not record.type:
            draft.forget(record)
    for address, type_ in wanted.items():
        if address in pool.space:
            _reserve(draft, pool, address, type_)
    for network in [] if pool.drain else _networks(draft):
        provide_gateways(draft, context, network)
    settled = levels.notice_pool(draft, pool.uuid) or pool
    return settled, levels.usage(draft, settled)


def _reserve(draft: Draft, pool: Pool, address: IPv4Address, type_: ReservationType) -> None:
    record = addresses.record_of(draft, None, address)
    if record is not None and record.owner == pool.uuid:
        return
    if record is not None and not record.until:
        raise errors.PoolInUse(f"{_told(record)} would be the {type_} address of a block", field="ranges")
    draft.put(
        Reservation(
            address=address,
            type=type_,
            owner=pool.uuid,
            since=draft.now,
            pool=pool.uuid,
            request_id=draft.cause.request_id,
        )
    )


def _told(record: Reservation) -> str:
    """Name an address and who has it."""
    holder = _HOLDERS.get(record.type, record.type)
    return f"{record.address}, which {holder} {record.owner} of namespace {record.namespace} has,"
