from __future__ import annotations

from datetime import date

import pytest

from deploy.local.demo.wishes import declined_payers, next_31st, wishes
from shared.domain.frequency import Frequency
from shared.domain.money import parse_amount

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize("count", [150, 2000])
def test_schedules_of_every_kind_are_wished_for(count: int) -> None:
    made = list(wishes(count, TODAY))
    bodies = [wish.body for wish in made]
    assert len(bodies) == count
    assert {body["frequency"] for body in bodies} == set(Frequency) - {Frequency.DATES}
    assert {body["currency"] for body in bodies} == {"GBP", "EUR", "JPY", "BHD"}
    assert {body.get("interval", 1) for body in bodies} == {1, 2, 3}
    ends = {tuple(sorted(body.keys() & {"count", "endDate"})) for body in bodies}
    assert ends == {(), ("count",), ("endDate",)}
    assert {wish.decline for wish in made} == {None, "insufficient_funds", "account_closed"}
    assert {wish.cancel for wish in made} == {None, "schedule", "event"}
    due_today = sum(body["startDate"] == TODAY.isoformat() for body in bodies)
    assert count * 0.8 < due_today < count


def test_two_thousand_schedules_are_some_hundred_payers_ones() -> None:
    assert len({wish.payer_id for wish in wishes(2000, TODAY)}) == 300
    assert len(declined_payers(2000)) == 15


def test_every_amount_has_its_currencys_decimals_and_no_payer_pays_itself() -> None:
    for wish in wishes(500, TODAY):
        assert parse_amount(wish.body["amount"], wish.body["currency"]) > 0
        assert wish.body["payerId"] != wish.body["payeeId"]
        assert len(wish.body.get("reference", "")) <= 35


def test_the_same_day_has_the_same_wishes() -> None:
    assert list(wishes(200, TODAY)) == list(wishes(200, TODAY))


@pytest.mark.parametrize(
    ("today", "found"),
    [
        ("2026-03-02", "2026-03-31"),
        ("2026-03-31", "2026-05-31"),
        ("2026-01-31", "2026-03-31"),
        ("2026-12-30", "2026-12-31"),
    ],
)
def test_the_month_end_case_starts_on_the_first_31st_after_today(today: str, found: str) -> None:
    assert next_31st(date.fromisoformat(today)).isoformat() == found
    first = next(iter(wishes(1, date.fromisoformat(today))))
    assert (first.body["startDate"], first.body["frequency"]) == (found, "monthly")
