"""The records of addresses: each has an owner that points back, lies where it belongs, and counts where it is counted."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import cast

from buoy_server.core import addresses, levels, lookup
from buoy_server.core.fsck.violation import Check, Found
from buoy_server.core.model import Interface, Network, Pool, Reservation, ReservationType
from buoy_server.core.state import Kind, State

LONGEST_REST = timedelta(hours=24)  # of a pool's quarantine; an operator may extend one


def records(state: State) -> Iterator[tuple[str, Reservation]]:
    """Yield all records of addresses, each with its key."""
    for key in state.keys(Kind.RESERVATION):
        yield key, cast("Reservation", state.get(Kind.RESERVATION, key))


def about(record: Reservation) -> str:
    """Return what a record is of, in words."""
    return f"address {record.address}" + (f" of network {record.network_uuid}" if record.network_uuid else "")


def _keys(state: State) -> Found:
    for key, record in records(state):
        if key != record.key:
            yield about(record), f"its record stands under {key}"
        elif (record.pool is None) == (record.network_uuid is None):
            yield about(record), "its record is of both a pool and a network" if record.pool else "its record is of no pool"


def _places(state: State) -> Found:
    for key, record in records(state):
        pool = state.get(Kind.POOL, record.pool) if record.pool else None
        network = state.get(Kind.NETWORK, record.network_uuid) if record.network_uuid else None
        if record.pool and not isinstance(pool, Pool):
            yield about(record), f"it is of pool {record.pool}, which is not there"
        elif isinstance(pool, Pool) and record.address not in pool.space:
            yield about(record), f"it is held in pool {pool.name}, which does not have it"
        elif record.network_uuid and not isinstance(network, Network):
            yield about(record), f"network {record.network_uuid} is not there"
        elif isinstance(network, Network) and record.address not in network.netblock:
            yield about(record), f"it is not in {network.netblock}"
        del key


def _owners(state: State) -> Found:
    for _, record in records(state):
        wrong = _wrong_with_owner(state, record)
        if wrong:
            yield about(record), f"held as {record.type} by {record.owner or 'nobody'}: {wrong}"


def _wrong_with_owner(state: State, record: Reservation) -> str:
    """Return why an owner does not point back, in words; empty when it does."""
    if record.owner and record.owner == record.pool:
        return "" if _is_of_pool(state, record) else "no block of the pool has it so"
    interface = cast("Interface | None", state.get(Kind.INTERFACE, record.owner))
    network = cast("Network | None", state.get(Kind.NETWORK, record.owner))
    match record.type:
        case ReservationType.DELETION_HALO:
            return ""
        case ReservationType.RESERVED:
            kept = record.kept and not record.owner and state.get(Kind.NAMESPACE, record.namespace) is not None
            return "" if kept else f"it is kept for namespace {record.namespace or '(none)'}, which is not so"
        case ReservationType.INSTANCE:
            return "" if interface and _has_fixed(interface, record) else "no such interface has it"
        case ReservationType.FLOATING:
            return _wrong_with_float(state, interface, record)
        case ReservationType.ROUTED:
            return "" if network and network.routed_at(record.address) else "it is not routed into such a network"
        case ReservationType.GATEWAY if record.pool:
            return "" if network and _has_gateway(network, record) else "it is no gateway address of such a network"
        case _:
            return "" if network and _is_of_block(network, record) else f"no network has it as its {record.type} address"


def _has_fixed(interface: Interface, record: Reservation) -> bool:
    return interface.bound and (interface.network_uuid, interface.ipv4) == (record.network_uuid, record.address)


def _has_gateway(network: Network, record: Reservation) -> bool:
    return any(gateway.address == record.address for gateway in network.floating_gateways)


def _is_of_block(network: Network, record: Reservation) -> bool:
    reserved = addresses.reserved_of(addresses.netblock_range(network.netblock))
    return record.network_uuid == network.uuid and reserved.get(record.address) is record.type


def _is_of_pool(state: State, record: Reservation) -> bool:
    pool = cast("Pool | None", state.get(Kind.POOL, record.owner))
    blocks = pool.ranges if pool else ()
    return any(addresses.reserved_of(range_).get(record.address) is record.type for range_ in blocks)


def _wrong_with_float(state: State, interface: Interface | None, record: Reservation) -> str:
    """A float is its holder's until the holder's node let go of it, also where it is given back or goes to somebody else."""
    if interface is None:
        return "there is no such interface"
    unconfirmed = interface.observed_generation < interface.generation or bool(interface.former_nodes)
    floats_elsewhere = interface.floating is not None and not interface.floating.held_by
    held = interface.bound and (unconfirmed or floats_elsewhere)
    if record.promise is not None:
        heir = cast("Interface | None", state.get(Kind.INTERFACE, record.promise.interface))
        waits = heir is not None and heir.floating is not None and heir.floating.address == record.address
        if not waits:
            return f"it is promised to interface {record.promise.interface}, which does not wait for it"
        return "" if held else f"interface {record.promise.interface} waits for it, and its node has let go of it"
    if interface.floating is not None and interface.floating.address == record.address:
        return ""
    if held or any(entry.address == record.address for entry in interface.draining):
        return ""
    return "the interface does not float there, and its node has confirmed that"


def _quarantine(state: State) -> Found:
    for _, record in records(state):
        rests = record.type is ReservationType.DELETION_HALO
        if rests != (record.until is not None):
            yield about(record), "it rests without an end" if rests else f"held as {record.type}, it has an end of rest"
        elif record.until is not None and not record.extended and not timedelta() < record.until - record.since <= LONGEST_REST:
            yield about(record), f"it rests from {record.since:%F %T} to {record.until:%F %T}, which no pool asks for"
        elif rests and (record.pool is None or record.kept or record.promise is not None):
            yield about(record), "it rests, and is kept, promised or of no pool as well"


def _usage(state: State) -> Found:
    counted = Counter((record.pool, record.type) for _, record in records(state) if record.pool)
    for pool in lookup.pools(state):
        usage = levels.usage(state, pool)
        said = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in usage.items())
        parts = sum(usage[name] for name in ("free", "in_use", "reserved", "quarantined"))
        if usage["size"] != parts or min(usage.values()) < 0:
            yield f"pool {pool.name}", f"its usage does not add up: {said}"
        resting = counted[pool.uuid, ReservationType.DELETION_HALO]
        held = sum(number for (uuid, _), number in counted.items() if uuid == pool.uuid)
        if (usage["quarantined"], usage["size"] - usage["free"]) != (resting, held):
            yield f"pool {pool.name}", f"it counts {said}, and has records of {held} addresses, of which {resting} rest"


FREE_IT = (
    "nobody will give it back: note who had it (`buoy pool addresses`), stop the server, and restore a backup from before its "
    "revision; until then the address is only lost to the pool"
)
CHECKS = (
    Check("RESERVATION_KEY", "each record of an address stands under that address", FREE_IT, _keys),
    Check("RESERVATION_PLACE", "each record is of an address of its pool or network", FREE_IT, _places),
    Check("RESERVATION_OWNER", "each record has an owner that points back", FREE_IT, _owners),
    Check(
        "QUARANTINE",
        "an address rests from its release for as long as its pool says",
        "lift it with `buoy pool lift`, once no node has anything of it",
        _quarantine,
    ),
    Check(
        "POOL_USAGE",
        "size = free + in use + reserved + quarantined, as counted one by one",
        "restart the server, which counts anew; if that does not help, the records above say what is wrong",
        _usage,
    ),
)
