"""A schedule in one sentence as it stands after its changes: what is paid now, and what is from a later date on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from shared.domain.description import describe, is_single, say_amounts, say_end, say_money, say_part
from shared.domain.recurrence import Rule
from shared.domain.spoken import say_day
from shared.domain.timeline import Revision


def describe_now(revisions: Sequence[Revision], currency: str, today: date) -> str:
    """For instance "£25.00 every week on Monday from 1 March 2027, £40.00 from 7 June 2027, 30 payments in all".

    `revisions`: those in force, by rising date. What is over on `today` is not said, nor is a first amount then.
    """
    parts = _as_said(revisions)
    current = max(number for number, part in enumerate(parts) if number == 0 or part.from_date <= today)
    first, *later = parts[current:]
    last = parts[-1]
    if not later and current == 0:
        amounts = {"first_amount": first.terms.first_amount, "final_amount": first.terms.final_amount}
        return describe(first.rule, first.terms.amount, currency, **amounts)
    first_amount = first.terms.first_amount if current == 0 else None
    said = _part(first, currency)
    for before, part in zip(parts[current:], later, strict=False):
        if _step(part.rule) != _step(before.rule):
            said += f"; {_part(part, currency)}"
        elif part.terms.amount != before.terms.amount:
            said += f", {say_money(part.terms.amount, currency)} from {say_day(part.from_date)}"
    end = "" if is_single(last.rule, last.from_date) else say_end(last.rule)
    return f"{said}{end}{say_amounts(last.rule, first_amount, last.terms.final_amount, currency)}"


def _part(part: Revision, currency: str) -> str:
    since = max(part.from_date, part.rule.opens or part.from_date)
    return say_part(part.rule, since, say_money(part.terms.amount, currency), only=is_single(part.rule, since))


def _as_said(revisions: Sequence[Revision]) -> list[Revision]:
    """Without those that differ from the one before in nothing that is said."""
    said: list[Revision] = []
    for part in revisions:
        if not said or _heard(said[-1]) != _heard(part):
            said.append(part)
    return said


def _heard(part: Revision) -> tuple[object, ...]:
    return part.rule, part.terms.amount, part.terms.first_amount, part.terms.final_amount


def _step(rule: Rule) -> Rule:
    return replace(rule, end_date=None, count=None, opens=None, kept=())
