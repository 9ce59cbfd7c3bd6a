"""Calendars with their years, first and final amounts, and how far a schedule is written"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# What a rule said before it could say it: no rolling, and the calendar of those that name none.
DEFAULTS = """'{"dayConvention": "none", "calendar": "GB-ENG"}'::jsonb"""


def upgrade() -> None:
    op.create_table(
        "calendar",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("weekend", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("first_year", sa.SmallInteger(), nullable=False),
        sa.Column("last_year", sa.SmallInteger(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("library_version", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("first_year <= last_year", name=op.f("calendar_years_are_in_order")),
        sa.PrimaryKeyConstraint("code", name=op.f("calendar_pkey")),
    )
    op.add_column("schedule", sa.Column("first_amount", sa.BigInteger(), nullable=True))
    op.add_column("schedule", sa.Column("final_amount", sa.BigInteger(), nullable=True))
    op.add_column("schedule", sa.Column("written_through", sa.Date(), nullable=True))
    op.add_column("schedule", sa.Column("calendar", sa.Text(), nullable=True))
    op.add_column("schedule", sa.Column("calendar_version", sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("schedule_other_amounts_are_positive"), "schedule", "first_amount > 0 AND final_amount > 0"
    )
    op.create_check_constraint(
        op.f("schedule_calendar_has_its_version"), "schedule", "(calendar IS NULL) = (calendar_version IS NULL)"
    )
    op.create_index(
        "schedule_calendar",
        "schedule",
        ["calendar", "calendar_version"],
        postgresql_where=sa.text("calendar IS NOT NULL"),
    )
    op.add_column("schedule_revision", sa.Column("first_amount", sa.BigInteger(), nullable=True))
    op.add_column("schedule_revision", sa.Column("final_amount", sa.BigInteger(), nullable=True))
    op.create_check_constraint(
        op.f("schedule_revision_other_amounts_are_positive"),
        "schedule_revision",
        "first_amount > 0 AND final_amount > 0",
    )
    op.create_index("booking_event", "booking", ["event_id"], postgresql_where=sa.text("event_id IS NOT NULL"))
    op.execute(f"UPDATE schedule SET rule = rule || {DEFAULTS}")
    op.execute(f"UPDATE schedule_revision SET rule = rule || {DEFAULTS}")
    op.execute("""
        UPDATE schedule s SET written_through = coalesce((SELECT max(nominal_date) FROM event e
          WHERE e.payer_id = s.payer_id AND e.schedule_id = s.id), s.start_date)
    """)
    op.alter_column("schedule", "written_through", nullable=False)


def downgrade() -> None:
    op.drop_index("booking_event", table_name="booking", postgresql_where=sa.text("event_id IS NOT NULL"))
    op.drop_constraint(op.f("schedule_revision_other_amounts_are_positive"), "schedule_revision")
    op.drop_column("schedule_revision", "final_amount")
    op.drop_column("schedule_revision", "first_amount")
    op.drop_index("schedule_calendar", table_name="schedule", postgresql_where=sa.text("calendar IS NOT NULL"))
    op.drop_constraint(op.f("schedule_calendar_has_its_version"), "schedule")
    op.drop_constraint(op.f("schedule_other_amounts_are_positive"), "schedule")
    for column in ("calendar_version", "calendar", "written_through", "final_amount", "first_amount"):
        op.drop_column("schedule", column)
    op.drop_table("calendar")
    op.execute("UPDATE schedule SET rule = rule - 'dayConvention' - 'calendar'")
    op.execute("UPDATE schedule_revision SET rule = rule - 'dayConvention' - 'calendar'")
