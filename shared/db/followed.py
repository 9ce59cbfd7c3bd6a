"""The calendars that a schedule's events follow, each at the version that all of its events were rolled with."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, insert, select

from shared.db.engine import Session
from shared.db.models import FurtherCalendar, Schedule


def read(session: Session, schedule: Schedule) -> dict[str, int]:
    """The versions by calendar, of a schedule whose row the caller has locked."""
    query = select(FurtherCalendar.calendar, FurtherCalendar.version).where(FurtherCalendar.schedule_id == schedule.id)
    versions = {row.calendar: row.version for row in session.execute(query)}
    if schedule.calendar is not None and schedule.calendar_version is not None:
        versions[schedule.calendar] = schedule.calendar_version
    return versions


def write(session: Session, schedule: Schedule, before: Mapping[str, int], after: Mapping[str, int]) -> None:
    """Writes the versions in place of those that `read` gave; the last calendar is the one in the schedule's row.

    No further statement for the many schedules that only ever named one.
    """
    code = next(reversed(list(after)), None)
    further = [calendar for calendar in after if calendar != code]
    if before.keys() - {schedule.calendar}:
        session.execute(delete(FurtherCalendar).where(FurtherCalendar.schedule_id == schedule.id))
    if further:
        rows = [{"schedule_id": schedule.id, "calendar": calendar, "version": after[calendar]} for calendar in further]
        session.execute(insert(FurtherCalendar), rows)
    schedule.calendar, schedule.calendar_version = code, None if code is None else after[code]
