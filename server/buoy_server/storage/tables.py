"""The tables: the ledger, and one of current state for each kind of object.

A state table holds the object as bytes, and as columns only what must be unique: the last line behind the rules, which holds
even if two servers decided at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from buoy_server.core.state import Kind

metadata = sa.MetaData()

ledger = sa.Table(
    "ledger",
    metadata,
    sa.Column("revision", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("transaction_revision", sa.BigInteger, nullable=False),  # the last revision of the same command
    sa.Column("time", sa.BigInteger, nullable=False),  # microseconds since 1970
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("before_revision", sa.BigInteger, nullable=False),  # 0: the object is new
    sa.Column("body", sa.LargeBinary),  # NULL: the object was forgotten
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False, server_default=""),
)


# What owners read of their objects; kept on its own, so that it may outlive the ledger's entries.
events = sa.Table(
    "events",
    metadata,
    sa.Column("revision", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("time", sa.BigInteger, nullable=False),  # microseconds since 1970
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("method", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False, server_default=""),
    sa.Column("changes", sa.Text, nullable=False, server_default=""),  # JSON: [[property, before, after], ...]
    sa.Index("events_of_object", "key", "revision"),
)

# Who had which address of a pool when, also of what is long gone; a row a period, by the revision at which it began.
address_history = sa.Table(
    "address_history",
    metadata,
    sa.Column("revision", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("pool", sa.Text, nullable=False),
    sa.Column("namespace", sa.Text, nullable=False),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("interface_uuid", sa.Text, nullable=False),
    sa.Column("instance_uuid", sa.Text, nullable=False),
    sa.Column("instance_name", sa.Text, nullable=False),
    sa.Column("network_uuid", sa.Text, nullable=False),
    sa.Column("network_name", sa.Text, nullable=False),
    sa.Column("since_time", sa.BigInteger, nullable=False),  # microseconds since 1970
    sa.Column("until_time", sa.BigInteger),  # NULL: it still has it
    sa.Column("method", sa.Text, nullable=False),  # of the call that gave it
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text, nullable=False),
    sa.Column("ended_method", sa.Text, nullable=False),  # of the call that asked it back; empty: none did so yet
    sa.Column("ended_actor", sa.Text, nullable=False),
    sa.Column("ended_request_id", sa.Text, nullable=False),
    sa.Index("address_history_of_address", "address", "revision"),
    sa.Index("address_history_by_end", "until_time"),
)

# What tokens are signed with. Its own table, so that no feed carries it.
signing_keys = sa.Table(
    "signing_keys",
    metadata,
    sa.Column("kid", sa.Text, primary_key=True),
    sa.Column("private_key", sa.LargeBinary, nullable=False),  # 32 bytes, Ed25519
    sa.Column("time", sa.BigInteger, nullable=False),
)

# The answers to calls that bore a request id, for their repeats; in the order they were given, which is how they are dropped.
answers = sa.Table(
    "answers",
    metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("key", sa.LargeBinary, nullable=False, unique=True),  # 16 bytes: digest of the namespace and the request id
    sa.Column("request", sa.LargeBinary, nullable=False),  # 16 bytes: digest of the method and the request without its secrets
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.Column("time", sa.BigInteger, nullable=False),  # microseconds since 1970
)

# One row: which database this is. A restored one gets another, since its revisions mean something else.
identity = sa.Table("identity", metadata, sa.Column("cluster_id", sa.Text, primary_key=True))


def _state_table(name: str, *columns: sa.Column[Any] | sa.UniqueConstraint) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        *columns,
    )


@dataclass(frozen=True, slots=True)
class StateTable:
    """A table of current state, and the values of its unique columns for an object."""

    table: sa.Table
    columns: Callable[[Any], dict[str, Any]]


STATE_TABLES: Mapping[Kind, StateTable] = {
    Kind.INTERFACE: StateTable(
        _state_table("interfaces", sa.Column("macaddr", sa.Text, unique=True), sa.Column("floating", sa.Text, unique=True)),
        lambda interface: {
            "macaddr": interface.macaddr if interface.bound else None,
            "floating": str(interface.floating.address) if interface.floating else None,
        },
    ),
    Kind.INSTANCE: StateTable(
        _state_table("instances", sa.Column("live_name", sa.Text, unique=True)),
        lambda instance: {"live_name": f"{instance.namespace}/{instance.name}" if instance.live else None},
    ),
    Kind.NETWORK: StateTable(
        _state_table("networks", sa.Column("live_name", sa.Text, unique=True)),
        lambda network: {"live_name": f"{network.namespace}/{network.name}" if network.live else None},
    ),
    Kind.POOL: StateTable(
        _state_table("pools", sa.Column("name", sa.Text, nullable=False, unique=True)), lambda pool: {"name": pool.name}
    ),
    Kind.NODE: StateTable(_state_table("nodes"), lambda _: {}),
    Kind.NAMESPACE: StateTable(_state_table("namespaces"), lambda _: {}),
    # Its key is the network (or "floating") and the address: no address twice.
    Kind.RESERVATION: StateTable(_state_table("reservations"), lambda _: {}),
}
