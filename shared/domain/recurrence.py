"""Recurrence: a schedule's rule, which says on what nominal dates it pays and how they roll."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from shared.domain.calendar import Calendar
from shared.domain.frequency import Frequency, collapses, grid_of, is_every_working_day, is_last_day
from shared.domain.grid import Grid
from shared.domain.rolling import Convention
from shared.domain.rule_check import MAX_COUNT, MAX_DATES, MAX_INTERVAL, check_rule

__all__ = ["MAX_COUNT", "MAX_DATES", "MAX_INTERVAL", "Frequency", "Rule", "check_rule"]

DEFAULT_CALENDAR: Final = "GB-ENG"

_NEEDED: Final = {"startDate", "frequency", "interval", "monthEnd", "dayConvention", "calendar"}
_OPTIONAL: Final = {"endDate", "count", "dates", "dayOfMonth", "opens", "kept"}


@dataclass(frozen=True, slots=True)
class Rule:
    """When a schedule pays. Making one checks it: raises Invalid as `check_rule` does.

    `end_date` is inclusive and compared with the nominal date; `count` is a number of dates over the schedule's whole
    life; neither means open-ended. `dates` are rising, and only there with the frequency `dates`; `start_date` is the
    first of them then. `day_of_month` is the anchor's day where a new rule starts on a shorter month's last day.
    A rule that came when some of its dates had passed `opens` on the first that could still be made. `kept` are dates
    before that, and of an earlier rule, whose events stay: each is one of the schedule's, and of its `count`.
    """

    start_date: dt.date
    frequency: str
    interval: int = 1
    end_date: dt.date | None = None
    count: int | None = None
    month_end: str = "clamp"
    day_convention: str = Convention.NONE
    calendar: str = DEFAULT_CALENDAR
    dates: tuple[dt.date, ...] = ()
    day_of_month: int | None = None
    opens: dt.date | None = None
    kept: tuple[dt.date, ...] = ()

    def __post_init__(self) -> None:
        check_rule(self)

    @property
    def is_recurring(self) -> bool:
        """Whether the frequency is any but `once`, however many dates are left of it."""
        return self.frequency != Frequency.ONCE

    @property
    def bounded(self) -> bool:
        """Whether the rule itself says where it ends."""
        listed = self.frequency in (Frequency.ONCE, Frequency.DATES)
        return listed or self.end_date is not None or self.count is not None

    @property
    def collapses(self) -> bool:
        """Whether dates that roll onto one day are one payment."""
        return collapses(self.frequency)

    @property
    def needs_calendar(self) -> bool:
        """Whether any of its dates depends on which days are worked."""
        return self.day_convention != Convention.NONE or is_every_working_day(self.frequency)

    @property
    def convention(self) -> str:
        """The convention its dates roll by: the last day of the month only ever rolls backward."""
        if is_last_day(self.frequency) and self.day_convention != Convention.NONE:
            return Convention.PRECEDING
        return self.day_convention

    def grid(self, calendar: Calendar) -> Grid:
        """Its nominal dates, without an end; `opens` and `kept` are not asked."""
        return grid_of(self, calendar)

    def to_json(self) -> dict[str, object]:
        """The rule for a JSON column; `from_json` gives an equal one back."""
        value: dict[str, object] = {
            "startDate": self.start_date.isoformat(),
            "frequency": str(self.frequency),
            "interval": self.interval,
            "monthEnd": str(self.month_end),
            "dayConvention": str(self.day_convention),
            "calendar": self.calendar,
        }
        if self.end_date is not None:
            value["endDate"] = self.end_date.isoformat()
        if self.count is not None:
            value["count"] = self.count
        if self.dates:
            value["dates"] = [day.isoformat() for day in self.dates]
        if self.day_of_month is not None:
            value["dayOfMonth"] = self.day_of_month
        if self.opens is not None:
            value["opens"] = self.opens.isoformat()
        if self.kept:
            value["kept"] = [day.isoformat() for day in self.kept]
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The rule that `to_json` wrote. Raises ValueError for a field it does not know.

        A rule of a newer version may say something that moves its dates; to pass over it would pay on the
        wrong day.
        """
        unknown = value.keys() - _NEEDED - _OPTIONAL
        if unknown:
            raise ValueError(f"a stored rule has unknown fields: {', '.join(sorted(unknown))}")
        end_date, opens = value.get("endDate"), value.get("opens")
        return cls(
            start_date=dt.date.fromisoformat(value["startDate"]),
            frequency=value["frequency"],
            interval=value["interval"],
            end_date=None if end_date is None else dt.date.fromisoformat(end_date),
            count=value.get("count"),
            month_end=value["monthEnd"],
            day_convention=value["dayConvention"],
            calendar=value["calendar"],
            dates=tuple(map(dt.date.fromisoformat, value.get("dates", ()))),
            day_of_month=value.get("dayOfMonth"),
            opens=None if opens is None else dt.date.fromisoformat(opens),
            kept=tuple(map(dt.date.fromisoformat, value.get("kept", ()))),
        )
