"""Cut-off, closing, carrying, catching up and the books of each day (rules D2-D7)."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from sqlalchemy import text

from deploy.local.processes import wait_for
from shared.db import runs
from shared.domain.errors import Invalid
from tests.steps import take
from tests.world import World


def test_what_was_not_paid_today_is_carried_and_paid_tomorrow(world: World) -> None:
    schedules = world.schedules(3)
    world.tick()
    world.set_day("2026-03-03")
    world.pay()
    assert world.counts("2026-03-02") == {"due": 3, "carried": 3}
    assert world.counts("2026-03-03") == {"due": 3, "paid": 3}
    assert {world.event(schedule).status for schedule in schedules} == {"paid"}
    assert {row.date for row in world.transactions()} == {date(2026, 3, 3)}
    for day in ("2026-03-02", "2026-03-03"):
        world.assert_books_agree(day)
    world.assert_paid_once()


def test_days_that_nobody_ran_are_caught_up_in_order_and_paid_once(world: World) -> None:
    world.schedule(frequency="daily", count=10)
    world.pay()
    world.set_day("2026-03-06")
    world.pay()
    assert world.statuses() == ["paid"] * 5 + ["scheduled"] * 5
    for day in ("2026-03-03", "2026-03-04", "2026-03-05"):
        run = world.run(day)
        assert run is not None
        assert run.status == "closed"
        world.assert_books_agree(day)
    assert world.counts("2026-03-05") == {"due": 3, "carried": 3}
    assert world.counts("2026-03-06") == {"due": 4, "paid": 4}
    world.assert_paid_once()


def test_what_is_later_than_its_schedule_allows_is_missed(world: World) -> None:
    soon = world.schedule(payer="soon", pay_late=0)
    patient = world.schedule(payer="patient", pay_late=3)
    world.tick()
    world.set_day("2026-03-05")
    world.pay()
    assert world.event(soon).status == "missed"
    assert world.event(patient).status == "paid"
    assert world.counts("2026-03-02") == {"due": 2, "missed": 1, "carried": 1}
    world.set_day("2026-03-12")
    assert world.pay() == 0
    world.assert_paid_once()


def test_pay_late_is_inclusive_to_the_day(world: World) -> None:
    schedule = world.schedule(pay_late=3)
    world.tick()
    world.set_day("2026-03-06")
    world.pay()
    assert world.event(schedule).status == "missed"


def test_a_closed_run_takes_nothing_more_and_tomorrow_pays_the_rest(world: World) -> None:
    world.schedules(2)
    batches = world.tick()
    world.transact(lambda session: runs.begin_close(session, date(2026, 3, 2), "bank holiday"))
    assert world.pay(batches) == 0
    world.tick()
    run = world.run("2026-03-02")
    assert run is not None
    assert (run.status, run.reason) == ("closed", "bank holiday")
    assert world.counts() == {"due": 2, "carried": 2}
    with pytest.raises(Invalid, match="2026-03-03"):
        world.schedule(payer="late")
    world.set_day("2026-03-03")
    world.pay()
    assert set(world.statuses()) == {"paid"}
    world.assert_paid_once()


def test_a_run_closes_only_when_no_lease_of_it_lives(world: World) -> None:
    schedule = world.schedule()
    (batch,) = world.tick()
    claim = take(world.service, batch.id)
    assert claim is not None
    world.set_day("2026-03-03")
    world.tick()
    run = world.run("2026-03-02")
    assert run is not None
    assert run.status == "open"
    world.expire_leases()
    world.tick()
    run = world.run("2026-03-02")
    assert run is not None
    assert run.status == "closed"
    assert world.event(schedule).status == "unknown"
    assert world.counts("2026-03-02") == {"due": 1, "unknown": 1}
    world.assert_books_agree("2026-03-02")


def test_what_becomes_known_after_the_close_is_an_adjustment_of_the_day_it_became_known(world: World) -> None:
    world.bank.faults(
        {"fault": "hang", "seconds": 5, "times": 1, "on": "single"}, {"fault": "throttled", "on": "single"}
    )
    schedule = world.schedule()
    with world.impatient():
        world.pay()
    assert world.counts() == {"due": 1, "unknown": 1}
    world.set_day("2026-03-03")
    world.tick()
    world.bank.clear_faults()
    world.schedule(payer="other")
    world.resolve()
    world.pay()
    assert world.event(schedule).status == "paid"
    assert world.counts("2026-03-02") == {"due": 1, "unknown": 1}
    assert world.counts("2026-03-03") == {"due": 1, "paid": 1, "adjusted": 1}
    world.assert_books_agree("2026-03-02")
    world.assert_books_agree("2026-03-03")
    world.assert_paid_once()


def test_an_event_proven_never_paid_after_its_run_closed_is_paid_in_todays_run(world: World) -> None:
    world.bank.faults({"fault": "drop", "on": "single", "times": 3})
    schedule = world.schedule()
    world.pay()
    world.environment["CUTOFF_AT"] = "23:00"
    world.set_day("2026-03-03T23:30")  # closed hours: asked, never sent (rule K6)
    world.tick()
    world.resolve()
    event = world.event(schedule)
    assert (event.status, event.attempt) == ("scheduled", 2)
    world.set_day("2026-03-04")
    world.pay()
    assert world.event(schedule).status == "paid"
    for day in ("2026-03-02", "2026-03-03", "2026-03-04"):
        world.assert_books_agree(day)
    world.assert_paid_once()


def test_after_the_cut_off_the_next_open_date_is_tomorrow(world: World) -> None:
    world.environment["CUTOFF_AT"] = "15:00"
    world.set_day("2026-03-02T14:59")
    world.schedule()
    world.set_day("2026-03-02T15:00")
    with pytest.raises(Invalid, match="2026-03-03"):
        world.schedule(payer="late")


def test_an_early_close_carries_today_and_leaves_the_days_to_come(world: World) -> None:
    monthly = world.schedule(frequency="daily", count=3)
    world.tick()
    world.transact(lambda session: runs.begin_close(session, date(2026, 3, 2), None))
    world.tick()
    for day in ("2026-03-03", "2026-03-04"):
        world.set_day(day)
        world.pay()
    assert world.statuses(monthly) == ["paid", "paid", "paid"]
    assert world.counts("2026-03-03") == {"due": 2, "paid": 2}
    world.assert_paid_once()


def test_a_close_stops_a_batch_that_is_being_paid(world: World) -> None:
    world.environment |= {"PROVIDER_CONCURRENCY": "1"}
    world.set_day("2026-03-02")
    world.bank.faults({"fault": "latency", "seconds": 0.15})
    world.schedules(40)
    batches = world.tick()
    paying = threading.Thread(target=lambda: world.pay(batches))
    paying.start()
    assert wait_for(lambda: world.bank.summary()["sends"] >= 2, 60)
    world.transact(lambda session: runs.begin_close(session, date(2026, 3, 2), "stop"))
    paying.join()
    assert 2 <= world.bank.summary()["sends"] < 40  # it looks once a second, and all of them take six
    world.tick()
    counts = world.counts()
    assert counts["paid"] + counts["carried"] == counts["due"] == 40
    assert {event.attempt for event in world.events()} == {1}
    world.assert_paid_once()
    world.assert_books_agree()


def test_a_run_that_does_not_add_up_names_what_is_off_and_stops_no_other_day(world: World) -> None:
    lost, _ = world.schedules(2)
    world.pay()
    world.transact(
        lambda session: session.execute(text("DELETE FROM transaction WHERE payer_id = :p"), {"p": "payer-0"})
    )
    world.schedule(payer="tomorrow", start="2026-03-03")
    world.set_day("2026-03-03")
    world.pay()
    run = world.run("2026-03-02")
    assert run is not None
    assert run.status == "closed"
    assert run.off == {
        "unexplained": {"count": 0, "amounts": {}},
        "transactions": {"GBP": 2500, "count": 1},
        "events": [str(world.event(lost).id)],
    }
    assert world.counts() == {"due": 1, "paid": 1}


def test_an_event_that_vanished_is_missed_in_the_books(world: World) -> None:
    world.schedules(2)
    world.tick()
    world.transact(lambda session: session.execute(text("DELETE FROM event WHERE payer_id = :p"), {"p": "payer-0"}))
    world.set_day("2026-03-03")
    world.pay()
    run = world.run("2026-03-02")
    assert run is not None
    assert run.off is not None
    assert run.off["unexplained"] == {"count": 1, "amounts": {"GBP": 2500}}
    assert not world.books("2026-03-02").balanced
