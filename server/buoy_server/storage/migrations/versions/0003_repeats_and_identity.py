"""Request ids, the answers that are kept for their repeats, what changed in an event, and the identity of the database."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add them."""
    op.add_column("ledger", sa.Column("request_id", sa.Text, nullable=False, server_default=""))
    op.add_column("events", sa.Column("request_id", sa.Text, nullable=False, server_default=""))
    op.add_column("events", sa.Column("changes", sa.Text, nullable=False, server_default=""))
    op.create_table(
        "answers",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("key", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
    )
    op.create_table("identity", sa.Column("cluster_id", sa.Text, primary_key=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_table("identity")
    op.drop_table("answers")
    for table, column in (("events", "changes"), ("events", "request_id"), ("ledger", "request_id")):
        op.drop_column(table, column)
