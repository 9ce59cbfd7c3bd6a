"""Payers and payees are told"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("first_id", sa.Uuid(), nullable=True),
        sa.Column("last_id", sa.Uuid(), nullable=True),
        sa.Column("ids", sa.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("notices", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column(
            "created_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("outbox_pkey")),
        sa.CheckConstraint("kind IN ('paid', 'upcoming', 'missed', 'facts')", name=op.f("outbox_kind_is_known")),
        sa.CheckConstraint("(kind = 'facts') = (notices IS NOT NULL)", name=op.f("outbox_facts_are_written_out")),
        sa.CheckConstraint("(kind = 'facts') = (date IS NULL)", name=op.f("outbox_the_others_stand_under_a_date")),
        sa.CheckConstraint("(kind = 'paid') = (batch_id IS NOT NULL)", name=op.f("outbox_paid_by_a_batch")),
        sa.CheckConstraint("state IN ('waiting', 'dead')", name=op.f("outbox_state_is_known")),
    )
    op.create_index("outbox_waiting", "outbox", ["next_at"], postgresql_where=sa.text("state = 'waiting'"))
    # Small facts wait behind a day's payments, and are found before them.
    fresh = sa.text("state = 'waiting' AND kind = 'facts' AND tries = 0")
    op.create_index("outbox_fresh_facts", "outbox", ["next_at"], postgresql_where=fresh)
    op.create_table(
        "upcoming",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("through", sa.Uuid(), nullable=True),
        sa.Column("whole_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("date", name=op.f("upcoming_pkey")),
    )
    # Asked once after an hour, of what is still open: whether its payer has heard of it.
    op.add_column("attempt", sa.Column("told", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "attempt_untold", "attempt", ["first_sent_at"], postgresql_where=sa.text("state = 'open' AND NOT told")
    )


def downgrade() -> None:
    op.drop_column("attempt", "told")
    op.drop_table("upcoming")
    op.drop_table("outbox")
