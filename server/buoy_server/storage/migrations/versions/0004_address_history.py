"""Who had which address when; what is held already is taken in, from when its record says."""

import sqlalchemy as sa
from alembic import op
from buoy_server.storage.history import begin_with_what_is_held

revision = "0004"
down_revision = "0003"

_TEXTS = (
    *("address", "type", "pool", "namespace", "node", "interface_uuid", "instance_uuid", "instance_name"),
    *("network_uuid", "network_name", "method", "actor", "request_id", "ended_method", "ended_actor", "ended_request_id"),
)


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "address_history",
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
        sa.Column("since_time", sa.BigInteger, nullable=False),
        sa.Column("until_time", sa.BigInteger),
        *(sa.Column(name, sa.Text, nullable=False) for name in _TEXTS),
    )
    op.create_index("address_history_of_address", "address_history", ["address", "revision"])
    op.create_index("address_history_by_end", "address_history", ["until_time"])
    begin_with_what_is_held(op.get_bind())


def downgrade() -> None:
    """Drop it."""
    op.drop_table("address_history")
