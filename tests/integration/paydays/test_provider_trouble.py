"""A provider in trouble: batches wait, no worker is parked, and all workers know (design, "Provider in trouble")."""

from __future__ import annotations

import dataclasses
import threading
import time
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.db import holds, providers
from shared.db.models import Audit
from shared.db.providers import State
from shared.domain.payments import Payment, make
from tests.bank_calls import eventually
from tests.world import World
from worker_service import pay, trouble
from worker_service.gateway import Results, Trouble, TroubleKind
from worker_service.watch import RunWatch

NAME = "default"
EVENTUALLY_SECONDS = 60.0
DOWN = Trouble(TroubleKind.DOWN, "calls in a row came to: not_sent")


@pytest.fixture
def small(world: World) -> World:
    """A world whose batches hold four events, and whose calls go one at a time."""
    provider = dataclasses.replace(world.service.settings.provider, concurrency=1)
    world.set_day("2026-03-02", batch_size=4, provider=provider)
    return world


@pytest.fixture
def reports(world: World) -> World:
    """A world with an open run."""
    world.schedule()
    world.tick()
    return world


def state(world: World) -> State:
    return world.transact(lambda session: providers.state(session, NAME))


def trip(world: World, age_seconds: float = 0.0, retry_after_seconds: float | None = None) -> float:
    return world.transact(
        lambda session: providers.trip(
            session, NAME, reason="down", age_seconds=age_seconds, retry_after_seconds=retry_after_seconds
        )
    )


def clock(world: World) -> float:
    """The database's, in seconds."""
    return float(world.transact(lambda s: s.scalar(text("SELECT extract(epoch FROM clock_timestamp())"))))


def shut_until(world: World) -> float:
    return float(world.transact(lambda s: s.scalar(text("SELECT extract(epoch FROM shut_until) FROM provider"))))


def end_shut(world: World, seconds_ago: float = 0.001) -> None:
    """As if the time for which it was shut had passed."""
    world.transact(
        lambda session: session.execute(
            text("UPDATE provider SET shut_until = clock_timestamp() - make_interval(secs => :ago)"),
            {"ago": seconds_ago},
        )
    )


def succeed(world: World, age_seconds: float = 0.0) -> State:
    return world.transact(lambda session: providers.succeeded(session, NAME, age_seconds=age_seconds))


def may_begin(world: World) -> bool:
    return world.transact(lambda session: providers.may_begin(session, NAME))


def claim_batches(world: World, count: int) -> None:
    """As if so many batches were under way."""
    world.transact(
        lambda session: session.execute(
            text(
                "INSERT INTO batch (run_date, date, first_id, last_id, status, worker, lease_until)"
                " SELECT '2026-03-02', '2026-03-02', :low, :low, 'claimed', 'another', now() + interval '1 minute'"
                " FROM generate_series(1, :count)"
            ),
            {"low": uuid4(), "count": count},
        )
    )


def run_status(world: World, day: str = "2026-03-02") -> str:
    run = world.run(day)
    assert run is not None
    return run.status


def audit(world: World) -> list[Any]:
    found = world.transact(lambda session: session.query(Audit).order_by(Audit.id).all())
    return [(row.actor, row.action, row.subject_id) for row in found if row.subject == "run"]


def test_it_is_shut_for_five_seconds_doubling_to_a_minute(world: World) -> None:
    times = []
    for _ in range(7):
        times.append(trip(world))
        end_shut(world)
    bounds = [(5, 6), (10, 12), (20, 24), (40, 48), (60, 60), (60, 60), (60, 60)]
    assert [low <= seconds <= high for seconds, (low, high) in zip(times, bounds, strict=True)] == [True] * 7


@pytest.mark.parametrize(("asked", "low", "high"), [(40.0, 40, 41), (1.0, 5, 6), (86_400.0, 300, 301)])
def test_it_is_shut_for_as_long_as_it_asks_but_not_absurdly_long(
    world: World, asked: float, low: float, high: float
) -> None:
    before = clock(world)
    assert low <= trip(world, retry_after_seconds=asked) <= high
    assert before + low <= shut_until(world) <= clock(world) + high


