"""Providers that honour no keys: claimed in parts, never sent again, asked where they can be (K4-K7, C1, C4, P3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from shared.db import claims, holds
from shared.domain.takeover import DEATHS_ALONE, DEATHS_MOST
from tests.bank import BankProcess
from tests.steps import send_and_settle, take
from tests.world import World
from worker_service import orders, pay

WITHOUT_KEYS = ["enquiry", "none"]


@pytest.fixture
def enquiry(database_url: str) -> Iterator[World]:
    """A world whose bank ignores keys and answers questions."""
    with BankProcess("--mode", "enquiry") as bank:
        world = World(database_url, bank, PROVIDER_MODE="enquiry", PROVIDER_CONCURRENCY="3")
        yield world
        world.close()


def use(world: World, mode: str, **environment: str) -> None:
    world.environment |= {"PROVIDER_MODE": mode, "PROVIDER_CONCURRENCY": "3", **environment}
    world.set_day("2026-03-02")


@pytest.mark.parametrize("mode", WITHOUT_KEYS)
@pytest.mark.parametrize(("batch", "part"), [("1", 3), ("4", 12)])
def test_a_part_is_as_many_events_as_may_be_in_flight(world: World, mode: str, batch: str, part: int) -> None:
    use(world, mode, PROVIDER_BATCH_SIZE=batch)
    world.schedules(20)
    (ready,) = world.tick()
    claim = take(world.service, ready.id)
    assert claim is not None
    assert len(claim.fresh) == part
    assert sorted(world.statuses()).count("processing") == part


@pytest.mark.parametrize("mode", ["key", *WITHOUT_KEYS])
def test_all_parts_of_a_batch_are_paid_once(world: World, mode: str) -> None:
    use(world, mode)
    world.schedules(20)
    assert world.pay() == 20
    assert set(world.statuses()) == {"paid"}
    assert world.counts() == {"due": 20, "paid": 20}
    world.assert_paid_once()
    world.assert_books_agree()


@pytest.mark.parametrize("mode", WITHOUT_KEYS)
def test_what_a_dead_worker_claimed_is_unknown_and_the_rest_is_paid(world: World, mode: str) -> None:
    use(world, mode)
    world.schedules(20)
    (ready,) = world.tick()
    assert take(world.service, ready.id) is not None
    world.expire_leases()
    world.pay()
    statuses = world.statuses()
    assert (statuses.count("unknown"), statuses.count("paid")) == (3, 17)
    assert len(list(world.bank.sends())) == 17
    world.assert_books_agree()


def test_a_time_out_is_asked_about_and_never_sent_again(enquiry: World) -> None:
    world = enquiry
    world.bank.faults({"fault": "hang", "seconds": 5, "times": 1, "on": "single"})
    schedule = world.schedule()
    with world.impatient():
        world.pay()
    assert world.event(schedule).status == "unknown"
    world.resolve()
    assert world.event(schedule).status == "paid"
    assert len(list(world.bank.sends())) == 1
    world.assert_paid_once()


def test_a_counted_not_found_is_not_executed_and_final(enquiry: World) -> None:
    world = enquiry
    world.bank.faults({"fault": "drop", "on": "single", "times": 1})
    schedule = world.schedule(retry_days=[0, 1])
    world.pay()
    world.resolve()
    event = world.event(schedule)
    assert (event.status, event.failure_code, event.retry_on) == ("failed", "not_executed", None)
    assert world.counts() == {"due": 1, "declined": 1}
    assert list(world.bank.payments()) == []


def test_a_counted_not_found_is_paid_again_where_that_is_allowed(enquiry: World) -> None:
    world = enquiry
    world.environment["PROVIDER_RESEND_AFTER_NOT_FOUND"] = "true"
    world.set_day("2026-03-02")
    world.bank.faults({"fault": "drop", "on": "single", "times": 1})
    schedule = world.schedule()
    world.pay()
    world.resolve()
    assert (world.event(schedule).status, world.event(schedule).attempt) == ("scheduled", 2)
    world.pay()
    assert world.event(schedule).status == "paid"
    world.assert_paid_once()
    world.assert_books_agree()


def test_without_keys_and_answers_a_person_is_waited_for(world: World) -> None:
    use(world, "none")
    world.bank.faults({"fault": "hang", "seconds": 5, "times": 1, "on": "single"})
    schedule = world.schedule()
    with world.impatient():
        world.pay()
    sends = len(list(world.bank.sends()))
    assert world.resolve() == 0
    assert world.event(schedule).status == "unknown"
    assert len(list(world.bank.sends())) == sends == 1


def test_another_provider_is_not_sent_what_the_first_may_have_paid(world: World) -> None:
    world.schedules(3)
    (ready,) = world.tick()
    assert take(world.service, ready.id) is not None
    world.expire_leases()
    world.environment["PROVIDER_NAME"] = "second"
    world.set_day("2026-03-02")
    world.pay()
    assert set(world.statuses()) == {"unknown"}
    assert list(world.bank.sends()) == []
    rows = world.transact(lambda session: session.execute(text("SELECT DISTINCT provider FROM attempt")).all())
    assert [row.provider for row in rows] == ["default"]
    assert world.resolve() == 0


@pytest.mark.parametrize("mode", ["key", *WITHOUT_KEYS])
def test_what_is_held_stays_and_the_batch_waits_for_the_holds_end(world: World, mode: str) -> None:
    use(world, mode)
    world.schedules(10)
    batches = world.tick()
    hold = world.transact(lambda s: holds.place(s, payer_id="payer-4", payee_id=None, reason="court", placed_by="o").id)
    assert world.pay(batches) == 9
    held = [event.payer_id for event in world.events() if event.status != "paid"]
    assert held == ["payer-4"]
    assert world.tick() == []
    world.transact(lambda session: holds.end(session, holds.lock(session, hold)))
    assert world.pay() == 1
    assert set(world.statuses()) == {"paid"}
    assert world.counts() == {"due": 10, "paid": 10}
    world.assert_paid_once()


def test_a_hold_that_ended_while_its_batch_was_paid_keeps_nothing_waiting(world: World) -> None:
    world.schedules(4)
    (ready,) = world.tick()
    hold = world.transact(lambda s: holds.place(s, payer_id="payer-1", payee_id=None, reason="court", placed_by="o").id)
    claim = take(world.service, ready.id)
    assert claim is not None
    assert claim.held
    world.transact(lambda session: holds.end(session, holds.lock(session, hold)))
    send_and_settle(world.service, claim)
    assert world.pay() == 1
    assert set(world.statuses()) == {"paid"}


def test_a_hold_on_everything_claims_nothing(world: World) -> None:
    world.schedules(3)
    batches = world.tick()
    world.transact(lambda s: holds.place(s, payer_id=None, payee_id=None, reason="incident", placed_by="o"))
    assert world.pay(batches) == 0
    assert set(world.statuses()) == {"scheduled"}
    assert list(world.bank.sends()) == []


def test_a_held_unknown_is_asked_about_and_not_sent_again(world: World) -> None:
    world.bank.faults({"fault": "hang", "seconds": 5, "times": 3, "on": "single"})
    schedule = world.schedule()
    with world.impatient():
        world.pay()
    sends = len(list(world.bank.sends()))
    world.transact(lambda s: holds.place(s, payer_id="payer", payee_id=None, reason="court", placed_by="o"))
    world.resolve()
    assert world.event(schedule).status == "paid"
    assert len(list(world.bank.sends())) == sends


def test_an_event_that_cannot_be_written_is_put_aside_and_the_others_are_paid(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = orders.make

    def poisoned(*columns: Any) -> Any:
        if columns[2] == "payer-3":
            raise ValueError("no such currency")
        return make(*columns)

    monkeypatch.setattr(orders, "make", poisoned)
    world.schedules(10)
    assert world.pay() == 10
    failed = [event for event in world.events() if event.status != "paid"]
    assert [(event.payer_id, event.status, event.failure_code) for event in failed] == [
        ("payer-3", "failed", "quarantined")
    ]
    world.assert_books_agree()


def test_a_batch_that_kills_its_workers_is_split_until_one_event_is_alone(world: World) -> None:
    world.schedules(20)
    poison = next(event for event in world.events() if event.payer_id == "payer-7").id
    for _ in range(40):
        ready = world.tick()
        if not ready:
            break
        for batch in ready:
            claim = take(world.service, batch.id)
            if claim is None:
                continue
            members = {event.id for event in [*claim.fresh, *claim.doubtful]}
            if str(poison) in members:
                continue  # dies here
            send_and_settle(world.service, claim)
        world.expire_leases()
    statuses = {event.payer_id: event.status for event in world.events()}
    assert statuses.pop("payer-7") == "unknown"
    assert set(statuses.values()) == {"paid"}
    assert world.counts() == {"due": 20, "paid": 19, "unknown": 1}
    row = world.transact(lambda session: session.execute(text("SELECT reason, resend FROM attempt")).one())
    assert tuple(row) == ("quarantined", False)
    world.assert_books_agree()
    world.resolve()  # the bank never saw it: it is failed, not paid again
    event = next(event for event in world.events() if event.payer_id == "payer-7")
    assert (event.status, event.failure_code) == ("failed", "quarantined")
    world.assert_paid_once()


def test_what_kills_a_worker_before_its_claim_is_committed_is_failed_as_never_sent(world: World) -> None:
    world.schedules(5)
    poison = next(event for event in world.events() if event.payer_id == "payer-2").id
    for _ in range(40):
        ready = world.tick()
        if not ready and all(status in ("paid", "failed") for status in world.statuses()):
            break
        for batch in ready:
            if _holds(world, batch.id, str(poison)):
                _dies_before_the_commit(world, batch.id)
            else:
                pay.pay_batch(world.service, batch.id)
        world.expire_leases()
        world.transact(lambda s: s.execute(text("UPDATE batch SET published_at = NULL WHERE status = 'waiting'")))
    event = next(event for event in world.events() if event.payer_id == "payer-2")
    assert (event.status, event.failure_code, event.first_sent_at) == ("failed", "quarantined", None)
    assert world.counts() == {"due": 5, "paid": 4, "declined": 1}
    world.assert_books_agree()
    world.assert_paid_once()


def _holds(world: World, batch_id: int, event_id: str) -> bool:
    query = text(
        "SELECT :event BETWEEN first_id AND last_id AND (ids IS NULL OR :event = ANY(ids)) FROM batch WHERE id = :b"
    )
    found = world.transact(lambda session: session.scalar(query, {"event": event_id, "b": batch_id}))
    return bool(found)


def _dies_before_the_commit(world: World, batch_id: int) -> None:
    """Its message comes again and says so; a batch that has killed twice is split instead of claimed."""
    settings = world.service.settings
    known = {"clock": settings.business, "provider": settings.provider}
    world.transact(lambda session: claims.count_death(session, batch_id, **known))
    query = text("SELECT deaths, cardinality(ids) = 1 AS alone FROM batch WHERE id = :b")
    found = world.transact(lambda session: session.execute(query, {"b": batch_id}).one())
    if found.deaths >= (DEATHS_ALONE if found.alone else DEATHS_MOST):
        assert take(world.service, batch_id) is None


@pytest.mark.parametrize("mode", ["key", *WITHOUT_KEYS])
def test_one_payer_who_is_asked_to_wait_holds_nobody_else_up(world: World, mode: str) -> None:
    """What came back lies behind the next part: the others are paid, and only then is it waited for."""
    use(world, mode)
    world.schedules(9)
    world.schedule(payer="throttled")
    world.schedules(20)
    world.bank.faults({"fault": "throttled", "payer_id": "throttled", "retry_after": 30})
    assert world.pay() == 29
    assert world.counts()["paid"] == 29
    waits = world.transact(
        lambda session: session.scalar(
            text("SELECT extract(epoch FROM wait_until - clock_timestamp())::int FROM batch WHERE status = 'waiting'")
        )
    )
    assert 20 <= waits <= 30
    world.bank.clear_faults()
    world.end_waiting()
    assert world.pay() == 1
    world.assert_paid_once()
    world.assert_books_agree()
