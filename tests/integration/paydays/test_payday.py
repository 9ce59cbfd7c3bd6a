"""A payday from plan to books, on a real database and a real bank."""

from __future__ import annotations

import pytest

from tests.integration.paydays.test_turns import fill
from tests.world import World


def test_what_is_due_today_is_paid_and_what_is_due_tomorrow_is_not(world: World) -> None:
    due = world.schedules(25)
    later = world.schedule(start="2026-03-03")
    assert world.pay() == 25
    assert {world.event(schedule).status for schedule in due} == {"paid"}
    assert world.event(later).status == "scheduled"
    world.assert_paid_once()


@pytest.mark.parametrize("provider_batch", ["1", "7", "250"])
def test_single_calls_and_provider_batches_pay_alike(world: World, provider_batch: str) -> None:
    world.environment["PROVIDER_BATCH_SIZE"] = provider_batch
    world.set_day("2026-03-02")
    world.schedules(20)
    world.pay()
    assert set(world.statuses()) == {"paid"}
    assert world.counts() == {"due": 20, "paid": 20}
    world.assert_paid_once()
    world.assert_books_agree()


def test_a_decline_fails_the_event_with_its_code_and_stands_in_the_books(world: World) -> None:
    world.bank.faults({"fault": "decline", "payerId": "poor", "code": "insufficient_funds"})
    poor = world.schedule(payer="poor", amount=900)
    world.schedule(payer="rich", amount=100)
    world.pay()
    event = world.event(poor)
    assert (event.status, event.failure_code, event.transaction_id) == ("failed", "insufficient_funds", None)
    assert world.counts() == {"due": 2, "paid": 1, "declined": 1}
    world.assert_books_agree()
    world.assert_paid_once()


def test_books_keep_a_sum_for_each_currency(world: World) -> None:
    world.schedule(amount=2500, currency="GBP")
    world.schedule(amount=700, currency="JPY")
    world.schedule(amount=1234, currency="BHD")
    world.pay()
    books = world.books()
    assert {str(h): t.nonzero_amounts() for h, t in books.tallies.items() if t.count} == {
        "due": {"BHD": 1234, "GBP": 2500, "JPY": 700},
        "paid": {"BHD": 1234, "GBP": 2500, "JPY": 700},
    }
    assert sorted(row["amount"] for row in world.bank.payments()) == ["1.234", "25.00", "700"]


def test_a_batch_that_was_paid_is_not_paid_again_when_its_message_comes_twice(world: World) -> None:
    world.schedules(3)
    batches = world.tick()
    assert world.pay(batches) == 3
    assert world.pay(batches) == 0
    world.assert_paid_once()


def test_nobody_is_paid_before_the_run_opens_or_after_its_cut_off(world: World) -> None:
    world.environment |= {"RUN_OPENS_AT": "08:00", "CUTOFF_AT": "20:00"}
    world.set_day("2026-03-02T07:59")
    world.schedules(2)
    assert world.tick() == []
    world.set_day("2026-03-02T08:00")
    batches = world.tick()
    assert len(batches) > 0
    world.set_day("2026-03-02T20:00")
    assert world.pay(batches) == 0
    assert world.bank.summary()["sends"] == 0


def test_the_first_run_is_that_of_the_first_date_with_an_event(world: World) -> None:
    world.tick()
    assert world.run("2026-03-02") is None
    world.schedule(start="2026-03-05")
    world.tick()
    run = world.run("2026-03-02")
    assert run is None or run.status == "announced"
    world.set_day("2026-03-05")
    world.pay()
    run = world.run("2026-03-05")
    assert run is not None
    assert run.status == "open"
    assert set(world.statuses()) == {"paid"}


def test_payer_payee_amount_currency_and_reference_reach_the_bank_as_they_were_scheduled(world: World) -> None:
    world.schedule(payer="a!~", payee="b", amount=5, currency="EUR", reference='Ref "é" 1')
    world.pay()
    (row,) = world.bank.payments()
    assert {name: row[name] for name in ("payerId", "payeeId", "amount", "currency", "reference")} == {
        "payerId": "a!~",
        "payeeId": "b",
        "amount": "0.05",
        "currency": "EUR",
        "reference": 'Ref "é" 1',
    }


def test_rubbish_for_one_payment_leaves_the_other_999_paid(world: World) -> None:
    world.bank.faults({"fault": "result", "payerId": "payer-500", "body": {"what": "ever"}})
    fill(world, [(f"payer-{number}", "payee") for number in range(1000)])
    world.environment["PROVIDER_BATCH_SIZE"] = "250"
    world.set_day("2026-03-02")
    world.pay()
    statuses = {event.payer_id: event.status for event in world.events()}
    assert [payer for payer, status in statuses.items() if status != "paid"] == ["payer-500"]
    assert statuses["payer-500"] == "unknown"
    assert world.counts() == {"due": 1000, "paid": 999, "unknown": 1}