def test_of_several_workers_that_notice_one_failure_the_first_counts(world: World) -> None:
    barrier = threading.Barrier(6)

    def notice() -> None:
        barrier.wait()
        trip(world)

    threads = [threading.Thread(target=notice) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state(world).trips == 1


def test_nor_does_one_that_notices_it_when_it_is_open_again_but_called_before(world: World) -> None:
    trip(world)
    end_shut(world, seconds_ago=2.0)
    assert trip(world, age_seconds=10.0) > 0
    assert (state(world).trips, state(world).is_shut) == (1, False)
    trip(world, age_seconds=1.0)
    assert (state(world).trips, state(world).is_shut) == (2, True)


def test_nothing_is_claimed_while_it_is_shut_and_one_batch_when_it_opens(world: World) -> None:
    assert may_begin(world)
    trip(world)
    assert not may_begin(world)
    end_shut(world)
    assert may_begin(world)
    claim_batches(world, 1)
    assert not may_begin(world)


def test_what_goes_well_doubles_the_allowance_until_it_is_normal(world: World) -> None:
    trip(world)
    end_shut(world)
    assert [succeed(world).allowance for _ in range(7)] == [2, 4, 8, 16, 32, 64, None]
    assert state(world) == State()


def test_what_began_before_it_was_shut_proves_nothing_of_now(world: World) -> None:
    trip(world)
    assert succeed(world).allowance == 1
    end_shut(world, seconds_ago=1.0)
    assert succeed(world, age_seconds=5.0).allowance == 1


def test_while_it_is_normal_success_writes_nothing(world: World) -> None:
    succeed(world)
    assert world.transact(lambda session: session.execute(text("SELECT count(*) FROM provider")).scalar()) == 0


def test_two_claims_do_not_take_the_same_place_while_it_recovers(world: World) -> None:
    trip(world)
    end_shut(world)
    taken: list[bool] = []
    barrier = threading.Barrier(5)

    def claim() -> None:
        barrier.wait()
        with world.service.sessions.begin() as session:
            if providers.may_begin(session, NAME):
                session.execute(
                    text(
                        "INSERT INTO batch (run_date, date, first_id, last_id, status, worker, lease_until) VALUES"
                        " ('2026-03-02', '2026-03-02', :low, :low, 'claimed', 'one', now() + interval '1 minute')"
                    ),
                    {"low": uuid4()},
                )
                taken.append(True)

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    barrier.wait()
    for thread in threads:
        thread.join()
    assert taken == [True]


def test_while_it_is_shut_workers_hear_of_nothing_and_then_of_one_batch_at_a_time(small: World) -> None:
    small.schedules(20)
    assert len(small.tick()) == 5
    trip(small)
    assert small.tick() == []
    end_shut(small)
    assert len(small.tick()) == 1
    assert small.tick() == []  # it is published and not begun
    succeed(small)
    assert len(small.tick()) == 1


def test_a_bank_that_is_down_leaves_no_worker_parked_and_is_paid_when_it_is_back(small: World) -> None:
    small.schedules(20)
    ready = small.tick()
    small.bank.kill()
    for batch in ready:
        began = time.monotonic()
        pay.pay_batch(small.service, batch.id)
        assert time.monotonic() - began < 60  # its lease is two minutes
    assert state(small).trips >= 1
    assert small.tick() == []
    small.bank.restart()
    allowances = []
    for _ in range(12):
        end_shut(small) if state(small).is_shut else None
        small.end_waiting()
        small.pay()
        allowances.append(state(small).allowance)
        if set(small.statuses()) == {"paid"}:
            break
    assert set(small.statuses()) == {"paid"}
    assert allowances == sorted(allowances, key=lambda value: value or 1000)
    small.assert_paid_once()
    small.assert_books_agree()


def test_a_bank_that_answers_nobody_holds_a_worker_for_two_time_outs_not_for_its_lease(world: World) -> None:
    for number in range(100):
        world.schedule(payer=f"payer-{number}", payee=f"payee-{number}")
    world.bank.faults({"fault": "hang", "seconds": 20})
    ready = world.tick()
    began = time.monotonic()
    with world.impatient():
        world.pay(ready)
    assert time.monotonic() - began < 60  # the lease is two minutes
    assert state(world).trips == 1
    assert world.statuses().count("scheduled") >= 70
    assert world.counts()["unknown"] <= 30


def test_a_bank_that_asks_everybody_to_wait_is_left_alone_for_that_long(small: World) -> None:
    small.bank.faults({"fault": "throttled", "retryAfter": "40"})
    for number in range(4):
        small.schedule(payer=f"payer-{number}", payee=f"payee-{number}")
    before = clock(small)
    small.pay()
    assert before + 40 <= shut_until(small) <= clock(small) + 40


def test_a_wrong_set_up_pauses_every_open_run_at_once(world: World) -> None:
    world.schedules(3)
    world.bank.faults({"fault": "status", "status": 401})
    world.pay()
    assert run_status(world) == "paused"
    assert audit(world) == [("payday", "run.paused", "2026-03-02")]
    world.bank.clear_faults()
    assert world.tick() == []
    assert state(world).is_normal


def test_a_wrong_set_up_that_several_notice_is_recorded_once(reports: World) -> None:
    wrong = Results({}, frozenset(), trouble=Trouble(TroubleKind.SETUP, "status 401"))
    for _ in range(3):
        assert trouble.report(reports.service, reports.today, wrong) is None
    assert audit(reports) == [("payday", "run.paused", "2026-03-02")]


def test_refusals_in_a_row_pause_their_run(world: World) -> None:
    world.schedules(60)
    world.bank.faults({"fault": "decline", "code": "payee_invalid", "status": 422})
    world.pay()
    assert run_status(world) == "paused"
    assert 50 <= world.statuses().count("failed") <= 57
    assert audit(world) == [("payday", "run.paused", "2026-03-02")]


def test_declines_in_a_row_do_not(world: World) -> None:
    world.schedules(60)
    world.bank.faults({"fault": "decline", "code": "account_closed"})
    world.pay()
    assert run_status(world) == "open"
    assert world.statuses().count("failed") == 60


def test_a_failure_is_reported_to_all_and_says_how_long_to_wait(reports: World) -> None:
    seconds = trouble.report(reports.service, reports.today, Results({}, frozenset(), trouble=DOWN))
    assert seconds is not None
    assert 5 <= seconds <= 6
    assert not may_begin(reports)


def test_what_cannot_be_reported_does_not_keep_a_part_from_being_settled(reports: World) -> None:
    reports.transact(lambda session: session.execute(text("ALTER TABLE provider RENAME TO away")))
    assert trouble.report(reports.service, reports.today, Results({}, frozenset(), trouble=DOWN)) == 5.0


def test_a_hold_acts_on_a_batch_that_is_under_way(reports: World) -> None:
    payment = _payment("payer", "payee")
    with RunWatch(reports.service, reports.today) as watch:
        assert watch.may_send(payment)
        reports.transact(lambda s: holds.place(s, payer_id=None, payee_id="payee", reason="fraud", placed_by="ops"))
        eventually(lambda: not watch.may_send(payment), EVENTUALLY_SECONDS)
        assert watch.may_send(_payment("payer", "somebody else"))
        assert not watch.stopped.is_set()


def test_what_another_worker_found_stops_a_batch_that_is_under_way(reports: World) -> None:
    with RunWatch(reports.service, reports.today) as watch:
        assert not watch.stopped.is_set()
        trip(reports)
        eventually(watch.stopped.is_set, EVENTUALLY_SECONDS)


def test_a_pause_stops_it_too(reports: World) -> None:
    wrong = Results({}, frozenset(), trouble=Trouble(TroubleKind.SETUP, "status 401"))
    with RunWatch(reports.service, reports.today) as watch:
        trouble.report(reports.service, reports.today, wrong)
        eventually(watch.stopped.is_set, EVENTUALLY_SECONDS)


def _payment(payer: str, payee: str) -> Payment:
    event = uuid4()
    return make(str(event), 1, payer, payee, 2500, "GBP", "")
