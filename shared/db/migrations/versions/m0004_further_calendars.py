"""Further calendars of schedules whose revisions name several"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "further_calendar",
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"], name=op.f("further_calendar_schedule_id_fkey")),
        sa.PrimaryKeyConstraint("schedule_id", "calendar", name=op.f("further_calendar_pkey")),
    )
    op.create_index("further_calendar_version", "further_calendar", ["calendar", "version"])
    # Before every version: nobody knows with which one they were rolled, so the next pass rolls them.
    op.execute("""
        INSERT INTO further_calendar (schedule_id, calendar, version)
        SELECT DISTINCT s.id, r.rule ->> 'calendar', 0
        FROM schedule s JOIN schedule_revision r ON r.schedule_id = s.id
        WHERE s.status = 'active' AND r.rule ->> 'calendar' <> s.calendar
          AND (r.rule ->> 'dayConvention' <> 'none' OR r.rule ->> 'frequency' = 'EvryWorkgDay')
    """)


def downgrade() -> None:
    op.drop_table("further_calendar")
