"""Reading what a caller asks for: the fields' forms first, then what they mean together, all problems at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from api_service.auth.caller import Caller
from api_service.schemas.schedule_body import ScheduleBody
from api_service.validation import load_what_is_right
from shared.domain.errors import FieldProblem, Invalid
from shared.domain.frequency import Frequency
from shared.domain.money import exponent, parse_amount
from shared.domain.recurrence import Rule
from shared.domain.timeline import Terms
from shared.holiday_library import is_calendar
from shared.materialise import NewSchedule
from shared.settings import Settings

BODY: Final = ScheduleBody()
POINTERS: Final = {"amount": "/amount", "first_amount": "/firstAmount", "final_amount": "/finalAmount"}
"""The fields that carry an amount."""

UNKNOWN_CALENDAR: Final = "must be weekends, an ISO 3166 code such as GB-ENG, TARGET or another financial calendar"


class Amounts(NamedTuple):
    """In minor units; None for what was not given, or was wrong."""

    amount: int | None
    first_amount: int | None
    final_amount: int | None


def read_terms(body: Any, caller: Caller, settings: Settings) -> NewSchedule:
    """The schedule in a parsed body. Raises Invalid with every problem, NotAllowed for another's `payerId`."""
    fields, problems = load_what_is_right(BODY, body)
    payer_id = caller.payer_to_pay(fields.get("payer_id"))
    check_parties(fields.get("payee_id"), payer_id, problems)
    currency = read_currency(fields, problems)
    amounts = read_amounts(fields, currency, settings.max_amount, problems)
    rule = read_rule(fields, settings.holiday_calendar, problems)
    if problems or currency is None or amounts.amount is None or rule is None:
        raise Invalid(*problems)
    terms = Terms(amounts.amount, fields["payee_id"], fields["reference"], amounts.first_amount, amounts.final_amount)
    listed = fields.get("dates") or ()
    return NewSchedule(payer_id, currency, rule, terms, fields["pay_late"], fields["retry"], listed)


def check_parties(payee_id: str | None, payer_id: str | None, problems: list[FieldProblem]) -> None:
    """Adds a problem where a payer would pay itself (rule S7)."""
    if payee_id is not None and payee_id == payer_id and not is_wrong("/payerId", problems):
        problems.append(FieldProblem("/payeeId", "must not be the payer"))


def read_currency(fields: Mapping[str, Any], problems: list[FieldProblem]) -> str | None:
    """The currency; None, and a problem if it is no currency, when there is none to read amounts with."""
    currency: str | None = fields.get("currency")
    if currency is None:
        return None
    try:
        exponent(currency)
    except Invalid as error:
        problems.extend(error.problems)
        return None
    return currency


def read_amount(
    fields: Mapping[str, Any], name: str, currency: str | None, maximum: Decimal, problems: list[FieldProblem]
) -> int | None:
    """The minor units of one of `POINTERS`; None if it or the currency is missing or null, or with a problem."""
    text = fields.get(name)
    if text is None or currency is None:
        return None
    try:
        return parse_amount(text, currency, pointer=POINTERS[name], maximum=maximum)
    except Invalid as error:
        problems.extend(error.problems)
        return None


def read_amounts(
    fields: Mapping[str, Any], currency: str | None, maximum: Decimal, problems: list[FieldProblem]
) -> Amounts:
    """All three, each as `read_amount` says."""
    return Amounts(*(read_amount(fields, name, currency, maximum, problems) for name in POINTERS))


def read_rule(fields: Mapping[str, Any], default_calendar: str, problems: list[FieldProblem]) -> Rule | None:
    """The rule in a new schedule's fields; None with a problem.

    What is missing or wrong already is stood in for by what agrees with everything, so that the rest is checked too.
    """
    problems.extend(list(_start_problems(fields, problems)))
    stood_in: dict[str, Any] = {"frequency": Frequency.DAILY, "start_date": date.min, **fields}
    if is_wrong("/dates", problems):
        stood_in["dates"] = [date.min] if stood_in["frequency"] == Frequency.DATES else None
    elif "frequency" not in fields:
        stood_in["dates"] = None
    try:
        rule = rule_of(stood_in, default_calendar)
    except Invalid as error:
        problems.extend(error.problems)
        return None
    return None if problems else rule


def rule_of(fields: Mapping[str, Any], default_calendar: str) -> Rule:
    """The rule in fields that are well formed, of which `day_of_month` may be one; listed dates begin with the first.

    Raises Invalid with every problem.
    """
    problems: list[FieldProblem] = []
    calendar = fields.get("calendar") or default_calendar
    if not is_calendar(calendar):
        problems.append(FieldProblem("/calendar", UNKNOWN_CALENDAR))
    dates = tuple(sorted(fields.get("dates") or ()))
    listed = fields["frequency"] == Frequency.DATES and dates
    try:
        rule = Rule(
            start_date=dates[0] if listed else fields["start_date"],
            frequency=fields["frequency"],
            interval=fields.get("interval", 1),
            end_date=fields.get("end_date"),
            count=fields.get("count"),
            month_end=fields.get("month_end", "clamp"),
            day_convention=fields.get("day_convention", "none"),
            calendar=calendar,
            dates=dates,
            day_of_month=fields.get("day_of_month"),
        )
    except Invalid as error:
        raise Invalid(*problems, *error.problems) from None
    if problems:
        raise Invalid(*problems)
    return rule


def is_wrong(pointer: str, problems: list[FieldProblem]) -> bool:
    """Whether a field, or something in it, was complained of."""
    return any(problem.pointer == pointer or problem.pointer.startswith(f"{pointer}/") for problem in problems)


def _start_problems(fields: Mapping[str, Any], problems: list[FieldProblem]) -> Iterator[FieldProblem]:
    if fields.get("frequency") == Frequency.DATES:
        if "start_date" in fields:
            yield FieldProblem("/startDate", "cannot be given with dates: the first of them is the start")
        return
    lists_only = "frequency" not in fields and fields.get("dates")
    if "start_date" not in fields and not lists_only and not is_wrong("/startDate", problems):
        yield FieldProblem("/startDate", "is required")
