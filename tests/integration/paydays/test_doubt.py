"""Ambiguous sends: never twice, never dropped (rules K3-K6, K9, C4-C6)."""

from __future__ import annotations

import time
from uuid import UUID

import pytest

from shared.db.parts import Claim
from tests.steps import send, send_and_settle, take
from tests.world import World
from worker_service import pay
from worker_service.decisions import Decisions
from worker_service.late_proofs import receive
from worker_service.service import Service


def test_paid_then_silent_then_throttled_then_cancelled_is_paid_once_and_says_so(world: World) -> None:
    world.bank.faults(
        {"fault": "hang", "seconds": 5, "send": 1, "on": "single"},
        {"fault": "throttled", "on": "single"},
    )
    schedule = world.schedule()
    with world.impatient():
        world.pay()
    assert world.event(schedule).status == "unknown"
    assert world.cancel(schedule) == []
    assert world.resolve() == 1
    assert world.event(schedule).status == "paid"
    assert world.counts() == {"due": 1, "paid": 1}
    world.assert_paid_once()
    world.assert_books_agree()


def test_a_silent_bank_that_did_not_pay_is_sent_the_same_key_again(world: World) -> None:
    world.bank.faults({"fault": "hang", "seconds": 5, "commit": False, "times": 3})
    schedule = world.schedule()
    with world.impatient():
        world.pay()
    assert world.event(schedule).status == "unknown"
    world.bank.clear_faults()  # of three sends a slow bank may have read two
    assert world.resolve() == 1
    event = world.event(schedule)
    assert (event.status, event.attempt) == ("paid", 1)
    world.assert_paid_once()


def test_a_throttled_payment_is_paid_later_with_a_new_key(world: World) -> None:
    world.bank.faults({"fault": "throttled", "times": 3})
    schedule = world.schedule()
    world.pay()
    event = world.event(schedule)
    assert (event.status, event.attempt, event.first_sent_at) == ("scheduled", 2, None)
    assert world.counts() == {"due": 1, "waiting": 1}
    assert world.tick() == []
    world.end_waiting()
    world.pay()
    assert world.event(schedule).status == "paid"
    world.assert_paid_once()


def test_a_payment_that_could_not_be_sent_keeps_its_key(world: World) -> None:
    schedule = world.schedule()
    batches = world.tick()
    world.bank.kill()
    world.pay(batches)
    event = world.event(schedule)
    assert (event.status, event.attempt, event.first_sent_at) == ("scheduled", 1, None)
    world.bank.restart()
    world.end_waiting()
    world.pay()
    assert (world.event(schedule).status, world.event(schedule).attempt) == ("paid", 1)
    world.assert_paid_once()


def test_a_throttled_payment_whose_schedule_was_cancelled_meanwhile_is_cancelled(world: World) -> None:
    schedule = world.schedule()
    (batch,) = world.tick()[:1]
    claim = take(world.service, batch.id)
    assert claim is not None
    assert world.cancel(schedule) == []
    _release(world.service, claim)
    event = world.event(schedule)
    assert (event.status, event.cancel_reason) == ("cancelled", "schedule_cancelled")
    assert world.counts() == {"due": 1, "withdrawn": 1}


def test_what_a_dead_worker_claimed_is_sent_again_with_the_same_key_after_its_lease(world: World) -> None:
    world.schedules(3)
    for batch in world.tick():
        assert take(world.service, batch.id) is not None
    assert world.pay() == 0
    world.expire_leases()
    assert world.pay() == 3
    assert {event.attempt for event in world.events()} == {1}
    world.assert_paid_once()
    world.assert_books_agree()


def test_what_a_dead_worker_claimed_is_only_asked_about_when_its_schedule_was_cancelled(world: World) -> None:
    schedule = world.schedule()
    for batch in world.tick():
        take(world.service, batch.id)
    world.cancel(schedule)
    world.expire_leases()
    world.pay()
    assert world.event(schedule).status == "unknown"
    assert world.bank.summary()["sends"] == 0
    world.resolve()
    event = world.event(schedule)
    assert (event.status, event.cancel_reason) == ("cancelled", "schedule_cancelled")
    assert world.counts() == {"due": 1, "withdrawn": 1}
    assert world.bank.summary()["sends"] == 0


