"""Rolling: the day on which a nominal date is paid, by the conventions that QuantLib names and defines."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from shared.domain.calendar import Calendar

_DAY: Final = timedelta(days=1)


class Convention(StrEnum):
    """What becomes of a date on which nobody works."""

    NONE = "none"
    FOLLOWING = "following"
    MODIFIED_FOLLOWING = "modifiedFollowing"
    PRECEDING = "preceding"
    MODIFIED_PRECEDING = "modifiedPreceding"
    NEAREST = "nearest"


LATE: Final = "late"
"""The shift rule of a date that would have rolled before the next open date (rule D2)."""


class Shift(NamedTuple):
    """Why a date is not its nominal one: the rule that moved it, and the holiday or weekday it left."""

    rule: str
    reason: str


def roll(day: date, convention: str, calendar: Calendar) -> date:
    """The day a nominal date moves to; itself if it is worked.

    `nearest` goes forward where both ways are as long. The modified ones turn round rather than leave the month.
    """
    if convention == Convention.NONE or calendar.is_working(day):
        return day
    if convention == Convention.NEAREST:
        return _nearest(day, calendar)
    forward = convention in (Convention.FOLLOWING, Convention.MODIFIED_FOLLOWING)
    rolled = _next_working(day, calendar, forward=forward)
    modified = convention in (Convention.MODIFIED_FOLLOWING, Convention.MODIFIED_PRECEDING)
    if modified and rolled.month != day.month:
        return _next_working(day, calendar, forward=not forward)
    return rolled


def first_working_from(day: date, calendar: Calendar) -> date:
    """The first working day on or after a date."""
    return day if calendar.is_working(day) else _next_working(day, calendar, forward=True)


def last_working_before(day: date, calendar: Calendar) -> date:
    """The last working day before a date; the day before, where there is none."""
    return day if day == date.min else _next_working(day - _DAY, calendar, forward=False)


def _next_working(day: date, calendar: Calendar, *, forward: bool) -> date:
    step, end = (_DAY, date.max) if forward else (-_DAY, date.min)
    found = day
    while not calendar.is_working(found):
        if found == end:  # no working day is left before the calendar's end: it stays where it is
            return day
        found += step
    return found


def _nearest(day: date, calendar: Calendar) -> date:
    after, before = _next_working(day, calendar, forward=True), _next_working(day, calendar, forward=False)
    return after if after - day <= day - before else before
