"""Nominal grids: the row of dates that a rule counts through, each from the anchor alone, never from the one before.

A grid knows nothing of ends; `timeline` cuts it. Its dates rise strictly, and stop where the calendar does, on
9999-12-31.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta
from itertools import islice, takewhile
from typing import Protocol, TypeAlias

from shared.domain.calendar import Calendar

_LAST_DAY = date.max.toordinal()
_MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Grid(Protocol):
    """What each kind of frequency gives."""

    def dates_from(self, on: date) -> Iterator[date]:
        """The grid's dates on or after `on`, rising."""

    def count_between(self, first: date, stop: date, most: int | None = None) -> int:
        """How many of the grid's dates lie from `first` on and before `stop`; it looks for no more than `most`."""

    def at_most_between(self, first: date, last: date) -> int:
        """No fewer than the grid's dates from `first` through `last`; said at once, however far apart they are."""


@dataclass(frozen=True, slots=True)
class DayGrid:
    """Every `step_days` days from the anchor."""

    anchor: date
    step_days: int

    def dates_from(self, on: date) -> Iterator[date]:
        first = self.anchor.toordinal() + self._index(on) * self.step_days
        return map(date.fromordinal, range(first, _LAST_DAY + 1, self.step_days))

    def count_between(self, first: date, stop: date, most: int | None = None) -> int:
        number = max(self._index(stop) - self._index(first), 0)
        return number if most is None else min(number, most)

    def at_most_between(self, first: date, last: date) -> int:
        return max((last - max(first, self.anchor)).days // self.step_days + 1, 0)

    def _index(self, on: date) -> int:
        """How many of its dates lie before a day."""
        return max(-((self.anchor - on).days // self.step_days), 0)


@dataclass(frozen=True, slots=True)
class ListedDates:
    """Dates that were listed one by one, rising."""

    listed: tuple[date, ...]

    def dates_from(self, on: date) -> Iterator[date]:
        return iter(self.listed[bisect_left(self.listed, on) :])

    def count_between(self, first: date, stop: date, most: int | None = None) -> int:
        return _counted(self.dates_from(first), stop, most)

    def at_most_between(self, first: date, last: date) -> int:
        return sum(first <= day <= last for day in self.listed)


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Every working day of a calendar from the anchor."""

    anchor: date
    calendar: Calendar

    def dates_from(self, on: date) -> Iterator[date]:
        every_day = DayGrid(self.anchor, 1).dates_from(on)
        return (day for day in every_day if self.calendar.is_working(day))

    def count_between(self, first: date, stop: date, most: int | None = None) -> int:
        return _counted(self.dates_from(first), stop, most)

    def at_most_between(self, first: date, last: date) -> int:
        return DayGrid(self.anchor, 1).at_most_between(first, last)


Place: TypeAlias = Callable[[int, int], date | None]
"""The date that a month of a year (1 to 12) has in a grid; None if it has none."""


@dataclass(frozen=True, slots=True)
class MonthGrid:
    """One date in every `step_months`-th month, where `place` puts it, from the first that is `since` or later."""

    first_month: int
    step_months: int
    place: Place
    since: date

    @classmethod
    def from_first(cls, since: date, step_months: int, place: Place) -> MonthGrid:
        """The grid that starts at the first date that `place` gives on or after `since`."""
        # The date of a month may lie in the next one (month end `next`).
        month = max(_month_number(since) - 1, 12)
        while month < (MAXYEAR + 1) * 12:
            placed = _placed(place, month)
            if placed is not None and placed >= since:
                break
            month += 1
        return cls(month, step_months, place, since)

    @classmethod
    def of_day(cls, since: date, step_months: int, place: Place, day: int) -> MonthGrid:
        """The grid of a day of the month, from the first month in which that day would be `since` or later.

        The month stays the anchor's although it may be too short: where such months are skipped, a yearly 29 February
        would otherwise begin in March.
        """
        month = _month_number(since)
        spilled = _placed(place, month - 1)
        if spilled is not None and spilled >= since:
            month -= 1
        elif day < since.day:
            month += 1
        return cls(month, step_months, place, since)

    def dates_from(self, on: date) -> Iterator[date]:
        on = max(on, self.since)
        index = max((_month_number(on) - 1 - self.first_month) // self.step_months, 0)
        for month in range(self.first_month + index * self.step_months, (MAXYEAR + 1) * 12, self.step_months):
            placed = _placed(self.place, month)
            if placed is not None and placed >= on:
                yield placed

    def count_between(self, first: date, stop: date, most: int | None = None) -> int:
        return _counted(self.dates_from(first), stop, most)

    def at_most_between(self, first: date, last: date) -> int:
        # The date of a month may lie in the next one (month end `next`).
        months = _month_number(last) - _month_number(max(first, self.since)) + 1
        return max(months // self.step_months + 1, 0)


def clamped(day: int) -> Place:
    """The day of the month, or the last one of a shorter month."""
    return lambda year, month: date(year, month, day if day <= 28 else min(day, _month_length(year, month)))


def skipping(day: int) -> Place:
    """The day of the month; a shorter month has none (as RFC 5545 counts)."""
    return lambda year, month: date(year, month, day) if day <= _month_length(year, month) else None


def spilling(day: int) -> Place:
    """The day of the month; of a shorter month, the first of the next."""
    return lambda year, month: date(year, month, day) if day <= _month_length(year, month) else date(year, month + 1, 1)


def from_end(days: int) -> Place:
    """Counted from the month's end: 1 is its last day."""
    return lambda year, month: date(year, month, _month_length(year, month) + 1 - days)


def nth_weekday(number: int, weekday: int) -> Place:
    """The `number`-th such weekday (0 = Monday) of a month; not every month has a fifth."""

    def place(year: int, month: int) -> date | None:
        first = date(year, month, 1)
        day = 1 + (weekday - first.weekday()) % 7 + 7 * (number - 1)
        return first + timedelta(days=day - 1) if day <= _month_length(year, month) else None

    return place


def quarter_days(days: dict[int, int]) -> Place:
    """The day of those months that have one; `days` maps months to it."""
    return lambda year, month: date(year, month, days[month]) if month in days else None


def _counted(dates: Iterator[date], stop: date, most: int | None) -> int:
    return sum(1 for _ in islice(takewhile(lambda day: day < stop, dates), most))


def _placed(place: Place, month_number: int) -> date | None:
    year, month = divmod(month_number, 12)
    return place(year, month + 1) if 1 <= year <= MAXYEAR else None


def _month_number(on: date) -> int:
    """Months since January of year 0."""
    return on.year * 12 + on.month - 1


def _month_length(year: int, month: int) -> int:
    """Days of a month; January is 1."""
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and is_leap else _MONTH_LENGTHS[month - 1]