def test_a_dead_workers_event_is_not_sent_again_when_the_key_may_be_forgotten(world: World) -> None:
    schedule = world.schedule()
    for batch in world.tick():
        take(world.service, batch.id)
    world.expire_leases()
    world.environment["PROVIDER_KEY_WINDOW_SECONDS"] = "121"
    world.set_day("2026-03-02")
    time.sleep(1.1)
    world.pay()
    assert world.event(schedule).status == "unknown"
    assert world.bank.summary()["sends"] == 0


def test_a_worker_that_lost_its_lease_settles_nothing_but_its_proof_is_kept(world: World) -> None:
    schedule = world.schedule()
    (batch,) = world.tick()
    slow = take(world.service, batch.id)
    assert slow is not None
    known = send(world.service, slow)
    world.expire_leases()
    second = world.worker()
    taken = take(second, batch.id)
    assert taken is not None
    assert (len(taken.fresh), len(taken.doubtful)) == (0, 1)
    assert pay.settle_claim(world.service, slow, known) == 0
    assert world.event(schedule).status == "paid"
    assert send_and_settle(second, taken) == 0
    assert world.counts() == {"due": 1, "paid": 1}
    world.assert_paid_once()
    world.assert_books_agree()


def test_a_proof_that_contradicts_a_final_state_is_kept_for_a_person(
    world: World, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    world.bank.faults({"fault": "decline", "payerId": "payer", "code": "blocked"})
    schedule = world.schedule()
    world.pay()
    event = world.event(schedule)
    from shared.db.proofs import Proof, Reception

    proof = Proof(event.id, event.date, 1, paid=True, provider_ref="late")
    assert receive(world.service, proof) is Reception.CONTRADICTS
    assert world.event(schedule).status == "failed"
    assert world.transactions() == []
    assert "proof contradicts" in "".join(capfd.readouterr()) + caplog.text


def test_a_payment_the_bank_never_made_is_paid_with_a_new_key(world: World) -> None:
    world.bank.faults({"fault": "drop", "on": "single", "times": 3})
    schedule = world.schedule()
    world.pay()
    assert world.event(schedule).status == "unknown"
    from sqlalchemy import text

    world.transact(
        lambda session: session.execute(text("UPDATE attempt SET first_sent_at = now() - interval '100 seconds'"))
    )
    world.environment |= {
        "PROVIDER_KEY_WINDOW_SECONDS": "50",
        "PROVIDER_RECORD_SECONDS": "86400",
        "LEASE_SECONDS": "30",
    }
    world.set_day("2026-03-02")
    world.resolve()
    event = world.event(schedule)
    assert (event.status, event.attempt) == ("scheduled", 2)
    assert world.counts() == {"due": 1, "waiting": 1}
    world.pay()
    assert world.event(schedule).status == "paid"
    world.assert_paid_once()
    world.assert_books_agree()


def test_a_not_found_before_the_banks_processing_time_proves_nothing(world: World) -> None:
    world.bank.faults({"fault": "drop", "on": "single", "times": 3})
    world.environment["PROVIDER_PROCESSING_SECONDS"] = "300"
    world.set_day("2026-03-02")
    schedule = world.schedule()
    world.pay()
    world.cancel(schedule)
    assert world.resolve() == 0
    assert world.event(schedule).status == "unknown"


def _release(service: Service, claim: Claim) -> None:
    decisions = Decisions(key_used=[event.id for event in claim.fresh])
    assert pay.settle_claim(service, claim, decisions) == 0
    assert isinstance(claim.span.first_id, UUID)


def test_an_answer_that_speaks_of_another_amount_is_never_sent_again(world: World) -> None:
    world.bank.faults({"fault": "wrong_amount", "amount": "1.00", "on": ["single", "ask"]})
    schedule = world.schedule()
    world.pay()
    sends = world.bank.summary()["sends"]
    assert (world.event(schedule).status, sends) == ("unknown", 1)
    assert world.resolve() == 0
    assert (world.event(schedule).status, world.bank.summary()["sends"]) == ("unknown", 1)
    world.bank.clear_faults()
    world.resolve()
    assert world.event(schedule).status == "paid"
    assert world.bank.summary()["sends"] == 1
