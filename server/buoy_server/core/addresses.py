"""The records of addresses that are not free: taking one, giving it back, letting it rest.

A floating address is reserved from the call that asked for it until the node confirmed that it is gone from the kernel, and
rests in quarantine from then on. Its last owner may have it back at once. When a pool has nothing else left, the address that
has rested longest, and at least MIN_REST, is recycled.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from typing import cast

from buoy_server.core import errors, levels, lookup, promises, quotas
from buoy_server.core.allocation import NETWORK_LEVELS, POOL_LEVELS, pick_address
from buoy_server.core.command import Context
from buoy_server.core.model import (
    Interface,
    Namespace,
    Network,
    NetworkId,
    Pool,
    PoolId,
    Reservation,
    ReservationType,
    reservation_key,
)
from buoy_server.core.ranges import AddressRange, AddressSpace
from buoy_server.core.state import LAST_BUCKET, Draft, Kind, State

MIN_REST = timedelta(seconds=30)
SAMPLE = 32  # of those that were released within the same ten seconds, so many are looked at for the oldest


def record_of(state: State, network: NetworkId | None, address: IPv4Address) -> Reservation | None:
    """Return the record of an address of a private network, or of the pools where `network` is None."""
    return cast("Reservation | None", state.get(Kind.RESERVATION, reservation_key(network, address)))


def reserved_of(range_: AddressRange) -> Mapping[IPv4Address, ReservationType]:
    """Return the network, gateway and broadcast address of a block; a /31 or /32 has none of them, nor has what is no block."""
    if not range_.block or range_.size < 4:
        return {}
    return {
        range_.first: ReservationType.NETWORK,
        range_.first + 1: ReservationType.GATEWAY,
        range_.last: ReservationType.BROADCAST,
    }


def reserve_block(draft: Draft, network: Network) -> None:
    """Reserve what is not handed out of a private network."""
    for address, type_ in reserved_of(netblock_range(network.netblock)).items():
        draft.put(
            Reservation(
                address=address,
                type=type_,
                owner=network.uuid,
                since=draft.now,
                namespace=network.namespace,
                network_uuid=network.uuid,
                request_id=draft.cause.request_id,
            )
        )


def netblock_range(netblock: IPv4Network) -> AddressRange:
    """Return a netblock as a range."""
    return AddressRange(netblock.network_address, netblock.broadcast_address, block=True)


def take_fixed(draft: Draft, owner: Interface) -> None:
    """Reserve the fixed address of an interface, which `choose_fixed` returned."""
    draft.put(
        Reservation(
            address=owner.ipv4,
            type=ReservationType.INSTANCE,
            owner=owner.uuid,
            since=draft.now,
            namespace=owner.namespace,
            network_uuid=owner.network_uuid,
            request_id=draft.cause.request_id,
        )
    )


def choose_fixed(draft: Draft, context: Context, network: Network, asked: IPv4Address | None, field: str) -> IPv4Address:
    """Return the asked address of a private network if it is free, else a random free one."""
    if asked is not None:
        if asked not in network.netblock:
            raise errors.AddressOutsideNetblock(f"{asked} is not in {network.netblock}", field=field)
        _refuse_taken(record_of(draft, network.uuid, asked), asked, field)
        return asked
    chosen = _pick(draft, context, AddressSpace.of([netblock_range(network.netblock)]), network=network.uuid)
    if chosen is None:
        raise errors.NetworkFull(f"every address of {network.netblock} is in use", field=field)
    return chosen


def take_floating(
    draft: Draft, context: Context, owner: Interface | Network, address: IPv4Address | None, pool: Pool | None
) -> Reservation:
    """Reserve an address of a pool, the asked one or a random one: to float an interface, or to be routed into a network."""
    if address is not None:
        pool = _pool_with(draft, address, pool)
        record = record_of(draft, None, address)
        if record is not None and not _may_take(draft, record, owner):
            _refuse_taken(record, address, "address")
    else:
        pool = pool or default_pool(draft, owner.namespace)
        record = None
    if record is None or record.until:
        _refuse_draining(pool)
    address = address or _choose_from(draft, context, pool)
    held = record_of(draft, None, address)
    if held is None or held.namespace != owner.namespace:
        quotas.check_addresses(draft, owner.namespace)
    kept = held is not None and held.kept
    return draft.put(
        Reservation(
            address=address,
            type=ReservationType.FLOATING if isinstance(owner, Interface) else ReservationType.ROUTED,
            owner=owner.uuid,
            since=draft.now,
            namespace=owner.namespace,
            pool=pool.uuid,
            comment=held.comment if held and kept else "",
            kept=kept,
            request_id=draft.cause.request_id,
        )
    )


def reserve(
    draft: Draft, context: Context, namespace: str, address: IPv4Address | None, pool: Pool | None, comment: str
) -> Reservation:
    """Keep an address for a namespace until it is released: the asked one, or a random one of a pool."""
    held = None
    if address is None:
        pool = pool or default_pool(draft, namespace)
        _refuse_draining(pool)
        address = _choose_from(draft, context, pool)
    else:
        pool = _pool_with(draft, address, pool)
        held = record_of(draft, None, address)
        if held is None or held.until:
            _refuse_draining(pool)
    if held is not None and is_of(draft, held, namespace):
        if held.type in (ReservationType.RESERVED, ReservationType.FLOATING, ReservationType.ROUTED):
            kept = replace(held, kept=True, comment=comment or held.comment)
            return held if kept == held else draft.put(kept)
    else:
        quotas.check_addresses(draft, namespace)
    if held is not None and not (held.until and (_has_rested(draft, held) or is_of(draft, held, namespace))):
        _refuse_taken(held, address, "address")
    return draft.put(
        Reservation(
            address=address,
            type=ReservationType.RESERVED,
            owner="",
            since=draft.now,
            namespace=namespace,
            pool=pool.uuid,
            comment=comment,
            kept=True,
            request_id=draft.cause.request_id,
        )
    )


def keep(draft: Draft, address: IPv4Address) -> None:
    """Have an address that is in use stay its namespace's when it is given back."""
    record = record_of(draft, None, address)
    if record is not None and not record.kept:
        draft.put(replace(record, kept=True))


