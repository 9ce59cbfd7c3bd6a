"""How often a rule pays, as its payer would say it: "every month on the 31st (the last day of shorter months)"."""

from __future__ import annotations

from datetime import date
from typing import Final

from shared.domain.calendar import WEEKDAYS
from shared.domain.frequency import QUARTER_DAYS, STEP_DAYS, STEP_MONTHS, Code, parse_code
from shared.domain.recurrence import Rule
from shared.domain.rolling import Convention
from shared.domain.spoken import MONTHS, NTH, say_day_of_year, say_every, say_list, say_ordinal

# Of a common year: what is said of February holds in most years.
_MONTH_LENGTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEBRUARY: Final = 2
_QUARTERS: Final = {"ENGLISH": "English", "SCOTTISH": "Scottish", "RECEIVED": "received"}
_IN_LEAP_YEARS: Final = {
    "clamp": "29 February (28 February in other years)",
    "skip": "29 February (leap years only)",
    "next": "29 February (1 March in other years)",
}
_ONLY_FEBRUARY_IS_SHORT: Final = {
    "clamp": "the last day of February",
    "skip": "not in February",
    "next": "1 March instead of February",
}
_SHORT: Final = {
    "clamp": "the last day of shorter months",
    "skip": "not in shorter months",
    "next": "the first of the next month where a month is shorter",
}


def say_frequency(rule: Rule, first: date) -> str:
    """How often a recurring rule pays; `first` is its first nominal date."""
    code = parse_code(rule.frequency)
    if code is not None:
        return _code(code, rule, first)
    if rule.frequency in STEP_MONTHS:
        day = rule.day_of_month or rule.start_date.day
        return _months(STEP_MONTHS[rule.frequency] * rule.interval, day, rule.month_end, first)
    days = STEP_DAYS[rule.frequency]
    return _weeks(days // 7 * rule.interval, first) if days % 7 == 0 else say_every(days * rule.interval, "day")


def _code(code: Code, rule: Rule, first: date) -> str:
    if code.kind == "EvryWorkgDay":
        return "every working day"
    if code.kind in ("EvryDay", "IntrvlDay"):
        return say_every(code.number, "day")
    if code.kind == "IntrvlWkDay":
        return _weeks(code.number, first)
    if code.kind == "QtrDay":
        days = [say_day_of_year(day, month) for month, day in QUARTER_DAYS[code.quarter].items()]
        return f"on the {_QUARTERS[code.quarter]} quarter days ({say_list(days)})"
    if code.kind == "WkInMnthDay":
        where = "every month that has one" if code.number == len(NTH) else "every month"
        return f"on the {NTH[code.number - 1]} {WEEKDAYS[code.day - 1]} of {where}"
    if code.day < 0:
        return _from_end(code, rule, first)
    return _months(code.number, code.day, rule.month_end, first)


def _weeks(number: int, first: date) -> str:
    return f"{say_every(number, 'week')} on {WEEKDAYS[first.weekday()]}"


def _from_end(code: Code, rule: Rule, first: date) -> str:
    before = "" if code.day == -1 else f"{NTH[-code.day - 1]} "
    rolls = code.day == -1 and rule.day_convention != Convention.NONE
    day = f"on the {before}last {'working day' if rolls else 'day'} of"
    if code.number == 1:
        return f"{day} every month"
    if code.number % 12 == 0:
        return f"{say_every(code.number // 12, 'year')} {day} {MONTHS[first.month - 1]}"
    return f"{say_every(code.number, 'month')} {day} the month"


def _months(step: int, day: int, month_end: str, first: date) -> str:
    month = _anchor_month(first, day)
    if step % 12 == 0:
        return f"{say_every(step // 12, 'year')} on {_day_of_year(day, month, month_end)}"
    short = {other for other in _months_of_grid(month, step) if _MONTH_LENGTHS[other - 1] < day}
    return f"{say_every(step, 'month')} on the {say_ordinal(day)}{_short_note(day, month_end, short)}"


def _anchor_month(first: date, day: int) -> int:
    """The month whose day it is: where that is too short, the date itself may be the first of the next."""
    spilled = first.day == 1 and day > 1
    return (first.month - 2) % 12 + 1 if spilled else first.month


def _months_of_grid(month: int, step: int) -> set[int]:
    return {(month - 1 + step * index) % 12 + 1 for index in range(12)}


def _day_of_year(day: int, month: int, month_end: str) -> str:
    length = _MONTH_LENGTHS[month - 1]
    if day <= length:
        return say_day_of_year(day, month)
    if month == _FEBRUARY and day == length + 1:
        return _IN_LEAP_YEARS[month_end]
    if month_end == "next":
        return say_day_of_year(1, month + 1)
    return f"the last day of {MONTHS[month - 1]}"


def _short_note(day: int, month_end: str, short: set[int]) -> str:
    """What happens in those months of the grid that are too short for its day."""
    if not short:
        return ""
    if short != {_FEBRUARY}:
        return f" ({_SHORT[month_end]})"
    sometimes = " where it is shorter" if day == 29 else ""
    return f" ({_ONLY_FEBRUARY_IS_SHORT[month_end]}{sometimes})"
