"""Calendars: on which days a place works, and why it does not on the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class YearDays(NamedTuple):
    """The exceptions of one year: days that are closed, by their holiday's name, and weekend days that are worked."""

    closed: Mapping[date, str]
    worked: frozenset[date]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of a place. `weekend` holds weekdays, 0 = Monday; a year is asked for when it is first met."""

    code: str
    weekend: frozenset[int]
    ask: Callable[[int], YearDays] = field(repr=False)
    _years: dict[int, YearDays] = field(default_factory=dict, init=False, repr=False, compare=False)

    def why_closed(self, day: date) -> str | None:
        """The holiday's name, else the weekday's of a weekend; None for a working day."""
        year = self._years.get(day.year)
        if year is None:
            year = self._years[day.year] = self.ask(day.year)
        name = year.closed.get(day)
        if name is not None:
            return name
        if day.weekday() in self.weekend and day not in year.worked:
            return WEEKDAYS[day.weekday()]
        return None

    def is_working(self, day: date) -> bool:
        """Whether it is a working day."""
        return self.why_closed(day) is None


def weekends_only(code: str = "weekends") -> Calendar:
    """The calendar that knows no holiday: Saturdays and Sundays are closed."""
    nothing = YearDays({}, frozenset())
    return Calendar(code, frozenset({5, 6}), lambda _year: nothing)
