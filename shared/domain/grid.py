"""Nominal grids: the endless row of dates a rule counts through, each from the anchor and its index alone.

A grid knows nothing of ends; `recurrence` cuts it. Indexes start at 0, dates rise strictly, and the grid
stops where the calendar does, on 9999-12-31.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, date
from typing import Protocol

_LAST_DAY = date.max.toordinal()
_MONTH_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Grid(Protocol):
    """What each kind of frequency gives."""

    def date_at(self, index: int) -> date | None:
        """The date of an index ≥ 0; None after 9999-12-31."""

    def first_index_from(self, on: date) -> int:
        """The first index whose date is `on` or later, also where that lies after 9999-12-31."""


@dataclass(frozen=True, slots=True)
class DayGrid:
    """Every `step_days` days from the anchor."""

    anchor: date
    step_days: int

    def date_at(self, index: int) -> date | None:
        ordinal = self.anchor.toordinal() + index * self.step_days
        return date.fromordinal(ordinal) if ordinal <= _LAST_DAY else None

    def first_index_from(self, on: date) -> int:
        return max(-((self.anchor - on).days // self.step_days), 0)


@dataclass(frozen=True, slots=True)
class MonthGrid:
    """The anchor's day every `step_months` months; in a shorter month its last day (month end `clamp`).

    Counted from the anchor: from the date before, 31 January would be the 28th for ever after February.
    """

    anchor: date
    step_months: int

    def date_at(self, index: int) -> date | None:
        year, month = divmod(_month_number(self.anchor) + index * self.step_months, 12)
        if year > MAXYEAR:
            return None
        day = self.anchor.day
        return date(year, month + 1, day if day <= 28 else min(day, _month_length(year, month)))

    def first_index_from(self, on: date) -> int:
        if on <= self.anchor:
            return 0
        index = (_month_number(on) - _month_number(self.anchor)) // self.step_months
        nearest = self.date_at(index)
        return index if nearest is None or nearest >= on else index + 1


def _month_number(on: date) -> int:
    """Months since January of year 0."""
    return on.year * 12 + on.month - 1


def _month_length(year: int, month: int) -> int:
    """Days of a month; January is 0."""
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 1 and is_leap else _MONTH_LENGTHS[month]
