"""What the `holidays` library says of calendars, in English. Nothing else imports it.

It is imported when the first calendar is asked for, so that a process that needs none does not pay for it.
"""

from __future__ import annotations

import re
from calendar import isleap
from datetime import date, timedelta
from functools import lru_cache
from importlib.metadata import version
from threading import Lock
from typing import Any, Final
from warnings import catch_warnings, simplefilter

from shared.domain.calendar import WEEKDAYS, Calendar, YearDays

WEEKENDS: Final = "weekends"
TARGET: Final = "TARGET"
SATURDAY_AND_SUNDAY: Final = frozenset({5, 6})

# What the European Central Bank calls its settlement calendar has another name in the library.
_LIBRARY_NAMES: Final = {TARGET: "XECB"}
# The library also lists places by name, such as "Augsburg": those are no codes of ISO 3166-2.
_SUBDIVISION: Final = re.compile(r"[A-Z0-9]{1,3}")
_LENGTH_MAX: Final = 16
# The filters of warnings belong to the process: two threads that change them at once would not put them back.
_QUIET: Final = Lock()
_NOTHING: Final = YearDays({}, frozenset())


def is_calendar(code: str) -> bool:
    """Whether a schedule may name it.

    These may: `weekends`, ISO 3166-1 alpha-2 and ISO 3166-2 codes that the library knows, `TARGET`, and the codes of
    the library's financial calendars. Exactly as they are written.
    """
    # Longer texts would only fill the memory of the cache.
    return code == WEEKENDS or (len(code) <= _LENGTH_MAX and _entity(code) is not None)


def library_version() -> str:
    """The version of the library, for the rows that come from it."""
    return version("holidays")


@lru_cache(maxsize=512)
def weekend_of(code: str) -> frozenset[int]:
    """The weekdays on which nobody works, 0 = Monday, as far ahead as the library knows.

    Saturday and Sunday for a code that is no calendar (any more).
    """
    entity = _entity(code)
    if entity is None:
        return SATURDAY_AND_SUNDAY
    library = _ask(entity, entity[0].end_year)
    week = (date(entity[0].end_year, 12, day) for day in range(1, 8))
    return frozenset(day.weekday() for day in week if library.is_weekend(day))


@lru_cache(maxsize=2048)
def days_of(code: str, year: int) -> YearDays:
    """The public holidays of a year, with the days on which they are observed, and the weekend days that are worked.

    Nothing for a year that the library does not know, and for a code that is no calendar (any more).
    """
    entity = _entity(code)
    if entity is None or not entity[0].start_year <= year <= entity[0].end_year:
        return _NOTHING
    library, weekend = _ask(entity, year), weekend_of(code)
    holidays: dict[date, str] = {day: name for day, name in sorted(library.items()) if day.year == year}
    worked = {day for day in library.weekend_workdays if day.year == year and day.weekday() in weekend}
    # Where the weekend was another in this year, its days are exceptions from what it is now.
    closed = dict(holidays)
    for day in _days_of_another_weekend(library, year, weekend):
        if day.weekday() in weekend:
            worked.add(day)
        else:
            closed.setdefault(day, WEEKDAYS[day.weekday()])
    return YearDays(closed, frozenset(worked - holidays.keys()))


def calendar_of(code: str) -> Calendar:
    """The calendar straight from the library, without an operator's exceptions."""
    return Calendar(code, weekend_of(code), lambda year: days_of(code, year))


@lru_cache(maxsize=1024)
def _entity(code: str) -> tuple[Any, str | None] | None:
    """The library's class and subdivision; None for anything that is no calendar of it."""
    import holidays
    from holidays.registry import EntityLoader

    name = _LIBRARY_NAMES.get(code, code)
    if name in EntityLoader.get_financial_codes(include_aliases=True):
        return getattr(holidays, name), None
    country, dash, subdivision = code.partition("-")
    if country not in EntityLoader.get_country_codes(include_aliases=False):
        return None
    entity = getattr(holidays, country)
    if not dash:
        return entity, None
    if not _SUBDIVISION.fullmatch(subdivision) or subdivision not in entity.subdivisions:
        return None
    return entity, subdivision


def _ask(entity: tuple[Any, str | None], year: int) -> Any:
    """The library's object of one year. Without a language it would follow the process's locale."""
    library, subdivision = entity
    native = library.default_language or ""
    language = native if native.startswith("en") else "en_US"
    # It warns of years whose holidays of the moon it does not know, such as India's after 2035.
    with _QUIET, catch_warnings():
        simplefilter("ignore")
        return library(years=year, subdiv=subdivision, language=language, observed=True, expand=False)


def _days_of_another_weekend(library: Any, year: int, weekend: frozenset[int]) -> list[date]:
    """The days on which the weekend of then and this one differ; a change shows in the first or the last week."""
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(366 if isleap(year) else 365)]

    def differing(some: list[date]) -> list[date]:
        return [day for day in some if library.is_weekend(day) != (day.weekday() in weekend)]

    return differing(days) if differing(days[:7] + days[-7:]) else []
