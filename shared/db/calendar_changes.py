"""Changes of a calendar's days: an operator's exceptions, and what a newer library says.

Each makes the calendar's version grow when a day changed, so that schedules rolled at an older one can be found.
Whoever changes a calendar holds its row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from sqlalchemy import select, text

from shared.db import calendars
from shared.db.calendars import WORKED, Day
from shared.db.engine import Session
from shared.db.models import Calendar, CalendarDay
from shared.domain.errors import Conflict, FieldProblem, Invalid
from shared.holiday_library import WEEKENDS, is_calendar, library_version, weekend_of

OVERRIDE = text("""
INSERT INTO calendar_day AS d (calendar, date, name, works, source) VALUES (:code, :day, :name, :works, 'operator')
ON CONFLICT (calendar, date) DO UPDATE
  SET name = excluded.name, works = excluded.works, source = excluded.source, library_version = NULL
WHERE (d.name, d.works, d.source) IS DISTINCT FROM (excluded.name, excluded.works, excluded.source)
RETURNING d.date
""")

CLEAR = text("DELETE FROM calendar_day WHERE calendar = :code AND date = :day AND source = 'operator' RETURNING date")

FORGET = text("""
DELETE FROM calendar_day WHERE calendar = :code AND source = 'library' AND date = ANY(CAST(:days AS date[]))
""")

BUMP = text("UPDATE calendar SET version = version + 1, changed_at = now() WHERE code = :code")


class Difference(NamedTuple):
    """What a newer library changed: names by day, for a renamed day the old one and the new one."""

    added: Mapping[date, str]
    removed: Mapping[date, str]
    renamed: Mapping[date, tuple[str, str]]
    weekend_changed: bool

    @property
    def changes_days(self) -> bool:
        """Whether a day is closed that was not, or the other way round."""
        return bool(self.added or self.removed or self.weekend_changed)


def override(session: Session, code: str, day: date, *, closed_as: str | None, today: date) -> bool:
    """Closes a day under that name, or (None) has it worked, whatever the library says; whether that is a change.

    Raises Invalid for a code that is no calendar or has no days, and for a day in a year that is never stored.
    """
    loaded = calendars.read(session, [code])[code]
    if code == WEEKENDS or not (loaded.stored_years or is_calendar(code)):
        raise Invalid(FieldProblem("/calendar", "is no calendar whose days can be changed"))
    if day.year not in loaded.stored_years:
        loaded.asked.add(day.year)
        calendars.keep(session, [loaded], today)
    row = _lock(session, code)
    if row is None or not row.first_year <= day.year <= row.last_year:
        raise Invalid(FieldProblem("/date", f"must lie within {calendars.STORED_YEARS_MOST} years of {today.year}"))
    values = {"code": code, "day": day, "name": closed_as or WORKED, "works": closed_as is None}
    return _changed(session, code, session.scalar(OVERRIDE, values) is not None)


def clear(session: Session, code: str, day: date) -> bool:
    """Takes an operator's exception back: the day is what the library says. Whether there was one."""
    _lock(session, code)
    cleared = session.scalar(CLEAR, {"code": code, "day": day}) is not None
    if cleared:
        library = calendars.library_days(code, day.year)
        calendars.fill(session, ((code, said) for said in library if said.date == day))
    return _changed(session, code, cleared)


def refresh(session: Session, code: str, today: date) -> Difference:
    """Brings the stored years to what the present library says, and stores years ahead; operators' days stand.

    Raises Conflict for a code that is no calendar of the library (any more): nothing is known better.
    """
    if code == WEEKENDS or not is_calendar(code):
        raise Conflict(f"The library knows no holidays of {code}; what is stored stays.")
    loaded = calendars.read(session, [code])[code]
    ahead = range(today.year - 1, today.year + calendars.AHEAD_YEARS + 1)
    loaded.asked.update(set(ahead) - set(loaded.stored_years))
    calendars.keep(session, [loaded], today)
    row = _lock(session, code)
    if row is None:
        return Difference({}, {}, {}, False)
    difference = _difference(session, row)
    _apply(session, row, difference)
    return difference


def _lock(session: Session, code: str) -> Calendar | None:
    query = select(Calendar).where(Calendar.code == code).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def _changed(session: Session, code: str, changed: bool) -> bool:
    if changed:
        session.execute(BUMP, {"code": code})
    return changed


def _difference(session: Session, row: Calendar) -> Difference:
    rows = [
        Day(day.date, day.name, day.works, day.source)
        for day in session.scalars(select(CalendarDay).where(CalendarDay.calendar == row.code))
    ]
    operators = {day.date for day in rows if day.source == "operator"}
    present = {day.date: day for day in rows if day.source == "library"}
    years = range(row.first_year, row.last_year + 1)
    said = {day.date: day for year in years for day in calendars.library_days(row.code, year)}
    said = {day: said[day] for day in sorted(said) if day not in operators}
    both = {day for day in said if day in present and said[day].works == present[day].works}
    return Difference(
        added={day: said[day].name for day in said if day not in both},
        removed={day: present[day].name for day in sorted(present) if day not in both},
        renamed={day: (present[day].name, said[day].name) for day in sorted(both) if present[day] != said[day]},
        weekend_changed=set(row.weekend) != weekend_of(row.code),
    )


def _apply(session: Session, row: Calendar, difference: Difference) -> None:
    gone = sorted({*difference.removed, *difference.renamed})
    if gone:
        session.execute(FORGET, {"code": row.code, "days": gone})
    new = {*difference.added, *difference.renamed}
    years = {day.year for day in new}
    said = (day for year in years for day in calendars.library_days(row.code, year))
    calendars.fill(session, ((row.code, day) for day in said if day.date in new))
    row.library_version = library_version()
    row.weekend = sorted(weekend_of(row.code))
    session.flush()
    _changed(session, row.code, difference.changes_days)
