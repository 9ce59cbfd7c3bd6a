"""Who gets an event that two want at the same moment: another batch, its user, or the quarantine (C2, C8, S4, K1)."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from api_service.commands.cancel_event import cancel_event
from api_service.commands.pause_schedule import pause_schedule
from api_service.commands.resume_schedule import resume_schedule
from shared.db import runs
from shared.db.parts import Claim
from tests.edits import Work
from tests.integration.paydays.racing import overlap
from tests.integration.paydays.test_retries import poor, rich
from tests.steps import send_and_settle, take, taking
from tests.world import ACT, ANY_VERSION, World
from worker_service import pay

TODAY = date(2026, 3, 2)
MODES = ["key", "enquiry", "none"]


def use(world: World, mode: str) -> None:
    world.environment["PROVIDER_MODE"] = mode
    world.set_day("2026-03-02")


def claiming(world: World, batch_id: int, claims: list[Claim]) -> Work:
    def work(session: Session) -> None:
        claim = taking(world.service, batch_id)(session)
        if claim is not None:
            claims.append(claim)

    return work


def of_two_batches(world: World) -> tuple[int, int]:
    """An event that was resumed inside a planned range has a batch of its own beside the range."""
    schedule = world.schedule()
    world.tick()
    pause = world.command(pause_schedule, schedule_id=schedule, payer_id=None, from_date=TODAY, until_date=None)
    ids = {"schedule_id": schedule, "pause_id": pause.id}
    world.command(resume_schedule, payer_id=None, precondition=ANY_VERSION, **ids)
    first, second = world.transact(lambda session: session.scalars(text("SELECT id FROM batch ORDER BY id")).all())
    return first, second


def settle(world: World, claims: list[Claim]) -> None:
    for claim in claims:
        send_and_settle(world.service, claim)


@pytest.mark.parametrize("mode", MODES)
def test_an_event_of_two_batches_is_claimed_by_one(world: World, mode: str) -> None:
    use(world, mode)
    first, second = of_two_batches(world)
    claims: list[Claim] = []
    assert overlap(world, claiming(world, first, claims), claiming(world, second, claims)) == []
    assert sum(len(claim.fresh) for claim in claims) == 1
    settle(world, claims)
    assert len(list(world.bank.sends())) == 1
    assert world.counts() == {"due": 1, "paid": 1}
    world.assert_books_agree()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("what", ["pause", "skip"])
def test_what_a_user_was_told_before_the_claim_holds(world: World, mode: str, what: str) -> None:
    use(world, mode)
    schedule = world.schedule()
    (batch,) = world.tick()
    settings, event = world.service.settings, world.event(schedule)

    def user(session: Session) -> None:
        if what == "pause":
            pause_schedule(
                session, settings, ACT, schedule_id=schedule, payer_id=None, from_date=TODAY, until_date=None
            )
        else:
            cancel_event(session, settings, ACT, event_id=event.id, payer_id=None, precondition=ANY_VERSION)

    claims: list[Claim] = []
    assert overlap(world, user, claiming(world, batch.id, claims)) == []
    settle(world, claims)
    assert list(world.bank.sends()) == []
    assert world.counts() == {"due": 1, "withdrawn": 1}


@pytest.mark.parametrize("mode", MODES)
def test_a_retry_that_a_pause_dropped_is_not_claimed(world: World, mode: str) -> None:
    use(world, mode)
    schedule = poor(world, [1])
    world.pay()
    rich(world)
    world.set_day("2026-03-03")
    (batch,) = world.tick()
    settings = world.service.settings

    def user(session: Session) -> None:
        window = {"from_date": date(2026, 3, 3), "until_date": None}
        pause_schedule(session, settings, ACT, schedule_id=schedule, payer_id=None, **window)

    claims: list[Claim] = []
    assert overlap(world, user, claiming(world, batch.id, claims)) == []
    settle(world, claims)
    assert list(world.bank.payments()) == []


@pytest.mark.parametrize("mode", MODES)
def test_the_quarantine_leaves_what_another_batch_has_claimed(world: World, mode: str) -> None:
    use(world, mode)
    first, second = of_two_batches(world)
    world.transact(lambda s: s.execute(text("UPDATE batch SET deaths = 9 WHERE id = :b"), {"b": second}))
    claims: list[Claim] = []
    assert overlap(world, claiming(world, first, claims), claiming(world, second, claims)) == []
    settle(world, claims)
    assert world.statuses() == ["paid"]
    world.assert_paid_once()
    world.assert_books_agree()


def test_a_message_that_came_back_from_a_stopped_worker_costs_no_payment(world: World) -> None:
    world.schedule()
    (batch,) = world.tick()
    world.transact(lambda session: runs.pause(session, TODAY, "looking into it"))
    for _ in range(9):
        assert pay.pay_batch(world.service, batch.id, redelivered=True) == 0
    world.transact(lambda session: runs.resume(session, TODAY, "all is well"))
    world.pay()
    assert world.statuses() == ["paid"]


def test_one_death_is_no_reason_to_put_a_payment_aside(world: World) -> None:
    world.schedule()
    (batch,) = world.tick()
    assert take(world.service, batch.id) is not None  # and its host dies
    world.expire_leases()
    assert pay.pay_batch(world.service, batch.id, redelivered=True) == 1
    assert world.statuses() == ["paid"]
    world.assert_paid_once()
