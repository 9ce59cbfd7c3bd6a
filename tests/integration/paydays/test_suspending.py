"""A schedule whose payments are declined one after the other rests until somebody ends it (rule S10)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from api_service.commands.resume_schedule import resume_schedule
from shared.db.models import Pause
from tests.world import ANY_VERSION, World
from worker_service.suspend import suspend_due

DAYS = [f"2026-03-{day:02}" for day in range(2, 12)]


def declined(world: World, code: str = "insufficient_funds") -> None:
    world.bank.clear_faults()
    world.bank.faults({"fault": "decline", "payerId": "poor", "code": code})


def daily(world: World, **terms: Any) -> UUID:
    return world.schedule(payer="poor", frequency="daily", count=10, **terms)


def pay_days(world: World, days: list[str]) -> None:
    for day in days:
        world.set_day(day)
        world.pay()


def suspensions(world: World, schedule: UUID) -> list[Pause]:
    query = select(Pause).where(Pause.schedule_id == schedule, Pause.reason == "suspended").order_by(Pause.created_at)
    return world.transact(lambda session: list(session.scalars(query)))


def lift(world: World, schedule: UUID) -> None:
    (pause,) = [pause for pause in suspensions(world, schedule) if pause.ended_at is None]
    ids = {"schedule_id": schedule, "pause_id": pause.id}
    world.command(resume_schedule, payer_id=None, precondition=ANY_VERSION, **ids)


def test_three_final_declines_in_a_row_suspend_the_schedule_and_pause_what_is_to_come(world: World) -> None:
    declined(world)
    schedule = daily(world)
    pay_days(world, DAYS[:2])
    assert suspensions(world, schedule) == []
    pay_days(world, DAYS[2:6])
    (pause,) = suspensions(world, schedule)
    assert (str(pause.from_date), pause.until_date, pause.ended_at) == (DAYS[2], None, None)
    assert world.statuses(schedule) == ["failed"] * 3 + ["paused"] * 7
    assert len(list(world.bank.sends())) == 3
    for day in DAYS[:6]:
        world.assert_books_agree(day)


def test_a_payment_between_them_counts_from_the_beginning(world: World) -> None:
    schedule = daily(world)
    for index, day in enumerate(DAYS[:6]):
        world.bank.clear_faults()
        if index != 2:
            declined(world)
        pay_days(world, [day])
    assert world.statuses(schedule)[:6] == ["failed", "failed", "paid", "failed", "failed", "failed"]
    assert len(suspensions(world, schedule)) == 1


def test_a_decline_that_is_tried_again_does_not_count_before_it_is_final(world: World) -> None:
    declined(world)
    schedule = world.schedule(payer="poor", frequency="weekly", count=5, retry_days=[1])
    pay_days(world, ["2026-03-02", "2026-03-03", "2026-03-09", "2026-03-10", "2026-03-16"])
    assert suspensions(world, schedule) == []
    pay_days(world, ["2026-03-17"])
    assert len(suspensions(world, schedule)) == 1


def test_unknown_and_missed_ones_neither_count_nor_reset(world: World) -> None:
    declined(world)
    schedule = daily(world, pay_late=0)
    pay_days(world, DAYS[:1])
    world.environment["PROVIDER_MODE"] = "none"
    world.bank.clear_faults()
    world.bank.faults({"fault": "hang", "seconds": 5, "times": 1, "on": "single"})
    world.set_day(DAYS[1])
    with world.impatient():
        world.pay()
    declined(world)
    pay_days(world, [DAYS[3]])  # the third day was missed
    assert suspensions(world, schedule) == []
    pay_days(world, [DAYS[4]])
    assert world.statuses(schedule)[:5] == ["failed", "unknown", "missed", "failed", "failed"]
    assert len(suspensions(world, schedule)) == 1


@pytest.mark.parametrize("code", ["account_closed", "payee_invalid"])
def test_what_can_never_succeed_suspends_at_once(world: World, code: str) -> None:
    declined(world, code)
    schedule = daily(world)
    pay_days(world, DAYS[:1])
    assert len(suspensions(world, schedule)) == 1


def test_other_hard_declines_are_counted_like_any(world: World) -> None:
    declined(world, "blocked")
    schedule = daily(world)
    pay_days(world, DAYS[:2])
    assert suspensions(world, schedule) == []


def test_after_it_was_ended_declines_are_counted_anew(world: World) -> None:
    declined(world)
    schedule = daily(world)
    pay_days(world, DAYS[:3])
    world.set_day(DAYS[3])
    lift(world, schedule)
    pay_days(world, DAYS[3:5])
    assert [pause.ended_at is None for pause in suspensions(world, schedule)] == [False]
    pay_days(world, DAYS[5:6])
    assert [pause.ended_at is None for pause in suspensions(world, schedule)] == [False, True]


def test_a_retry_that_waits_is_dropped_when_its_schedule_is_suspended(world: World) -> None:
    world.environment["SUSPEND_AFTER_FAILURES"] = "1"
    world.bank.faults({"fault": "decline", "payerId": "poor", "code": "insufficient_funds", "times": 1})
    world.bank.faults({"fault": "decline", "payerId": "poor", "code": "blocked"})
    world.set_day(DAYS[0])
    schedule = world.schedule(payer="poor", frequency="IntrvlDay:03", count=3, retry_days=[2])
    pay_days(world, DAYS[:1])
    assert str(world.events(schedule)[0].retry_on) == DAYS[2]
    other = daily(world)
    pay_days(world, DAYS[:1])
    assert len(suspensions(world, other)) == 1
    world.transact(
        lambda session: session.execute(
            text("INSERT INTO final_decline (schedule_id, event_id, code) VALUES (:s, :e, 'account_closed')"),
            {"s": schedule, "e": world.events(schedule)[0].id},
        )
    )
    suspend_due(world.service)
    first, *rest = world.events(schedule)
    assert (first.status, first.retry_on) == ("failed", None)
    assert {event.status for event in rest} == {"paused"}


def test_what_a_dead_worker_left_is_looked_at_by_the_next(world: World) -> None:
    declined(world, "account_closed")
    schedule = daily(world)
    world.transact(
        lambda session: session.execute(
            text("INSERT INTO final_decline (schedule_id, event_id, code) VALUES (:s, :s, 'account_closed')"),
            {"s": schedule},
        )
    )
    assert suspend_due(world.worker()) == 1
    assert len(suspensions(world, schedule)) == 1
    assert suspend_due(world.service) == 0


def test_a_cancelled_schedule_is_not_suspended(world: World) -> None:
    declined(world, "account_closed")
    schedule = daily(world)
    batches = world.tick()
    world.cancel(schedule)
    world.pay(batches)
    assert suspensions(world, schedule) == []
