"""Frequency: the names and codes of how often a schedule pays, and the grid each of them means.

The codes are those of Open Banking UK's standing orders, version 3 (OBWriteDomesticStandingOrder, Frequency).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from shared.domain.calendar import Calendar
from shared.domain.grid import (
    DayGrid,
    Grid,
    ListedDates,
    MonthGrid,
    Place,
    WorkingDays,
    clamped,
    from_end,
    nth_weekday,
    quarter_days,
    skipping,
    spilling,
)

if TYPE_CHECKING:
    from shared.domain.recurrence import Rule


class Frequency(StrEnum):
    """How often a schedule pays, before `interval` multiplies it."""

    ONCE = "once"
    DAILY = "daily"
    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "halfYearly"
    YEARLY = "yearly"
    DATES = "dates"


STEP_DAYS: Final[Mapping[str, int]] = {Frequency.DAILY: 1, Frequency.WEEKLY: 7, Frequency.FORTNIGHTLY: 14}
STEP_MONTHS: Final[Mapping[str, int]] = {
    Frequency.MONTHLY: 1,
    Frequency.QUARTERLY: 3,
    Frequency.HALF_YEARLY: 6,
    Frequency.YEARLY: 12,
}
PLACES: Final = {"clamp": clamped, "skip": skipping, "next": spilling}
"""What each month end does with days 29 to 31."""

QUARTER_DAYS: Final[Mapping[str, dict[int, int]]] = {
    "ENGLISH": {3: 25, 6: 24, 9: 29, 12: 25},
    "SCOTTISH": {2: 2, 5: 15, 8: 1, 11: 11},
    "RECEIVED": {3: 20, 6: 19, 9: 24, 12: 20},
}

CODE_FORMS: Final = (
    "EvryDay",
    "EvryWorkgDay",
    "IntrvlDay:NN (02 to 31)",
    "IntrvlWkDay:WW:DD (01 to 09, 01 to 07)",
    "WkInMnthDay:WW:DD (01 to 05, 01 to 07)",
    "IntrvlMnthDay:MM:DD (01 to 06, 12 or 24; 01 to 31 or -01 to -05)",
    "QtrDay:ENGLISH, SCOTTISH or RECEIVED",
)
_CODE: Final = re.compile(
    r"\A(?P<kind>EvryDay|EvryWorkgDay)\Z"
    r"|\A(?P<days>IntrvlDay):(?P<n>0[2-9]|[12][0-9]|3[01])\Z"
    r"|\A(?P<weeks>IntrvlWkDay):(?P<w>0[1-9]):(?P<wd>0[1-7])\Z"
    r"|\A(?P<nth>WkInMnthDay):(?P<k>0[1-5]):(?P<kd>0[1-7])\Z"
    r"|\A(?P<months>IntrvlMnthDay):(?P<m>0[1-6]|12|24):(?P<md>0[1-9]|[12][0-9]|3[01]|-0[1-5])\Z"
    r"|\A(?P<quarters>QtrDay):(?P<q>ENGLISH|SCOTTISH|RECEIVED)\Z",
    re.ASCII,
)
FREQUENCY_PATTERN: Final = "|".join([*Frequency, re.sub(r"\\[AZ]|(?<=\()\?P<\w+>", "", _CODE.pattern)])
"""What `is_frequency` says, for readers that know neither `\\A` nor names of groups."""


class Code(NamedTuple):
    """A code taken apart: its kind as the standard names it, how many (days, weeks, months; which week), which day.

    `day` is a weekday from 1 = Monday, a day of the month, or from -1 to -5 counted from the month's end.
    """

    kind: str
    number: int = 1
    day: int = 0
    quarter: str = ""


DEFAULT_PARTS: Final = (1, 0)


@lru_cache(maxsize=1024)  # asked for each date of a schedule
def parse_code(text: str) -> Code | None:
    """The parts of a code; None for a name and for anything else."""
    match = _CODE.match(text)
    if match is None:
        return None
    parts = {name: value for name, value in match.groupdict().items() if value is not None}
    kind, *rest = parts.values()
    if kind == "QtrDay":
        return Code(kind, quarter=rest[0])
    number, day = (*map(int, rest), *DEFAULT_PARTS[len(rest) :])
    return Code(kind, number, day)


def is_frequency(text: str) -> bool:
    """Whether `grid_of` knows this frequency."""
    return text in tuple(Frequency) or parse_code(text) is not None


def collapses(frequency: str) -> bool:
    """Whether dates that roll onto one day are one payment: those that come by the day, not by the week or month."""
    code = parse_code(frequency)
    return frequency == Frequency.DAILY or (code is not None and code.kind in ("EvryDay", "EvryWorkgDay", "IntrvlDay"))


def is_every_working_day(frequency: str) -> bool:
    """Whether the grid itself is made of working days."""
    return frequency == "EvryWorkgDay"


def is_last_day(frequency: str) -> bool:
    """Whether it means the last day of the month, which never rolls into the next one."""
    code = parse_code(frequency)
    return code is not None and code.kind == "IntrvlMnthDay" and code.day == -1


def counts_months(frequency: str) -> bool:
    """Whether it pays on the anchor's day of the month."""
    return frequency in STEP_MONTHS


def first_with_day(day: int, month_end: str, since: date) -> date:
    """The first date on or after `since` that a day of the month has; `since` itself where no month is left."""
    return next(MonthGrid.from_first(since, 1, PLACES[month_end](day)).dates_from(since), since)


def grid_of(rule: Rule, calendar: Calendar) -> Grid:
    """The nominal grid of a rule; the only place that tells frequencies apart.

    It starts at the first date that is `start_date` or later. Raises KeyError where `is_frequency` says no.
    """
    code = parse_code(rule.frequency)
    if code is not None:
        return _grid_of_code(code, rule, calendar)
    if rule.frequency == Frequency.ONCE:
        return ListedDates((rule.start_date,))
    if rule.frequency == Frequency.DATES:
        return ListedDates(rule.dates)
    if rule.frequency in STEP_DAYS:
        return DayGrid(rule.start_date, STEP_DAYS[rule.frequency] * rule.interval)
    day = rule.day_of_month or rule.start_date.day
    step = STEP_MONTHS[rule.frequency] * rule.interval
    return MonthGrid.of_day(rule.start_date, step, PLACES[rule.month_end](day), day)


def _grid_of_code(code: Code, rule: Rule, calendar: Calendar) -> Grid:
    start = rule.start_date
    if code.kind == "EvryWorkgDay":
        return WorkingDays(start, calendar)
    if code.kind in ("EvryDay", "IntrvlDay"):
        return DayGrid(start, code.number)
    if code.kind == "IntrvlWkDay":
        ahead = (code.day - start.isoweekday()) % 7
        return DayGrid(start + timedelta(days=ahead), 7 * code.number) if _reaches(start, ahead) else ListedDates(())
    if code.kind == "QtrDay":
        return MonthGrid.from_first(start, 3, quarter_days(QUARTER_DAYS[code.quarter]))
    if code.kind == "WkInMnthDay":
        return MonthGrid.from_first(start, 1, nth_weekday(code.number, code.day - 1))
    return MonthGrid.from_first(start, code.number, _place_of(code.day, rule.month_end))


def _place_of(day: int, month_end: str) -> Place:
    return from_end(-day) if day < 0 else PLACES[month_end](day)


def _reaches(start: date, days: int) -> bool:
    """Whether the calendar does not end before."""
    return (date.max - start).days >= days
