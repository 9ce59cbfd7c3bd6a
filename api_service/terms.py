"""Reading what a caller asks for: the fields' forms first, then what they mean together, all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

from api_service.auth.caller import Caller
from api_service.schemas.schedule_body import ScheduleBody
from api_service.validation import load_what_is_right
from shared.domain.errors import FieldProblem, Invalid
from shared.domain.money import exponent, parse_amount
from shared.domain.recurrence import Rule
from shared.materialise import Terms

T = TypeVar("T")

BODY: Final = ScheduleBody()


def read_terms(body: Any, caller: Caller, max_amount: Decimal) -> Terms:
    """The terms in a parsed body. Raises Invalid with every problem, NotAllowed for another's `payerId`."""
    fields, problems = load_what_is_right(BODY, body)
    payer_id = caller.payer_to_pay(fields.get("payer_id"))
    if fields.get("payee_id") == payer_id and not any(problem.pointer == "/payerId" for problem in problems):
        problems.append(FieldProblem("/payeeId", "must not be the payer"))
    amount = _read(problems, lambda: _amount(fields, max_amount))
    rule = _read(problems, lambda: _rule(fields))
    if problems or amount is None or rule is None:
        raise Invalid(*problems)
    return Terms(
        payer_id=payer_id,
        payee_id=fields["payee_id"],
        currency=fields["currency"],
        amount=amount,
        reference=fields["reference"],
        rule=rule,
        pay_late=fields["pay_late"],
    )


def _read(problems: list[FieldProblem], read: Callable[[], T]) -> T | None:
    try:
        return read()
    except Invalid as error:
        problems.extend(error.problems)
        return None


def _amount(fields: Mapping[str, Any], maximum: Decimal) -> int | None:
    if "currency" not in fields:
        return None
    exponent(fields["currency"])
    if "amount" not in fields:
        return None
    return parse_amount(fields["amount"], fields["currency"], maximum=maximum)


def _rule(fields: Mapping[str, Any]) -> Rule | None:
    """Without a start date the rest is still checked, against any other one."""
    if "frequency" not in fields:
        return None
    start_date = fields.get("start_date")
    return Rule(
        start_date=start_date or date.min,
        frequency=fields["frequency"],
        interval=fields.get("interval", 1),
        end_date=fields.get("end_date") if start_date else None,
        count=fields.get("count"),
    )
