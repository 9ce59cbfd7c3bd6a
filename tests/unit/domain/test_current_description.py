"""A schedule that was changed, in one sentence that is true of what it pays now and later."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from timelines import TERMS, revised

from shared.domain.current_description import describe_now
from shared.domain.recurrence import Rule
from shared.domain.timeline import Revision

LAST_DAY = Rule(date(2027, 1, 31), "IntrvlMnthDay:01:-01")
MONTHLY = "every month on the 28th from"


def said(today: str, *changes: tuple[str, Rule, dict[str, Any]]) -> str:
    revisions = [
        Revision(number, date.fromisoformat(from_date), rule, TERMS._replace(**terms))
        for number, (from_date, rule, terms) in enumerate(changes, 1)
    ]
    return describe_now(revisions, "GBP", date.fromisoformat(today))


def test_another_amount_from_a_later_date_is_said_with_the_one_until_then() -> None:
    changes = (("2027-01-31", LAST_DAY, {}), ("2029-04-01", LAST_DAY, {"amount": 4000}))
    often = "on the last day of every month from"
    assert said("2026-11-20", *changes) == (f"£25.00 {often} 31 January 2027, £40.00 from 1 April 2029 until cancelled")
    assert said("2029-05-01", *changes) == f"£40.00 {often} 30 April 2029 until cancelled"


def test_another_rule_from_a_later_date_is_said_with_the_one_until_then() -> None:
    weekly = Rule(date(2029, 4, 2), "weekly", count=200)
    assert said("2026-11-20", ("2027-01-31", LAST_DAY, {}), ("2029-04-02", weekly, {})) == (
        "£25.00 on the last day of every month from 31 January 2027;"
        " £25.00 every week on Monday from 2 April 2029, 200 payments in all"
    )


def test_a_count_that_is_used_in_part_is_not_that_of_what_is_to_come() -> None:
    weekly = Rule(date(2026, 12, 3), "weekly", count=10)
    slower = Rule(date(2027, 1, 21), "weekly", 2, count=10)
    changes = (("2026-12-03", weekly, {}), ("2027-01-21", slower, {}))
    assert said("2027-01-21", *changes) == "£25.00 every 2 weeks on Thursday from 21 January 2027, 10 payments in all"
    assert said("2026-12-03", changes[0]) == "£25.00 every week on Thursday from 3 December 2026, 10 times"


def test_a_first_amount_that_was_paid_is_not_said_of_what_is_to_come() -> None:
    amounts = {"first_amount": 300, "final_amount": 900}
    three = Rule(date(2026, 12, 28), "monthly", count=3)
    later = ("2027-01-28", three, {**amounts, "amount": 4000})
    assert said("2027-01-10", ("2026-12-28", three, amounts)).endswith("3 times; the first is £3.00, the last £9.00")
    assert said("2027-01-28", ("2026-12-28", three, amounts), later) == (
        f"£40.00 {MONTHLY} 28 January 2027, 3 payments in all; the last is £9.00"
    )


@pytest.mark.parametrize(("bounds", "end"), [({}, "until cancelled"), ({"count": 2}, "2 times; the last is £9.00")])
def test_only_what_ends_has_a_last_amount(bounds: dict[str, Any], end: str) -> None:
    rule = Rule(date(2026, 12, 28), "monthly", **bounds)
    assert said("2026-12-01", ("2026-12-28", rule, {"final_amount": 900})).endswith(end)


def test_what_is_not_said_makes_no_difference() -> None:
    again = ("2027-03-28", Rule(date(2026, 12, 28), "monthly"), {"reference": "rent", "payee_id": "other"})
    first = ("2026-12-28", Rule(date(2026, 12, 28), "monthly"), {})
    assert said("2027-04-01", first, again) == said("2027-04-01", first)


def test_the_last_payment_of_a_rule_is_said_as_one() -> None:
    once = Rule(date(2027, 3, 1), "once")
    timeline = revised(("2026-12-28", Rule(date(2026, 12, 28), "monthly")), ("2027-03-01", once))
    assert describe_now(timeline.revisions, "GBP", date(2027, 3, 1)) == "£2.00 once on 1 March 2027"
    assert describe_now(timeline.revisions, "GBP", date(2027, 1, 1)) == (
        f"£1.00 {MONTHLY} 28 December 2026; £2.00 once on 1 March 2027"
    )


@pytest.mark.parametrize("frequency", ["once", "dates", "daily", "EvryWorkgDay", "yearly"])
def test_what_is_over_is_said_too(frequency: str) -> None:
    first = date(2026, 12, 28)
    bounds = {"dates": (first,)} if frequency == "dates" else {} if frequency == "once" else {"end_date": first}
    rule = Rule(first, frequency, **bounds)  # type: ignore[arg-type]
    sentence = said("2027-03-01", ("2026-12-28", rule, {}), ("2027-02-01", rule, {"amount": 4000}))
    assert sentence.startswith("£40.00 ")
    assert "28 December 2026" in sentence
    assert "2027" not in sentence
