"""Soft declines are tried again on their days, with a new key, and each day's books say so (S4, S11, K5, D4-D6)."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from api_service.commands.cancel_event import cancel_event
from api_service.commands.pause_schedule import pause_schedule
from tests.world import ANY_VERSION, World

POOR: dict[str, Any] = {"fault": "decline", "payerId": "poor", "code": "insufficient_funds"}


def poor(world: World, days: list[int] | None = None, **terms: Any) -> UUID:
    """A schedule whose payer has no money until `rich` is called."""
    world.bank.faults(POOR)
    return world.schedule(payer="poor", retry_days=[0, 1, 3] if days is None else days, **terms)


def rich(world: World) -> None:
    world.bank.clear_faults()


def go_to(world: World, moment: str) -> None:
    """Goes on at another time and pays what is there."""
    world.set_day(moment)
    world.end_waiting()
    world.pay()


def books_balance(world: World, *days: str) -> None:
    for day in days:
        world.assert_books_agree(day)
    world.assert_paid_once()


def test_day_0_is_tried_again_once_retry_at_has_come(world: World) -> None:
    schedule = poor(world)
    world.pay()
    event = world.event(schedule)
    assert (event.status, event.failure_code, event.retry_on) == ("failed", "insufficient_funds", date(2026, 3, 2))
    assert world.counts() == {"due": 1, "waiting": 1}
    rich(world)
    go_to(world, "2026-03-02T13:59")
    assert world.event(schedule).status == "failed"
    go_to(world, "2026-03-02T14:00")
    event = world.event(schedule)
    assert (event.status, event.attempt, event.retry_on, event.date) == ("paid", 2, None, date(2026, 3, 2))
    assert world.counts() == {"due": 1, "paid": 1}
    books_balance(world, "2026-03-02")


def test_declined_after_retry_at_day_0_is_passed_over(world: World) -> None:
    world.set_day("2026-03-02T14:00")
    schedule = poor(world)
    world.pay()
    assert world.event(schedule).retry_on == date(2026, 3, 3)
    assert world.counts() == {"due": 1, "declined": 1}


def test_each_try_has_a_key_of_its_own_and_the_days_count_from_the_first_decline(world: World) -> None:
    schedule = poor(world)
    world.pay()
    go_to(world, "2026-03-02T15:00")
    assert world.event(schedule).retry_on == date(2026, 3, 3)
    go_to(world, "2026-03-03")
    assert world.event(schedule).retry_on == date(2026, 3, 5)
    go_to(world, "2026-03-04")
    assert world.event(schedule).attempt == 3
    rich(world)
    go_to(world, "2026-03-05")
    event = world.event(schedule)
    assert (event.status, event.attempt, event.date) == ("paid", 4, date(2026, 3, 2))
    keys = [row["idempotencyKey"] for row in world.bank.sends()]
    assert len(keys) == len(set(keys)) == 4
    assert world.counts("2026-03-02") == {"due": 1, "declined": 1}
    assert world.counts("2026-03-03") == {"due": 1, "declined": 1}
    assert world.counts("2026-03-05") == {"due": 1, "paid": 1}
    books_balance(world, "2026-03-02", "2026-03-03", "2026-03-05")
    (row,) = world.transactions()
    assert row.date == date(2026, 3, 5)


def test_after_the_last_day_the_decline_is_final(world: World) -> None:
    schedule = poor(world, [1])
    world.pay()
    go_to(world, "2026-03-03")
    event = world.event(schedule)
    assert (event.status, event.retry_on, event.attempt) == ("failed", None, 2)
    assert world.counts("2026-03-03") == {"due": 1, "declined": 1}
    go_to(world, "2026-03-04")
    assert world.event(schedule).attempt == 2


def test_hard_declines_and_schedules_without_retry_are_final(world: World) -> None:
    world.bank.faults({"fault": "decline", "payerId": "barred", "code": "blocked"}, POOR)
    barred = world.schedule(payer="barred", retry_days=[0, 1])
    plain = world.schedule(payer="poor")
    world.pay()
    assert [world.event(schedule).retry_on for schedule in (barred, plain)] == [None, None]
    assert world.counts() == {"due": 2, "declined": 2}


def test_a_retry_that_would_not_come_before_the_next_event_is_dropped(world: World) -> None:
    schedule = poor(world, [1], frequency="daily", count=2)
    world.pay()
    first, _ = world.events(schedule)
    assert (first.status, first.retry_on) == ("failed", None)


def test_a_retry_nobody_ran_is_carried_within_pay_late_and_then_final(world: World) -> None:
    schedule = poor(world, [1], pay_late=2)
    world.pay()
    rich(world)
    world.set_day("2026-03-03")
    world.tick()
    go_to(world, "2026-03-05")  # the third day: its retry day and payLate, inclusive
    assert world.event(schedule).status == "paid"
    assert world.counts("2026-03-03") == {"due": 1, "carried": 1}
    assert world.counts("2026-03-05") == {"due": 1, "paid": 1}
    books_balance(world, "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05")


def test_a_retry_later_than_pay_late_stays_failed_without_a_retry_day(world: World) -> None:
    schedule = poor(world, [1], pay_late=1)
    world.pay()
    rich(world)
    go_to(world, "2026-03-05")
    event = world.event(schedule)
    assert (event.status, event.retry_on) == ("failed", None)
    assert world.counts("2026-03-04") == {"due": 1, "declined": 1}
    books_balance(world, "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05")


def test_a_day_0_whose_time_never_came_is_carried(world: World) -> None:
    schedule = poor(world, [0])
    world.pay()
    rich(world)
    go_to(world, "2026-03-03")
    assert world.event(schedule).status == "paid"
    assert world.counts("2026-03-02") == {"due": 1, "carried": 1}
    books_balance(world, "2026-03-02", "2026-03-03")


def test_giving_a_retry_up_takes_it_out_of_its_run(world: World) -> None:
    schedule = poor(world, [1])
    world.pay()
    world.set_day("2026-03-03")
    batches = world.tick()
    event = world.event(schedule)
    world.command(cancel_event, event_id=event.id, payer_id=None, precondition=ANY_VERSION)
    rich(world)
    world.pay(batches)
    event = world.event(schedule)
    assert (event.status, event.cancel_reason, event.retry_on) == ("cancelled", "given_up", None)
    assert world.counts("2026-03-03") == {"due": 1, "withdrawn": 1}
    books_balance(world, "2026-03-02", "2026-03-03")


def test_giving_up_before_its_run_begins_leaves_that_run_nothing(world: World) -> None:
    schedule = poor(world, [2])
    world.pay()
    world.command(cancel_event, event_id=world.event(schedule).id, payer_id=None, precondition=ANY_VERSION)
    go_to(world, "2026-03-04")
    assert world.counts("2026-03-04") == {}


def test_cancelling_the_schedule_cancels_its_retry(world: World) -> None:
    schedule = poor(world, [1])
    world.pay()
    world.cancel(schedule)
    rich(world)
    go_to(world, "2026-03-03")
    event = world.event(schedule)
    assert (event.status, event.cancel_reason) == ("cancelled", "schedule_cancelled")
    assert list(world.bank.payments()) == []


def test_a_pause_over_the_retry_day_drops_it_for_good(world: World) -> None:
    schedule = poor(world, [1, 3])
    world.pay()
    pause = {"from_date": date(2026, 3, 3), "until_date": date(2026, 3, 4)}
    world.command(pause_schedule, schedule_id=schedule, payer_id=None, **pause)
    rich(world)
    go_to(world, "2026-03-03")
    go_to(world, "2026-03-05")
    event = world.event(schedule)
    assert (event.status, event.retry_on) == ("failed", None)
    books_balance(world, "2026-03-02", "2026-03-03", "2026-03-05")


@pytest.mark.parametrize(
    ("fault", "attempt"), [({"fault": "throttled", "payerId": "poor"}, 4), ({"fault": "refuse"}, 2)]
)
def test_a_retry_that_comes_back_unpaid_waits_for_its_day_again(
    world: World, fault: dict[str, Any], attempt: int
) -> None:
    schedule = poor(world, [1], pay_late=0)
    world.pay()
    rich(world)
    if fault["fault"] == "refuse":
        world.bank.kill()
    else:
        world.bank.faults(fault)
    world.set_day("2026-03-03")
    world.pay()
    event = world.event(schedule)
    assert (event.status, event.failure_code, event.retry_on) == ("failed", "insufficient_funds", date(2026, 3, 3))
    assert world.counts("2026-03-03") == {"due": 1, "waiting": 1}
    if fault["fault"] == "refuse":
        world.bank.restart()
        world.transact(lambda session: session.execute(text("DELETE FROM provider")))
    rich(world)
    go_to(world, "2026-03-03")
    assert world.event(schedule).status == "paid"
    books_balance(world, "2026-03-02", "2026-03-03")


def test_a_retry_of_which_nobody_can_say_stays_unknown_and_is_settled(world: World) -> None:
    schedule = poor(world, [1])
    world.pay()
    rich(world)
    world.bank.faults({"fault": "hang", "seconds": 5, "times": 3, "on": "single"})
    world.set_day("2026-03-03")
    with world.impatient():
        world.pay()
    assert world.event(schedule).status == "unknown"
    rich(world)
    world.resolve()
    event = world.event(schedule)
    assert (event.status, event.retry_on) == ("paid", None)
    books_balance(world, "2026-03-02", "2026-03-03")


def test_a_decline_that_becomes_known_later_is_tried_again_too(world: World) -> None:
    world.bank.faults({"fault": "hang", "seconds": 5, "times": 3, "on": "single"}, POOR)
    schedule = world.schedule(payer="poor", retry_days=[1])
    with world.impatient():
        world.pay()
    assert world.event(schedule).status == "unknown"
    rich(world)
    world.bank.faults(POOR)
    world.resolve()
    event = world.event(schedule)
    assert (event.status, event.retry_on) == ("failed", date(2026, 3, 3))
    assert world.counts() == {"due": 1, "declined": 1}
    rich(world)
    go_to(world, "2026-03-03")
    assert world.event(schedule).status == "paid"
    books_balance(world, "2026-03-02", "2026-03-03")
