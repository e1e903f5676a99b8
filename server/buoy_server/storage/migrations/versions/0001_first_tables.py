"""The ledger and the tables of current state."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_STATE: dict[str, tuple[sa.Column[Any], ...]] = {
    "interfaces": (sa.Column("macaddr", sa.Text, unique=True), sa.Column("floating", sa.Text, unique=True)),
    "instances": (sa.Column("live_name", sa.Text, unique=True),),
    "networks": (sa.Column("live_name", sa.Text, unique=True),),
    "pools": (sa.Column("name", sa.Text, nullable=False, unique=True),),
    "nodes": (),
    "reservations": (),
}


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "ledger",
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("transaction_revision", sa.BigInteger, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("before_revision", sa.BigInteger, nullable=False),
        sa.Column("body", sa.LargeBinary),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
    )
    for name, columns in _STATE.items():
        op.create_table(
            name,
            sa.Column("key", sa.Text, primary_key=True),
            sa.Column("revision", sa.BigInteger, nullable=False),
            sa.Column("body", sa.LargeBinary, nullable=False),
            *columns,
        )


def downgrade() -> None:
    """Drop them."""
    for name in (*_STATE, "ledger"):
        op.drop_table(name)
