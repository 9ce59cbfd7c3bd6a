"""Dates and numbers as people say them in English; not strftime's, whose names follow the locale of the process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
NTH: Final = ("first", "second", "third", "fourth", "fifth")


def say_day(day: date) -> str:
    """Such as "31 December 2026"."""
    return f"{say_day_of_year(day.day, day.month)} {day.year}"


def say_day_of_year(day: int, month: int) -> str:
    """Such as "31 December"."""
    return f"{day} {MONTHS[month - 1]}"


def say_ordinal(number: int) -> str:
    """Such as "31st"."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def say_every(number: int, unit: str) -> str:
    """Such as "every day" and "every 2 weeks"."""
    return f"every {unit}" if number == 1 else f"every {number} {unit}s"


def say_list(words: Sequence[str]) -> str:
    """Such as "a, b and c"."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
