"""Calendars as they are stored: the library's days, years ahead, with the operator's exceptions.

A year that is not stored is asked of the library, and stored by `keep`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import select, text

from shared.db.engine import Session
from shared.db.models import Calendar as Row
from shared.domain.calendar import Calendar, YearDays, weekends_only
from shared.holiday_library import WEEKENDS, days_of, library_version, weekend_of

AHEAD_YEARS: Final = 5
"""A calendar that is met for the first time is stored from last year through so many years ahead, as is refreshing."""

STORED_YEARS_MOST: Final = 450
"""How far from today years are stored, so that one schedule of the year 9999 does not fill the table."""

FIRST_VERSION: Final = 1
WORKED: Final = "Working day"
"""The name of a day of the weekend that is worked, and of one that an operator opened."""

# One statement, so that the days are those of the version.
READ = text("""
SELECT c.code, c.weekend, c.version, c.first_year, c.last_year, d.date, d.name, d.works
FROM calendar c LEFT JOIN calendar_day d ON d.calendar = c.code
WHERE c.code = ANY(CAST(:codes AS text[]))
""")

# The row first, and codes in order: whoever changes a calendar holds its row, and none waits for another in a circle.
WIDEN = text("""
INSERT INTO calendar (code, weekend, first_year, last_year, library_version)
SELECT code, CAST(string_to_array(weekend, ',') AS smallint[]), first_year, last_year, :library_version
FROM unnest(CAST(:codes AS text[]), CAST(:weekends AS text[]), CAST(:first_years AS int[]), CAST(:last_years AS int[]))
  AS wanted (code, weekend, first_year, last_year)
ORDER BY code
ON CONFLICT (code) DO UPDATE SET
  first_year = least(calendar.first_year, excluded.first_year),
  last_year = greatest(calendar.last_year, excluded.last_year)
""")

FILL = text("""
INSERT INTO calendar_day (calendar, date, name, works, source, library_version)
SELECT calendar, date, name, works, 'library', :library_version
FROM unnest(CAST(:codes AS text[]), CAST(:dates AS date[]), CAST(:names AS text[]), CAST(:works AS boolean[]))
  AS day (calendar, date, name, works)
ORDER BY calendar, date
ON CONFLICT (calendar, date) DO NOTHING
""")

OF_YEAR = text("""
SELECT date, name, works, source FROM calendar_day
WHERE calendar = :code AND date >= make_date(:year, 1, 1) AND date <= make_date(:year, 12, 31) ORDER BY date
""")


@dataclass(frozen=True, slots=True)
class LoadedCalendar:
    """A calendar as it was read, at its version; `asked` grows with the years that the library had to be asked for."""

    calendar: Calendar
    version: int
    stored_years: range
    asked: set[int] = field(default_factory=set)


class Day(NamedTuple):
    """A holiday, or (`works`) an exception on which people work; `source` is `library` or `operator`."""

    date: date
    name: str
    works: bool
    source: str


def read(session: Session, codes: Collection[str]) -> dict[str, LoadedCalendar]:
    """These calendars, in one statement whatever their number; in none when no code needs one.

    `weekends` has version 0 for good, a calendar that is not stored yet has 1.
    """
    loaded = {WEEKENDS: LoadedCalendar(weekends_only(), 0, range(0))} if WEEKENDS in codes else {}
    wanted = set(codes) - {WEEKENDS}
    if not wanted:
        return loaded
    rows: dict[str, list[Any]] = defaultdict(list)
    for row in session.execute(READ, {"codes": sorted(wanted)}):
        rows[row[0]].append(row)
    return loaded | {code: _loaded(code, rows.get(code, [])) for code in wanted}


def keep(session: Session, loaded: Iterable[LoadedCalendar], today: date) -> None:
    """Stores what had to be asked, and the years between; in two statements, in none when nothing had to be asked.

    Storing more years changes no day: the version stays. It holds the calendars' rows to the end of the transaction,
    so it comes after the locks of schedules, never before.
    """
    wanted: dict[str, range] = {}
    missing: set[tuple[str, int]] = set()
    for item in loaded:
        years = _years_to_store(item, today)
        code = item.calendar.code
        missing |= {(code, year) for year in years if year not in item.stored_years}
        if set(years) - set(item.stored_years):
            before = wanted.get(code, years)
            wanted[code] = range(min(before.start, years.start), max(before.stop, years.stop))
    if wanted:
        session.execute(WIDEN, _widening(wanted))
        fill(session, ((code, day) for code, year in missing for day in library_days(code, year)))


def fill(session: Session, days: Iterable[tuple[str, Day]]) -> None:
    """Inserts the library's days where no row stands; each comes with its calendar's code."""
    rows = sorted(days)
    if not rows:
        return
    columns = {
        "codes": [code for code, _ in rows],
        "dates": [day.date for _, day in rows],
        "names": [day.name for _, day in rows],
        "works": [day.works for _, day in rows],
    }
    session.execute(FILL, columns | {"library_version": library_version()})


def library_days(code: str, year: int) -> Iterator[Day]:
    """What the library says of a year, as rows."""
    days = days_of(code, year)
    yield from (Day(day, name, False, "library") for day, name in days.closed.items())
    yield from (Day(day, WORKED, True, "library") for day in days.worked)


def of_year(session: Session, code: str, year: int) -> list[Day]:
    """The exceptions of one year, in order: those stored, else the library's."""
    stored = session.scalar(select(Row.code).where(Row.code == code, Row.first_year <= year, Row.last_year >= year))
    if stored is None:
        return sorted(library_days(code, year))
    return [Day(*day) for day in session.execute(OF_YEAR, {"code": code, "year": year})]


