"""A schedule in one plain English sentence, as its payer would say it."""

from __future__ import annotations

from datetime import date
from typing import Final

from shared.domain.frequency import Frequency
from shared.domain.money import format_amount
from shared.domain.recurrence import Rule

_SYMBOLS: Final = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥"}
_UNITS: Final = {
    Frequency.DAILY: (1, "day"),
    Frequency.WEEKLY: (1, "week"),
    Frequency.FORTNIGHTLY: (2, "week"),
    Frequency.MONTHLY: (1, "month"),
    Frequency.QUARTERLY: (3, "month"),
    Frequency.HALF_YEARLY: (6, "month"),
    Frequency.YEARLY: (12, "month"),
}
# Not strftime's names: those follow the locale of the process. With the days of a common year.
_MONTHS: Final = (
    ("January", 31),
    ("February", 28),
    ("March", 31),
    ("April", 30),
    ("May", 31),
    ("June", 30),
    ("July", 31),
    ("August", 31),
    ("September", 30),
    ("October", 31),
    ("November", 30),
    ("December", 31),
)
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def describe(rule: Rule, amount: int, currency: str) -> str:
    """For instance "£25.00 every month on the 31st (the last day of shorter months) from 31 December 2026 until
    cancelled"; `amount` in minor units.
    """
    money = _money(amount, currency)
    if rule.total == 1:
        return f"{money} once on {_day(rule.start_date)}"
    return f"{money} every {_step(rule)} from {_day(rule.start_date)} {_end(rule)}"


def _money(amount: int, currency: str) -> str:
    whole, point, fraction = format_amount(amount, currency).partition(".")
    grouped = f"{int(whole):,}{point}{fraction}"
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{grouped}" if symbol else f"{currency} {grouped}"


def _step(rule: Rule) -> str:
    factor, unit = _UNITS[Frequency(rule.frequency)]
    number = factor * rule.interval
    if unit == "month" and number % 12 == 0:
        return f"{_counted(number // 12, 'year')} on {_day_of_year(rule.start_date)}"
    if unit == "month":
        return f"{_counted(number, unit)} on the {_ordinal(rule.start_date.day)}{_clamp_note(rule.start_date, number)}"
    if unit == "week":
        return f"{_counted(number, unit)} on {_WEEKDAYS[rule.start_date.weekday()]}"
    return _counted(number, unit)


def _counted(number: int, unit: str) -> str:
    return unit if number == 1 else f"{number} {unit}s"


def _day_of_year(day: date) -> str:
    leap = " (28 February in other years)" if (day.month, day.day) == (2, 29) else ""
    return f"{day.day} {_month(day)}{leap}"


def _clamp_note(start_date: date, step_months: int) -> str:
    """What happens in those months of the grid that are too short for its day."""
    months = {(start_date.month - 1 + step_months * index) % 12 for index in range(12)}
    short = {month for month in months if _MONTHS[month][1] < start_date.day}
    if not short:
        return ""
    if short == {1}:
        return (
            " (the last day of February where it is shorter)" if start_date.day == 29 else " (the last day of February)"
        )
    return " (the last day of shorter months)"


def _end(rule: Rule) -> str:
    if rule.end_date is not None:
        return f"until {_day(rule.end_date)}"
    if rule.count is not None:
        return f"{rule.total} times"  # fewer than `count` where the calendar ends first
    return "until cancelled"


def _day(day: date) -> str:
    return f"{day.day} {_month(day)} {day.year}"


def _month(day: date) -> str:
    return _MONTHS[day.month - 1][0]


def _ordinal(number: int) -> str:
    if number in (11, 12, 13):
        return f"{number}th"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