def take_gateway(draft: Draft, context: Context, network: Network, node: str) -> Reservation | None:
    """Reserve the source address for what leaves a network on a node, or return None when no pool has one to give."""
    try:
        pool = default_pool(draft, network.namespace)
        _refuse_draining(pool)
        quotas.check_addresses(draft, network.namespace)
        address = _choose_from(draft, context, pool)
    except (errors.PoolNotFound, errors.PoolDraining, errors.PoolExhausted, errors.QuotaExceeded):
        return None
    return draft.put(
        Reservation(
            address=address,
            type=ReservationType.GATEWAY,
            owner=network.uuid,
            since=draft.now,
            namespace=network.namespace,
            pool=pool.uuid,
            comment=f"outgoing packets on {node}",
            request_id=draft.cause.request_id,
        )
    )


def release(draft: Draft, record: Reservation, reason: str, given_up: datetime | None = None) -> Reservation:
    """Give an address back, and return its last record.

    One that moves goes to the interface that it is promised to, one that is kept is its namespace's again, another one of a
    pool rests for the pool's quarantine, and one of a private network is free at once. The quarantine counts from now, or from
    when the address was given up, where that was earlier.
    """
    if record.promise is not None:
        return promises.redeem(draft, record, record.promise)
    if record.kept:
        return draft.put(replace(record, type=ReservationType.RESERVED, owner="", since=draft.now))
    pool = cast("Pool | None", draft.get(Kind.POOL, record.pool)) if record.pool else None
    since = given_up or draft.now
    if pool is None or since + pool.quarantine <= draft.now:
        draft.forget(record)
        return record
    return draft.put(
        replace(
            record,
            type=ReservationType.DELETION_HALO,
            since=since,
            until=since + pool.quarantine,
            comment=f"was {record.type}",
            reason=reason,
        )
    )


def default_pool(state: State, namespace: str) -> Pool:
    """Return the pool of a namespace where none is named: its own, else the oldest that does not drain."""
    record = cast("Namespace | None", state.get(Kind.NAMESPACE, namespace))
    if record is not None and record.default_pool:
        return cast("Pool", state.get(Kind.POOL, record.default_pool))
    pools = lookup.pools(state)
    if not pools:
        raise errors.PoolNotFound("there is no pool yet", field="pool")
    return next((pool for pool in pools if not pool.drain), pools[0])


