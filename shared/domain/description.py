"""A schedule in one plain English sentence, as its payer would say it."""

from __future__ import annotations

from datetime import date
from itertools import islice
from typing import Final

from shared.domain.calendar import weekends_only
from shared.domain.frequency import Frequency, is_every_working_day, is_last_day
from shared.domain.money import format_amount
from shared.domain.recurrence import Rule
from shared.domain.rolling import Convention
from shared.domain.spoken import say_day, say_list
from shared.domain.spoken_frequency import say_frequency

_SYMBOLS: Final = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥"}
_NAMED_DATES: Final = 3
"""So many listed dates are named one by one."""

_ROLLS: Final = {
    Convention.FOLLOWING: ("the next working day", ""),
    Convention.MODIFIED_FOLLOWING: ("the next working day", "the one before at the end of a month"),
    Convention.PRECEDING: ("the working day before", ""),
    Convention.MODIFIED_PRECEDING: ("the working day before", "the next one at the start of a month"),
    Convention.NEAREST: ("the nearest working day", ""),
}


def describe(
    rule: Rule,
    amount: int | None,
    currency: str | None,
    *,
    first_amount: int | None = None,
    final_amount: int | None = None,
) -> str:
    """For instance "£25.00 on the last working day of every month from 31 December 2026 until cancelled".

    Amounts in minor units of `currency`; without a currency none is said. The dates are nominal ones, so no calendar
    is needed; what a rule pays every working day starts at its start date.
    """
    dates = _first_dates(rule)
    if len(dates) == 1:
        single = first_amount or final_amount or amount
        return f"{_money(single, currency)} once {_on_the_only(rule, dates[0])}"
    money = _money(amount, currency)
    note = _amounts_note(first_amount, final_amount, currency)
    roll = _roll_note(rule)
    if rule.frequency == Frequency.DATES:
        return f"{money} {_listed(rule.dates)}{roll}{note}"
    often = f"{say_frequency(rule, dates[0])}{roll and roll + ','}"
    return f"{money} {often} from {say_day(dates[0])}{_end(rule)}{note}"


def _first_dates(rule: Rule) -> list[date]:
    """The first nominal date, and the second if there is one; the start date alone where no calendar is known."""
    if is_every_working_day(rule.frequency):
        return [rule.start_date] * (1 if rule.count == 1 else 2)
    dates = rule.grid(weekends_only()).dates_from(rule.start_date)
    found = [day for day in islice(dates, 1 if rule.count == 1 else 2) if rule.end_date is None or day <= rule.end_date]
    return found or [rule.start_date] * 2


def _on_the_only(rule: Rule, day: date) -> str:
    if is_every_working_day(rule.frequency):
        return f"on the first working day from {say_day(day)}"
    return f"on {say_day(day)}{_roll_note(rule, alone=True)}"


def _money(amount: int | None, currency: str | None) -> str:
    if amount is None or currency is None:
        return "A payment"
    whole, point, fraction = format_amount(amount, currency).partition(".")
    grouped = f"{int(whole):,}{point}{fraction}"
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{grouped}" if symbol else f"{currency} {grouped}"


def _listed(dates: tuple[date, ...]) -> str:
    if len(dates) <= _NAMED_DATES:
        return f"on {say_list([say_day(day) for day in dates])}"
    return f"on {len(dates)} dates from {say_day(dates[0])} to {say_day(dates[-1])}"


def _roll_note(rule: Rule, *, alone: bool = False) -> str:
    """What happens to a date on which nobody works; nothing where the frequency says it already."""
    by_itself = is_every_working_day(rule.frequency) or (is_last_day(rule.frequency) and not alone)
    if by_itself or rule.convention == Convention.NONE:
        return ""
    day, exception = _ROLLS[Convention(rule.convention)]
    once = "one payment where dates fall together" if rule.collapses and not alone else ""
    notes = "; ".join(note for note in (exception, once) if note)
    return f", or {day} ({notes})" if notes else f", or {day}"


def _end(rule: Rule) -> str:
    if rule.end_date is not None:
        return f" until {say_day(rule.end_date)}"
    if rule.count is not None:
        return f", {rule.count} times"
    return " until cancelled"


def _amounts_note(first: int | None, final: int | None, currency: str | None) -> str:
    if currency is None or (first is None and final is None):
        return ""
    if first is None:
        return f"; the last is {_money(final, currency)}"
    last = "" if final is None else f", the last {_money(final, currency)}"
    return f"; the first is {_money(first, currency)}{last}"
