"""Batches of one party give way to the others"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batch", sa.Column("turn", sa.Integer(), server_default="0", nullable=False))
    op.create_index(
        "batch_giving_way",
        "batch",
        ["run_date", "turn", "id"],
        postgresql_where=sa.text("turn > 0 AND status IN ('waiting', 'claimed')"),
    )


def downgrade() -> None:
    op.drop_index("batch_giving_way", "batch")
    op.drop_column("batch", "turn")