def _refuse_draining(pool: Pool) -> None:
    if pool.drain:
        raise errors.PoolDraining(f"pool {pool.name} drains: it hands out no more addresses; name another one", field="pool")


def _pool_with(state: State, address: IPv4Address, pool: Pool | None) -> Pool:
    candidates: Iterable[Pool] = [pool] if pool else lookup.pools(state)
    for candidate in candidates:
        if address in candidate.space:
            return candidate
    where = f"pool {pool.name}" if pool else "any pool"
    raise errors.AddressOutsidePool(f"{address} is not in {where}", field="address")


def _choose_from(draft: Draft, context: Context, pool: Pool) -> IPv4Address:
    free = levels.usage(draft, pool)["free"]
    chosen = _pick(draft, context, pool.space, pool=pool.uuid, free=free) if free > 0 else None
    return chosen or _recycle(draft, pool)


def _pick(
    draft: Draft,
    context: Context,
    space: AddressSpace,
    *,
    pool: PoolId | None = None,
    network: NetworkId | None = None,
    free: int | None = None,
) -> IPv4Address | None:
    """Return a random free address of a pool or of a private network, or None when every one has a record."""
    index, bits = ("taken_in_pool", POOL_LEVELS) if pool else ("taken_in_network", NETWORK_LEVELS)
    return pick_address(
        space,
        bits,
        lambda block: draft.count(Kind.RESERVATION, index, (pool or network, block)),
        lambda address: draft.has(Kind.RESERVATION, reservation_key(network, address)),
        context.random,
        free,
    )


def _recycle(draft: Draft, pool: Pool) -> IPv4Address:
    """Free the address of a pool that has rested longest, and return it."""
    values = cast("Collection[tuple[str, int]]", draft.values(Kind.RESERVATION, "resting"))
    buckets = [value for value in values if value[0] == pool.uuid and value[1] < LAST_BUCKET]
    longest = min((value for value in buckets if draft.count(Kind.RESERVATION, "resting", value)), default=None)
    keys = islice(draft.find(Kind.RESERVATION, "resting", longest), SAMPLE)
    resting = [cast("Reservation", draft.get(Kind.RESERVATION, key)) for key in keys]
    oldest = min(resting, key=lambda record: record.since, default=None)
    if oldest is None:
        raise errors.PoolExhausted(f"every address of pool {pool.name} is in use: release one, or add a pool", field="pool")
    rested = oldest.since + MIN_REST
    if rested > draft.now and (oldest.until is None or oldest.until > draft.now):
        wait = (rested - draft.now).total_seconds()
        raise errors.PoolExhausted(
            f"every address of pool {pool.name} is in use or was released a moment ago: one is free in {wait:.0f} s",
            field="pool",
        )
    draft.forget(oldest)
    return oldest.address


def is_of(state: State, record: Reservation, namespace: str) -> bool:
    """Whether an address is, or was last, a namespace's; what another one of the same name had before is not."""
    found = cast("Namespace | None", state.get(Kind.NAMESPACE, namespace))
    return record.namespace == namespace and record.revision >= (found.created_revision if found else 0)


def _may_take(draft: Draft, record: Reservation, owner: Interface | Network) -> bool:
    """Whether an owner may take an address that is not free: it has it so, its namespace has or had it, or it rested."""
    if record.promise is not None:
        return False
    if (record.owner == owner.uuid and record.type is not ReservationType.GATEWAY) or _has_rested(draft, record):
        return True
    return (not record.owner or record.until is not None) and is_of(draft, record, owner.namespace)


def _has_rested(draft: Draft, record: Reservation) -> bool:
    """Whether the quarantine of an address is over, and its record only waits to be forgotten."""
    return record.until is not None and record.until <= draft.now


def _refuse_taken(record: Reservation | None, address: IPv4Address, field: str) -> None:
    if record is None:
        return
    match record.type:
        case ReservationType.NETWORK | ReservationType.BROADCAST | ReservationType.GATEWAY:
            raise errors.AddressReserved(f"{address} is the {record.type} address", field=field)
        case ReservationType.DELETION_HALO:
            raise errors.AddressInUse(f"{address} rests until {record.until:%H:%M:%S} UTC", field=field)
        case _:
            raise errors.AddressInUse(f"{address} is in use", field=field)
