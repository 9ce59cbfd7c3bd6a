"""A schedule in one plain English sentence, as its payer would say it."""

from __future__ import annotations

from collections.abc import Sequence
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
    single = first_amount or final_amount or amount
    end = f", {rule.count} times" if rule.count is not None else say_end(rule)
    note = say_amounts(rule, first_amount, final_amount, currency)
    only = rule.count == 1 or is_single(rule, rule.start_date)
    return say_part(
        rule, rule.start_date, say_money(single if only else amount, currency), only=only, end=end, note=note
    )


def say_part(rule: Rule, since: date, money: str, *, only: bool = False, end: str = "", note: str = "") -> str:
    """What a rule pays from a day on, and when; `only`: it comes to one payment, which has neither end nor note."""
    dates = _first_dates(rule, since)
    if only:
        return f"{money} once {_on_the_only(rule, dates[0])}"
    roll = _roll_note(rule)
    if rule.frequency == Frequency.DATES:
        return f"{money} {_listed([day for day in rule.dates if day >= since] or rule.dates)}{roll}{note}"
    often = f"{say_frequency(rule, dates[0])}{roll and roll + ','}"
    return f"{money} {often} from {say_day(dates[0])}{end}{note}"


def is_single(rule: Rule, since: date) -> bool:
    """Whether a rule comes to one date from a day on; how many of a `count` are left is not asked."""
    return len(_first_dates(rule, since)) == 1


def _first_dates(rule: Rule, since: date) -> list[date]:
    """The first nominal date, and the second if there is one; the day itself where no calendar is known.

    Where none is left from that day on, those that there were.
    """
    is_over = rule.end_date is not None and rule.end_date < since
    since = rule.start_date if is_over else max(since, rule.start_date)
    if is_every_working_day(rule.frequency):
        return [since] * 2
    dates = rule.grid(weekends_only()).dates_from(since)
    found = [day for day in islice(dates, 2) if rule.end_date is None or day <= rule.end_date]
    if not found and since > rule.start_date:
        return _first_dates(rule, rule.start_date)
    return found or [since] * 2


def _on_the_only(rule: Rule, day: date) -> str:
    if is_every_working_day(rule.frequency):
        return f"on the first working day from {say_day(day)}"
    return f"on {say_day(day)}{_roll_note(rule, alone=True)}"


def say_money(amount: int | None, currency: str | None) -> str:
    """Such as "£1,234.50"; "A payment" where it is not known."""
    if amount is None or currency is None:
        return "A payment"
    whole, point, fraction = format_amount(amount, currency).partition(".")
    grouped = f"{int(whole):,}{point}{fraction}"
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{grouped}" if symbol else f"{currency} {grouped}"


def _listed(dates: Sequence[date]) -> str:
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


def say_end(rule: Rule) -> str:
    """Where a schedule ends that has been paid before; its `count` is that of all its dates."""
    if rule.end_date is not None:
        return f" until {say_day(rule.end_date)}"
    if rule.count is not None:
        return f", {rule.count} payments in all"
    return " until cancelled"


def say_amounts(rule: Rule, first: int | None, final: int | None, currency: str | None) -> str:
    """What the payments at the ends are, if they are others; what goes on until it is cancelled has no last one."""
    final = final if rule.bounded else None
    if currency is None or (first is None and final is None):
        return ""
    if first is None:
        return f"; the last is {say_money(final, currency)}"
    last = "" if final is None else f", the last {say_money(final, currency)}"
    return f"; the first is {say_money(first, currency)}{last}"
