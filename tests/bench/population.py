"""A database with many interfaces, as it would be in life, written straight into the tables.

Networks of 250 interfaces, 40 of them a namespace; instances with two NICs each, on two networks; 100 interfaces a node where
there are few, 10,000 where there are many; the record of each fixed address; every tenth interface floats. Of the ledger only
the last entry is there: the others would have been compacted.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from buoy_server.codec.packing import pack
from buoy_server.core.model import (
    AnyRecord,
    Floating,
    Instance,
    InstanceId,
    Interface,
    InterfaceId,
    Namespace,
    Network,
    NetworkId,
    Node,
    Pool,
    PoolId,
    Reservation,
    ReservationType,
)
from buoy_server.core.ranges import AddressRange
from buoy_server.core.state import KIND_OF, Kind
from buoy_server.core.states import FloatingPhase, InstanceState, InterfaceState, NetworkState
from buoy_server.storage.database import open_database
from buoy_server.storage.tables import STATE_TABLES, ledger

NICS_A_NETWORK, NETWORKS_A_NAMESPACE, NICS_A_NODE = 250, 40, 10_000
FLOATS_ONE_IN = 10
POOL = "100.64.0.0/12"
FIRST_FLOATING = IPv4Address("100.64.0.1")
_CHUNK = 20_000
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_FAST = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000")


@dataclass(frozen=True, slots=True)
class Population:
    """What is in a database: its file, and the uuids of some of its interfaces."""

    path: Path
    size: int
    some: tuple[str, ...]


def populate(path: Path, size: int, ranges: str = POOL, floats_one_in: int = FLOATS_ONE_IN) -> Population:
    """Make a database of so many interfaces, of which some float at addresses of a pool; the same each time."""
    pool = Pool(uuid=PoolId(new_uuid(random.Random(0))), name="public", ranges=(AddressRange.parse(ranges),))
    some: list[str] = []
    for chunk in write(path, _records(size, random.Random(size), pool, floats_one_in)):
        some += [record.key for record in chunk[::97] if isinstance(record, Interface)]
    return Population(path, size, tuple(some))


def write(path: Path, records: Iterator[AnyRecord]) -> Iterator[list[AnyRecord]]:
    """Make a database of these objects, chunk by chunk; it is whole when the last was taken."""
    url = f"sqlite:///{path}"
    open_database(url).close()
    engine = sa.create_engine(url)
    sa.event.listen(engine, "connect", _prefer_speed)
    revision = 0
    with engine.begin() as connection:
        while chunk := [_stamped(record, revision + 1 + place) for place, record in enumerate(islice(records, _CHUNK))]:
            revision += len(chunk)
            _insert(connection, chunk)
            yield chunk
        connection.execute(sa.insert(ledger), _last_entry(chunk_end=revision))
    engine.dispose()


def _prefer_speed(connection: Any, _record: Any) -> None:
    for pragma in _FAST:
        connection.execute(f"PRAGMA {pragma}")


def _stamped(record: AnyRecord, revision: int) -> AnyRecord:
    moment = _BEGIN + timedelta(milliseconds=revision)
    return replace(record, revision=revision, create_time=moment, update_time=moment + timedelta(seconds=1))


def _insert(connection: sa.Connection, records: list[AnyRecord]) -> None:
    for kind in Kind:
        state = STATE_TABLES[kind]
        rows = [
            {"key": record.key, "revision": record.revision, "body": pack(record), **state.columns(record)}
            for record in records
            if KIND_OF[type(record)] is kind
        ]
        if rows:
            connection.execute(sa.insert(state.table), rows)


def _last_entry(*, chunk_end: int) -> dict[str, Any]:
    entry = {"revision": chunk_end, "transaction_revision": chunk_end, "time": 0, "kind": "node", "key": "n0"}
    return {**entry, "before_revision": 0, "body": None, "method": "Populate", "actor": "system"}


def _records(size: int, chance: random.Random, pool: Pool, floats_one_in: int) -> Iterator[AnyRecord]:
    """Yield every object, owners first."""
    nodes = [Node(name=f"node{number}") for number in range(max(1, size // NICS_A_NODE))]
    yield pool
    yield from nodes
    for first in range(0, size, NICS_A_NETWORK * NETWORKS_A_NAMESPACE):
        namespace = Namespace(name=f"tenant{first // (NICS_A_NETWORK * NETWORKS_A_NAMESPACE)}")
        yield namespace
        count = min(NETWORKS_A_NAMESPACE, (size - first) // NICS_A_NETWORK)
        networks = [_network(namespace, number, chance) for number in range(count)]
        yield from networks
        for number in range(count * NICS_A_NETWORK // 2):
            node = chance.choice(nodes)
            yield from _instance(number, namespace, node, networks, pool, chance, first, floats_one_in)


def _network(namespace: Namespace, number: int, chance: random.Random) -> Network:
    uuid, block = NetworkId(new_uuid(chance)), IPv4Network(f"10.{number}.0.0/24")
    state = NetworkState.CREATED
    return Network(uuid=uuid, namespace=namespace.name, name=f"net{number}", netblock=block, state=state, metadata={})


def _instance(
    number: int,
    namespace: Namespace,
    node: Node,
    networks: list[Network],
    pool: Pool,
    chance: random.Random,
    first: int,
    floats_one_in: int,
) -> Iterator[AnyRecord]:
    uuid, state = InstanceId(new_uuid(chance)), InstanceState.CREATED
    yield Instance(uuid=uuid, namespace=namespace.name, name=f"web-{number}", node=node.name, state=state, metadata={})
    for order in range(2):
        place = 2 * number + order
        network, host = networks[place % len(networks)], place // len(networks)
        floating = None
        if place % floats_one_in == 0:
            floating = active_float(pool, FIRST_FLOATING + first + place)
        interface = Interface(
            uuid=InterfaceId(new_uuid(chance)),
            namespace=namespace.name,
            instance_uuid=uuid,
            network_uuid=network.uuid,
            node=node.name,
            macaddr="02:00:00:" + (first + place).to_bytes(3).hex(":"),
            ipv4=network.netblock.network_address + 2 + host,
            order=order,
            state=InterfaceState.CREATED,
            floating=floating,
            metadata={},
            observed_generation=1,
        )
        yield interface
        yield from reservations(interface, pool)


def active_float(pool: Pool, address: IPv4Address) -> Floating:
    """A float that its node has confirmed."""
    asked, active = _BEGIN, _BEGIN + timedelta(milliseconds=2)
    return Floating(
        address=address,
        pool=pool.uuid,
        phase=FloatingPhase.ACTIVE,
        requested_time=asked,
        active_time=active,
        generation=1,
        observed_generation=1,
    )


def reservations(owner: Interface, pool: Pool) -> Iterator[Reservation]:
    """The records of an interface's addresses."""
    common: dict[str, Any] = {"owner": owner.uuid, "namespace": owner.namespace, "since": _BEGIN}
    fixed = ReservationType.INSTANCE
    yield Reservation(address=owner.ipv4, type=fixed, network_uuid=owner.network_uuid, **common)
    if owner.floating:
        yield Reservation(address=owner.floating.address, type=ReservationType.FLOATING, pool=pool.uuid, **common)


def new_uuid(chance: random.Random) -> str:
    """A uuid out of a generator of chance."""
    return str(UUID(int=chance.getrandbits(128), version=4))
