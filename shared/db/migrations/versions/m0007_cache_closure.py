"""Whether answers may come from the cache"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cache_closure",
        sa.Column("single", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("single", name=op.f("cache_closure_is_one_row")),
        sa.PrimaryKeyConstraint("single", name=op.f("cache_closure_pkey")),
    )
    # Whose events a stored answer changed: they are forgotten again when it is repeated.
    op.add_column(
        "idempotency_key", sa.Column("touched", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False)
    )
    op.alter_column("idempotency_key", "touched", server_default=None)
    op.execute("INSERT INTO cache_closure (closed_at, closed_until) VALUES ('epoch', 'epoch')")


def downgrade() -> None:
    op.drop_column("idempotency_key", "touched")
    op.drop_table("cache_closure")
