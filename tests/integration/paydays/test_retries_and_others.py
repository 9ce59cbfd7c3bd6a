"""Retries beside pauses, late proofs, early ends of the day and rubbish (rules K5, K9, D5, D6, S10, C8)."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from api_service.commands.pause_schedule import pause_schedule
from api_service.commands.resume_schedule import resume_schedule
from api_service.commands.retry_event import retry_event
from api_service.commands.update_event import update_event
from shared.db.proofs import Proof, Reception
from shared.domain.errors import Conflict
from tests.integration.paydays.test_retries import go_to, poor, rich
from tests.world import ANY_VERSION, World
from worker_service import orders
from worker_service.late_proofs import receive
from worker_service.suspend import suspend_due

CUT_OFF: dict[str, object] = {"fault": "drop", "on": "single", "times": 3}
SUSPENDED = text("SELECT id FROM pause WHERE reason = 'suspended' AND ended_at IS NULL")


def test_never_paid_after_its_run_ended_is_missed_where_no_later_run_may_pay_it(world: World) -> None:
    world.environment["CUTOFF_AT"] = "15:00"
    world.set_day("2026-03-02T14:00")
    world.bank.faults(CUT_OFF)
    schedule = world.schedule(pay_late=0)
    world.pay()
    world.set_day("2026-03-02T15:30")
    world.tick()
    world.resolve()
    assert world.event(schedule).status == "missed"


def test_a_retry_never_paid_after_its_run_ended_is_over_where_no_later_run_may_pay_it(world: World) -> None:
    world.environment["CUTOFF_AT"] = "15:00"
    world.set_day("2026-03-02T14:00")
    schedule = poor(world, [1], pay_late=0)
    world.pay()
    rich(world)
    world.bank.faults(CUT_OFF)
    world.set_day("2026-03-03T12:00")
    world.pay()
    world.set_day("2026-03-03T15:30")
    world.tick()
    world.resolve()
    event = world.event(schedule)
    assert (event.status, event.retry_on) == ("failed", None)


def test_a_decline_that_the_provider_contradicts_is_not_paid_again(world: World) -> None:
    schedule = poor(world, [1])
    world.pay()
    event = world.event(schedule)
    assert receive(world.service, Proof(event.id, event.date, 1, paid=True, provider_ref="p")) is Reception.CONTRADICTS
    assert world.event(schedule).version == event.version + 1
    rich(world)
    go_to(world, "2026-03-03")
    assert (world.event(schedule).status, world.event(schedule).retry_on) == ("failed", None)
    with pytest.raises(Conflict, match="says that it was paid"):
        world.command(retry_event, event_id=event.id, payer_id=None, day=None)
    assert list(world.bank.payments()) == []
    world.assert_books_agree("2026-03-03")


def test_a_rule_without_a_calendar_costs_the_others_nothing(world: World) -> None:
    strange = poor(world, [1])
    others = world.schedules(2)
    statement = text("UPDATE schedule SET rule = rule - 'calendar' WHERE id = :id")
    world.transact(lambda session: session.execute(statement, {"id": strange}))
    world.pay()
    assert [world.event(other).status for other in others] == ["paid", "paid"]
    assert (world.event(strange).status, world.event(strange).retry_on) == ("failed", None)


def test_a_pause_that_drops_the_third_retry_makes_three_final_declines(world: World) -> None:
    schedule = poor(world, [1], frequency="weekly", count=6)
    for day in ("2026-03-02", "2026-03-03", "2026-03-09", "2026-03-10", "2026-03-16"):
        go_to(world, day)
    window = {"from_date": date(2026, 3, 17), "until_date": date(2026, 3, 18)}
    world.command(pause_schedule, schedule_id=schedule, payer_id=None, **window)
    suspend_due(world.service)
    assert world.transact(lambda session: session.scalar(SUSPENDED)) is not None


def test_a_suspension_that_was_ended_does_not_come_back_for_an_old_decline(world: World) -> None:
    world.bank.faults({"fault": "decline", "payerId": "barred", "code": "account_closed"})
    schedule = world.schedule(payer="barred", frequency="weekly", count=3, pay_late=0)
    world.pay()
    ids = {"schedule_id": schedule, "pause_id": world.transact(lambda session: session.scalar(SUSPENDED))}
    world.command(resume_schedule, payer_id=None, precondition=ANY_VERSION, **ids)
    world.command(retry_event, event_id=world.events(schedule)[0].id, payer_id=None, day=date(2026, 3, 3))
    go_to(world, "2026-03-04")  # nobody ran the day of the retry
    suspend_due(world.service)
    assert world.transact(lambda session: session.scalar(SUSPENDED)) is None


def test_dropped_by_a_pause_and_tried_again_the_same_day_it_is_due_once(world: World) -> None:
    schedule = poor(world, [1])
    world.pay()
    world.set_day("2026-03-03")
    world.tick()
    window = {"from_date": date(2026, 3, 3), "until_date": date(2026, 3, 5)}
    pause = world.command(pause_schedule, schedule_id=schedule, payer_id=None, **window)
    ids = {"schedule_id": schedule, "pause_id": pause.id}
    world.command(resume_schedule, payer_id=None, precondition=ANY_VERSION, **ids)
    rich(world)
    world.command(retry_event, event_id=world.event(schedule).id, payer_id=None, day=None)
    world.pay()
    assert world.counts("2026-03-03") == {"due": 1, "paid": 1}


def test_what_could_not_be_written_keeps_its_key_when_it_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule, write = world.schedule(), orders.payment_of

    def refuse(_event: object) -> None:
        raise ValueError("rubbish")

    monkeypatch.setattr(orders, "payment_of", refuse)
    world.pay()
    monkeypatch.setattr(orders, "payment_of", write)
    assert world.event(schedule).failure_code == "quarantined"
    world.command(retry_event, event_id=world.event(schedule).id, payer_id=None, day=None)
    world.pay()
    assert (world.event(schedule).status, world.event(schedule).attempt) == ("paid", 1)
    world.assert_paid_once()


def test_a_late_proof_finds_an_event_that_was_moved(world: World) -> None:
    world.environment["CUTOFF_AT"] = "15:00"
    world.set_day("2026-03-02")
    world.bank.faults(CUT_OFF)
    schedule = world.schedule()
    world.pay()
    world.set_day("2026-03-02T15:00")
    assert world.resolve() == 1
    event = world.event(schedule)
    moved = {"date": date(2026, 3, 20)}
    world.command(update_event, event_id=event.id, payer_id=None, precondition=ANY_VERSION, read=lambda _entry: moved)
    assert receive(world.service, Proof(event.id, event.date, 1, paid=True, provider_ref="p")) is Reception.CONTRADICTS
