"""Frequency: the names of how often a schedule pays, and the grid each of them means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final

from shared.domain.grid import DayGrid, Grid, MonthGrid


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


_STEP_DAYS: Final[Mapping[str, int]] = {
    Frequency.ONCE: 1,
    Frequency.DAILY: 1,
    Frequency.WEEKLY: 7,
    Frequency.FORTNIGHTLY: 14,
}
_STEP_MONTHS: Final[Mapping[str, int]] = {
    Frequency.MONTHLY: 1,
    Frequency.QUARTERLY: 3,
    Frequency.HALF_YEARLY: 6,
    Frequency.YEARLY: 12,
}


def is_frequency(text: str) -> bool:
    """Whether `grid_of` knows this frequency."""
    return text in _STEP_DAYS or text in _STEP_MONTHS


def grid_of(frequency: str, interval: int, start_date: date) -> Grid:
    """The nominal grid of a frequency; the only place that tells frequencies apart.

    `once` is the first date of a daily grid. Raises KeyError where `is_frequency` says no.
    """
    step_days = _STEP_DAYS.get(frequency)
    if step_days is not None:
        return DayGrid(start_date, step_days * interval)
    return MonthGrid(start_date, _STEP_MONTHS[frequency] * interval)
