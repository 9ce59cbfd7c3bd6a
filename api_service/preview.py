"""A preview: what a body asks for, and its answer; for the API and for the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from api_service.auth.caller import Caller
from api_service.schemas.preview import PreviewBody
from api_service.terms import POINTERS, check_parties, read_amounts, read_currency, read_rule
from api_service.validation import load_what_is_right
from shared.domain.calendar import Calendar
from shared.domain.description import describe
from shared.domain.errors import FieldProblem, Invalid
from shared.domain.money import format_amount, parse_decimal
from shared.domain.preview import Previewed, preview
from shared.domain.recurrence import Rule
from shared.domain.rule_check import gives_no_date
from shared.domain.timeline import Revision, Terms, Timeline
from shared.settings import Settings

BODY: Final = PreviewBody()


@dataclass(frozen=True, slots=True)
class PreviewAsked:
    """A schedule that is not saved. `texts` are its amount, first and final amount as they are answered."""

    rule: Rule
    texts: tuple[str | None, ...]
    description: str
    limit: int


def read_preview(body: Any, caller: Caller | None, settings: Settings) -> PreviewAsked:
    """What a parsed body asks for; without a caller nobody is the payer unless the body says so.

    Raises Invalid with every problem, NotAllowed for another's `payerId`.
    """
    fields, problems = load_what_is_right(BODY, body)
    payer_id = fields.get("payer_id")
    check_parties(fields.get("payee_id"), caller.payer_to_pay(payer_id) if caller else payer_id, problems)
    currency = read_currency(fields, problems)
    if "currency" not in fields:
        _check_amounts(fields, settings.max_amount, problems)
    minor = read_amounts(fields, currency, settings.max_amount, problems)
    rule = read_rule(fields, settings.holiday_calendar, problems)
    if problems or rule is None:
        raise Invalid(*problems)
    if currency is None:
        texts = tuple(fields.get(name) for name in POINTERS)
    else:
        texts = tuple(None if amount is None else format_amount(amount, currency) for amount in minor)
    sentence = describe(rule, minor.amount, currency, first_amount=minor.first_amount, final_amount=minor.final_amount)
    return PreviewAsked(rule, texts, sentence, fields["limit"])


def answer(asked: PreviewAsked, calendars: Mapping[str, Calendar], *, next_open: date | None = None) -> dict[str, Any]:
    """The answer as JSON, of the form of `PreviewSchema`. Raises Invalid for a rule without a date.

    Not written by the schema: for 400 payments that takes longer than to find their dates.
    """
    # The place of each amount among the texts stands for it: without a currency it has no minor units.
    amount, first, final = range(len(asked.texts))
    terms = Terms(
        amount,
        payee_id="",
        reference=None,
        first_amount=None if asked.texts[first] is None else first,
        final_amount=None if asked.texts[final] is None else final,
    )
    timeline = Timeline((Revision(1, asked.rule.start_date, asked.rule, terms),), calendars)
    events = [_event(previewed, asked.texts) for previewed in preview(timeline, asked.limit, next_open=next_open)]
    if not events:
        raise gives_no_date(asked.rule)
    return {"description": asked.description, "events": events}


def _check_amounts(fields: Mapping[str, Any], maximum: Decimal, problems: list[FieldProblem]) -> None:
    for name, pointer in POINTERS.items():
        if fields.get(name) is None:
            continue
        try:
            parse_decimal(fields[name], pointer=pointer, maximum=maximum)
        except Invalid as error:
            problems.extend(error.problems)


def _event(previewed: Previewed, texts: tuple[str | None, ...]) -> dict[str, Any]:
    occurrence, shift = previewed
    return {
        "sequence": occurrence.sequence,
        "nominalDate": occurrence.nominal_date.isoformat(),
        "date": occurrence.date.isoformat(),
        "amount": texts[occurrence.amount],
        "shift": None if shift is None else {"rule": str(shift.rule), "reason": shift.reason},
    }
