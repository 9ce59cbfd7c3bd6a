"""Calendars as the database has them, and what is done to them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import calendar_changes, calendars
from shared.db.calendars import LoadedCalendar
from shared.db.engine import Sessions

TODAY = date(2026, 3, 2)
CHRISTMAS = date(2026, 12, 25)
JUBILEE = date(2026, 6, 19)  # an ordinary Friday
BANK_HOLIDAY = date(2026, 8, 31)


def load(session: Session, *codes: str, years: tuple[int, ...] = (2026,)) -> dict[str, LoadedCalendar]:
    """Reads calendars, asks them for years and keeps what they did not have."""
    loaded = calendars.read(session, codes)
    for item in loaded.values():
        for year in years:
            item.calendar.why_closed(date(year, 6, 1))
    calendars.keep(session, loaded.values(), TODAY)
    return loaded


def read(sessions: Sessions, code: str = "GB-ENG") -> LoadedCalendar:
    with sessions() as session:
        return calendars.read(session, [code])[code]


def override(sessions: Sessions, day: date, closed_as: str | None, code: str = "GB-ENG") -> bool:
    with sessions.begin() as session:
        return calendar_changes.override(session, code, day, closed_as=closed_as, today=TODAY)


def clear(sessions: Sessions, day: date, code: str = "GB-ENG") -> bool:
    with sessions.begin() as session:
        return calendar_changes.clear(session, code, day)


def refresh(sessions: Sessions, code: str = "GB-ENG", today: date = TODAY) -> calendar_changes.Difference:
    with sessions.begin() as session:
        return calendar_changes.refresh(session, code, today)


def rows(sessions: Sessions, code: str) -> list[tuple[date, str, bool, str]]:
    query = "SELECT date, name, works, source FROM calendar_day WHERE calendar = :code ORDER BY date"
    with sessions() as session:
        return [(day, name, works, source) for day, name, works, source in session.execute(text(query), {"code": code})]