def in_use(session: Session) -> list[str]:
    """The calendars that are stored, in order."""
    return list(session.scalars(select(Row.code).order_by(Row.code)))


def outdated(session: Session, today: date) -> list[str]:
    """The calendars that another library wrote, or that are not stored years ahead any more."""
    stale = (Row.library_version != library_version()) | (Row.last_year < today.year + AHEAD_YEARS)
    return list(session.scalars(select(Row.code).where(stale).order_by(Row.code)))


def of_another_library(session: Session) -> str | None:
    """What is wrong with the calendars that are stored, and the command that mends it; None where nothing is.

    Their days are another version's of the library: this one may know other holidays, and dates are rolled by them.
    """
    query = select(Row.code, Row.library_version).where(Row.library_version != library_version()).order_by(Row.code)
    stale = [f"{code} ({version})" for code, version in session.execute(query)]
    if not stale:
        return None
    return f"not of the library's version {library_version()}: {', '.join(stale)}; run payday calendar refresh"


def _loaded(code: str, rows: list[Any]) -> LoadedCalendar:
    asked: set[int] = set()
    if not rows:
        return LoadedCalendar(
            Calendar(code, weekend_of(code), lambda year: _asking(code, year, asked)), FIRST_VERSION, range(0), asked
        )
    _, weekend, version, first_year, last_year, *_ = rows[0]
    stored = range(first_year, last_year + 1)
    closed: dict[int, dict[date, str]] = defaultdict(dict)
    worked: dict[int, set[date]] = defaultdict(set)
    for *_, day, name, works in rows:
        if works:
            worked[day.year].add(day)
        elif day is not None:
            closed[day.year][day] = name

    def ask(year: int) -> YearDays:
        if year in stored:
            return YearDays(closed.get(year, {}), frozenset(worked.get(year, ())))
        return _asking(code, year, asked)

    return LoadedCalendar(Calendar(code, frozenset(weekend), ask), version, stored, asked)


def _asking(code: str, year: int, asked: set[int]) -> YearDays:
    asked.add(year)
    return days_of(code, year)


def _years_to_store(item: LoadedCalendar, today: date) -> range:
    """All years from the first to the last that it should hold; none when nothing was asked."""
    near = {year for year in item.asked if abs(year - today.year) <= STORED_YEARS_MOST}
    if item.stored_years:
        near |= {item.stored_years[0], item.stored_years[-1]}
    elif item.asked:
        near |= {today.year - 1, today.year + AHEAD_YEARS}
    return range(min(near), max(near) + 1) if near else range(0)


def _widening(wanted: dict[str, range]) -> dict[str, Any]:
    codes = sorted(wanted)
    return {
        "codes": codes,
        "weekends": [",".join(map(str, sorted(weekend_of(code)))) for code in codes],
        "first_years": [wanted[code][0] for code in codes],
        "last_years": [wanted[code][-1] for code in codes],
        "library_version": library_version(),
    }
