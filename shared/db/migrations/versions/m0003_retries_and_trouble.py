"""Retries, suspensions that are due, what kills its workers, and how the provider is"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("schedule", sa.Column("retry_days", postgresql.ARRAY(sa.SmallInteger()), nullable=True))
    op.add_column("event", sa.Column("first_declined_on", sa.Date(), nullable=True))
    op.add_column("event", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("batch", sa.Column("retry", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("batch", sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("batch", sa.Column("held", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("batch", sa.Column("provider", sa.Text(), nullable=True))
    op.add_column("batch", sa.Column("deaths", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("attempt", sa.Column("resolved_by", sa.Text(), nullable=True))
    op.drop_constraint(op.f("event_only_failed_waits_for_a_retry"), "event")
    op.create_check_constraint(
        op.f("event_retry_day_is_of_a_decline"),
        "event",
        "retry_on IS NULL OR status IN ('failed', 'processing', 'unknown')",
    )
    op.create_index("hold_active", "hold", ["placed_at"], postgresql_where=sa.text("ended_at IS NULL"))
    op.create_table(
        "final_decline",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("final_decline_pkey")),
    )
    op.create_table(
        "provider",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shut_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trips", sa.Integer(), server_default="0", nullable=False),
        sa.Column("allowance", sa.Integer(), nullable=True),
        sa.Column("next_call_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("allowance > 0", name=op.f("provider_allowance_is_positive")),
        sa.PrimaryKeyConstraint("name", name=op.f("provider_pkey")),
    )


# What waits for its retry becomes a final decline of the run that would have tried it.
END_RETRIES = """
WITH waiting AS (
  SELECT DISTINCT ON (e.date, e.id) e.id, e.currency, e.amount, b.run_date
  FROM batch b JOIN event e ON e.date = b.date AND e.id BETWEEN b.first_id AND b.last_id
  WHERE b.retry AND b.status = 'waiting' AND e.status = 'failed' AND e.retry_on IS NOT NULL
  ORDER BY e.date, e.id, b.run_date)
INSERT INTO booking (run_date, heading, currency, count, amount, event_id)
SELECT run_date, 'declined', currency, 1, amount, id FROM waiting
"""


def downgrade() -> None:
    op.execute(END_RETRIES)
    op.execute("DELETE FROM batch WHERE retry AND status = 'waiting'")
    op.execute("UPDATE event SET retry_on = NULL WHERE retry_on IS NOT NULL")
    op.drop_table("provider")
    op.drop_table("final_decline")
    op.drop_index("hold_active", table_name="hold", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_column("attempt", "resolved_by")
    op.execute("UPDATE event SET retry_on = NULL WHERE status <> 'failed'")
    op.drop_constraint(op.f("event_retry_day_is_of_a_decline"), "event")
    op.create_check_constraint(
        op.f("event_only_failed_waits_for_a_retry"), "event", "retry_on IS NULL OR status = 'failed'"
    )
    for column in ("deaths", "provider", "held", "opens_at", "retry"):
        op.drop_column("batch", column)
    op.drop_column("event", "settled_at")
    op.drop_column("event", "first_declined_on")
    op.drop_column("schedule", "retry_days")
