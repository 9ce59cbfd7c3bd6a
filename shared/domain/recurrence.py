"""Recurrence: which dates a schedule's rule gives, each computed from the anchor and its sequence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count as counting
from typing import Any, NamedTuple, Self

from shared.domain.frequency import Frequency, grid_of
from shared.domain.grid import Grid
from shared.domain.rule_check import MAX_COUNT, MAX_INTERVAL, check_rule

__all__ = ["MAX_COUNT", "MAX_INTERVAL", "Frequency", "Occurrence", "Rule", "check_rule"]


class Occurrence(NamedTuple):
    """One date of a rule: `nominal_date` is the grid's, `date` the day it is paid."""

    sequence: int
    nominal_date: dt.date
    date: dt.date


@dataclass(frozen=True, slots=True)
class Rule:
    """When a schedule pays. Making one checks it: raises Invalid as `check_rule` does.

    `end_date` is inclusive and compared with the nominal date; `count` is a number of dates; neither means
    open-ended. Sequences start at 1, and no date lies after 9999-12-31, whatever `count` says.
    """

    start_date: dt.date
    frequency: str
    interval: int = 1
    end_date: dt.date | None = None
    count: int | None = None
    month_end: str = "clamp"
    _grid: Grid = field(init=False, repr=False, compare=False)
    _most_dates: int | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_rule(self)
        object.__setattr__(self, "_grid", grid_of(self.frequency, self.interval, self.start_date))
        object.__setattr__(self, "_most_dates", self.count if self.is_recurring else 1)

    @property
    def is_recurring(self) -> bool:
        """Whether the frequency is any but `once`, however many dates are left of it."""
        return self.frequency != Frequency.ONCE

    @property
    def bounded(self) -> bool:
        """Whether the rule itself says where it ends."""
        return not self.is_recurring or self.end_date is not None or self.count is not None

    @property
    def total(self) -> int | None:
        """How many dates the rule gives; None when it is open-ended."""
        if not self.bounded:
            return None
        last_day = self.end_date or dt.date.max
        until_then = self._grid.first_index_from(last_day)
        if self._grid.date_at(until_then) == last_day:
            until_then += 1
        return min(until_then, self._most_dates or until_then)

    def date_of(self, sequence: int) -> dt.date | None:
        """The nominal date of a sequence; None past the end. Raises ValueError below 1."""
        if sequence < 1:
            raise ValueError(f"sequences start at 1, not at {sequence}")
        if self._most_dates is not None and sequence > self._most_dates:
            return None
        nominal = self._grid.date_at(sequence - 1)
        if nominal is None or (self.end_date is not None and nominal > self.end_date):
            return None
        return nominal

    def dates(self, first_sequence: int = 1) -> Iterator[Occurrence]:
        """The dates from a sequence on, to the rule's end or that of the calendar."""
        for sequence in counting(first_sequence):
            nominal = self.date_of(sequence)
            if nominal is None:
                return
            yield Occurrence(sequence, nominal, nominal)

    def sequence_on(self, nominal_date: dt.date) -> int | None:
        """The sequence that falls on this nominal date; None when the rule does not give it (rule C6)."""
        sequence = self._grid.first_index_from(nominal_date) + 1
        return sequence if self.date_of(sequence) == nominal_date else None

    def first_sequence_from(self, on: dt.date) -> int | None:
        """The first sequence whose nominal date is `on` or later; None when there is none."""
        sequence = self._grid.first_index_from(on) + 1
        return None if self.date_of(sequence) is None else sequence

    def to_json(self) -> dict[str, object]:
        """The rule for a JSON column; `from_json` gives an equal one back."""
        value: dict[str, object] = {
            "startDate": self.start_date.isoformat(),
            "frequency": str(self.frequency),
            "interval": self.interval,
            "monthEnd": self.month_end,
        }
        if self.end_date is not None:
            value["endDate"] = self.end_date.isoformat()
        if self.count is not None:
            value["count"] = self.count
        return value

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The rule that `to_json` wrote. Raises ValueError for a field it does not know.

        A rule of a newer version may say something that moves its dates; to pass over it would pay on the
        wrong day.
        """
        unknown = value.keys() - {"startDate", "frequency", "interval", "endDate", "count", "monthEnd"}
        if unknown:
            raise ValueError(f"a stored rule has unknown fields: {', '.join(sorted(unknown))}")
        end_date = value.get("endDate")
        return cls(
            start_date=dt.date.fromisoformat(value["startDate"]),
            frequency=value["frequency"],
            interval=value["interval"],
            end_date=None if end_date is None else dt.date.fromisoformat(end_date),
            count=value.get("count"),
            month_end=value["monthEnd"],
        )
