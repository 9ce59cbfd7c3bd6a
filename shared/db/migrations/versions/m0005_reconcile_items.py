"""Where the provider's record and ours differ"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reconcile_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("event_date", sa.Date(), nullable=True),
        sa.Column("ours", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("theirs", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('paid_there', 'no_event', 'not_there', 'other_terms', 'second_key', 'key_twice')",
            name=op.f("reconcile_item_kind_is_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("reconcile_item_pkey")),
        sa.UniqueConstraint("idempotency_key", "payment_id", "kind", name=op.f("reconcile_item_found_once")),
    )
    op.create_index(
        "reconcile_item_open", "reconcile_item", ["day", "id"], postgresql_where=sa.text("settled_at IS NULL")
    )


def downgrade() -> None:
    op.drop_table("reconcile_item")
