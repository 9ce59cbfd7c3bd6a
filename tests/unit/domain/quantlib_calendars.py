"""QuantLib's calendars, conventions and dates in our words; the days a calendar is closed are asked of QuantLib."""

from __future__ import annotations

import warnings
from datetime import date

from shared.domain.calendar import Calendar, YearDays
from shared.domain.rolling import Convention

with warnings.catch_warnings():
    # On some versions of Python the types that SWIG makes have no __module__, and it warns once, at the import.
    warnings.filterwarnings("ignore", "builtin type .* has no __module__ attribute", DeprecationWarning)
    import QuantLib as ql  # noqa: N813 - as its own examples name it

CONVENTIONS: dict[str, int] = {
    Convention.NONE: ql.Unadjusted,
    Convention.FOLLOWING: ql.Following,
    Convention.MODIFIED_FOLLOWING: ql.ModifiedFollowing,
    Convention.PRECEDING: ql.Preceding,
    Convention.MODIFIED_PRECEDING: ql.ModifiedPreceding,
    Convention.NEAREST: ql.Nearest,
}
MONTHS = ql.Months
PLACES = {
    "England": ql.UnitedKingdom(),
    "TARGET": ql.TARGET(),
    "weekends": ql.WeekendsOnly(),
    "South Africa": ql.SouthAfrica(),
    "Japan": ql.Japan(),
    "Israel": ql.Israel(),
    "China": ql.China(),
}


def theirs(day: date) -> ql.Date:
    """The day as QuantLib counts it."""
    return ql.Date.from_date(day)


def ours(day: ql.Date) -> date:
    """The day as Python counts it."""
    return date(day.year(), day.month(), day.dayOfMonth())


def months_later(day: ql.Date, months: int) -> ql.Date:
    """The same day of another month, or that month's last."""
    return day + ql.Period(months, MONTHS)


def calendar_from(place: ql.Calendar) -> Calendar:
    """Our calendar with the holidays, the weekend and the worked weekend days of theirs."""
    weekend = frozenset(day - 1 for day in range(1, 8) if place.isWeekend(day % 7 + 1))

    def ask(year: int) -> YearDays:
        days = [date.fromordinal(day) for day in range(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal())]
        closed = {day: "a holiday" for day in days if day.weekday() not in weekend and place.isHoliday(theirs(day))}
        worked = {day for day in days if day.weekday() in weekend and place.isBusinessDay(theirs(day))}
        return YearDays(closed, frozenset(worked))

    return Calendar("GB-ENG", weekend, ask)
