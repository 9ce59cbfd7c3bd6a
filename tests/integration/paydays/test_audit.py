"""An auditor's questions to the money core; each test is a property that must hold."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from shared.db import migrate, planning, publishing, runs
from shared.db.clock import business_now
from shared.db.retrying import transact
from shared.domain.errors import Invalid
from tests.bank import BankProcess
from tests.integration.paydays.test_doubt import _claim
from tests.world import World
from worker_service import pay, resolve

SILENT = {"fault": "hang", "seconds": 5, "on": "single"}


@pytest.fixture
def forgetful(database_url: str) -> Iterator[World]:
    """A world whose bank honours a key for eight seconds, and whose settings say so."""
    with BankProcess("--key-window-seconds", "8") as bank:
        world = World(database_url, bank, PROVIDER_KEY_WINDOW_SECONDS="8", LEASE_SECONDS="6")
        yield world
        world.close()


def test_the_resolver_does_not_send_a_key_that_the_bank_may_have_forgotten_meanwhile(forgetful: World) -> None:
    world = forgetful
    world.bank.faults({**SILENT, "times": 6})
    for payer in ("a", "b"):
        world.schedule(payer=payer)
    world.pay()
    assert set(world.statuses()) == {"unknown"}
    world.bank.clear_faults()
    # Whoever is looked at first holds the resolver up; the second one is throttled once.
    world.bank.faults({**SILENT, "times": 3}, {"fault": "throttled", "on": "single", "retryAfter": "2", "times": 1})
    world.set_day("2026-03-02", lease_seconds=3)  # the margin is the lease, whatever its length
    _until(lambda: _age(world) > 4.6)
    world.resolve()
    assert len(list(world.bank.payments())) == 2


def _age(world: World) -> float:
    return float(
        world.transact(
            lambda s: s.scalar(text("SELECT extract(epoch FROM clock_timestamp() - min(first_sent_at)) FROM attempt"))
        )
    )


def test_a_not_found_judged_by_a_resolver_that_was_overtaken_by_another_proves_nothing(world: World) -> None:
    world.bank.faults({"fault": "drop", "on": "single", "times": 3})
    world.environment["PROVIDER_PROCESSING_SECONDS"] = "8"
    world.set_day("2026-03-02")
    schedule = world.schedule()
    world.pay()
    assert world.event(schedule).status == "unknown"
    world.transact(
        lambda s: s.execute(
            text(
                "UPDATE attempt SET next_at = now(), last_sent_at = now() - interval '60 s',"
                " first_sent_at = now() - interval '61 s'"
            )
        )
    )
    world.environment["CUTOFF_AT"] = "15:00"
    world.set_day("2026-03-02T15:00")
    first = world.service  # for the first one the hours are over, so it will ask
    slow = resolve._take(first)
    assert slow is not None
    assert slow.send_seconds is None
    world.set_day("2026-03-02T14:00")
    world.bank.faults({**SILENT, "commitAfterSeconds": 6, "hidden": True, "times": 3})
    assert world.resolve() == 0  # the second one sends; the bank will pay within its processing time
    world.bank.clear_faults()
    assert resolve._resolve(first, slow) is False
    status = world.event(schedule).status
    world.environment.pop("CUTOFF_AT")
    world.set_day("2026-03-03")
    _until(lambda: len(list(world.bank.payments())) > 0)
    world.pay()
    assert len(list(world.bank.payments())) == 1
    assert status == "unknown"


def test_the_last_possible_send_is_not_noted_earlier_than_it_was(world: World) -> None:
    world.bank.faults({"fault": "hang", "seconds": 5, "commit": False, "times": 100})
    world.schedule()
    world.pay()
    world.resolve()
    noted = world.transact(lambda s: s.scalar(text("SELECT extract(epoch FROM last_sent_at)::float FROM attempt")))
    sends = [row["receivedAt"] for row in world.bank.sends()]
    last = max(_seconds(value) for value in sends)
    assert noted >= last - 0.05, f"the last send came {last - noted:.2f} s after the noted one"


def _seconds(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else datetime.fromisoformat(value).timestamp()


def test_the_resolver_sends_nothing_after_the_cut_off(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    noon = ZoneInfo(f"Etc/GMT{datetime.now(UTC).hour - 12:+d}")  # where it is about noon, at any hour
    real_time = dataclasses.replace(world.service.settings.business, frozen=None, zone=noon)
    now = business_now_of(world, real_time)
    minute = now.instant.astimezone(noon)
    clock = dataclasses.replace(real_time, cutoff_at=minute.hour * 60 + minute.minute + 2)
    world.set_day(now.today.isoformat(), lease_seconds=300)
    world.bank.faults({**SILENT, "times": 3})
    world.schedule()
    world.pay()
    world.service.settings = dataclasses.replace(world.service.settings, business=clock)
    left = business_now_of(world, clock).seconds_to_cutoff
    began = time.monotonic()
    seen: list[float] = []
    real = world.service.gateway.make_payments

    def watched(payments: Any, *, last_start: float, **rest: Any) -> Any:
        seen.append(last_start - began)
        return real(payments, last_start=last_start, **rest)

    monkeypatch.setattr(world.service.gateway, "make_payments", watched)
    world.resolve()
    assert seen
    assert seen[0] <= left + 0.1, f"may send {seen[0] - left:.0f} s after the cut-off"


def business_now_of(world: World, clock: Any) -> Any:
    return world.transact(lambda s: business_now(s, clock))


def test_one_unknown_that_cannot_be_written_stops_no_other(world: World) -> None:
    world.bank.faults({"fault": "drop", "on": "single", "times": 9})
    schedules = world.schedules(3)
    world.pay()
    assert set(world.statuses()) == {"unknown"}
    for schedule in schedules:
        world.cancel(schedule)  # so that they are asked about
    world.transact(
        lambda s: s.execute(
            text("""UPDATE schedule SET status = 'active', rule = rule || '{"moonPhase": 3}' WHERE id = :id"""),
            {"id": schedules[0]},
        )
    )
    world.environment |= {"PROVIDER_KEY_WINDOW_SECONDS": "50", "LEASE_SECONDS": "6", "PROVIDER_RECORD_SECONDS": "86400"}
    world.transact(lambda s: s.execute(text("UPDATE attempt SET first_sent_at = now() - interval '100 s'")))
    world.set_day("2026-03-02")
    with contextlib.suppress(ValueError):
        world.resolve()
    assert sorted(world.statuses()) == ["cancelled", "cancelled", "unknown"]


def test_a_round_of_the_resolver_is_spent_only_on_what_it_looked_at(world: World) -> None:
    world.bank.faults({"fault": "hang", "seconds": 5, "commit": False, "times": 1000})
    world.schedules(4)
    world.pay()
    sends = world.bank.summary()["sends"]
    world.set_day("2026-03-02", lease_seconds=1)
    world.resolve()
    rounds = world.transact(lambda s: s.scalar(text("SELECT count(*) FROM attempt WHERE asks > 0")))
    looked_at = len({row["idempotencyKey"] for row in list(world.bank.sends())[sends:]})
    assert rounds == looked_at


def test_a_batch_that_was_taken_while_it_counted_as_unpublished_is_offered_for_takeover(world: World) -> None:
    world.schedule()
    (batch,) = world.tick()
    # The broker took the message, but its answer was lost.
    world.transact(lambda s: publishing.take_back(s, [batch.id]))
    assert _claim(world.service, batch.id) is not None  # and this worker dies
    world.transact(
        lambda s: s.execute(text("UPDATE batch SET lease_until = now() - interval '1 hour' WHERE status = 'claimed'"))
    )
    assert [ready.id for ready in world.tick()] == [batch.id]


def test_what_was_carried_over_is_dispatched_before_what_is_due_today(world: World) -> None:
    world.schedules(2)
    world.schedules(2, start="2026-03-03")
    world.tick()
    world.set_day("2026-03-03")
    ready = world.tick()
    dates = world.transact(
        lambda s: {row.id: row.date for row in s.execute(text("SELECT id, date FROM batch"))},
    )
    assert [dates[batch.id] for batch in ready] == [date(2026, 3, 2), date(2026, 3, 3)]


def test_what_an_extension_writes_into_the_past_is_not_paid_later_than_its_schedule_allows(world: World) -> None:
    schedule = world.schedule(frequency="daily", pay_late=5)
    world.transact(
        lambda s: s.execute(
            text("""UPDATE schedule SET rule = rule || '{"moonPhase": 3}' WHERE id = :id"""), {"id": schedule}
        )
    )
    for day in ("2026-03-10", "2026-03-20", "2026-03-30"):
        world.set_day(day)
        world.pay()
    world.transact(
        lambda s: s.execute(text("UPDATE schedule SET rule = rule - 'moonPhase' WHERE id = :id"), {"id": schedule})
    )
    from worker_service import extend

    extend.extend_through(world.service, world.today)
    world.pay()
    world.pay()
    paid = {event.date for event in world.events(schedule) if event.status == "paid"}
    too_late = sorted(str(day) for day in paid if day > date(2026, 3, 20) and day < date(2026, 3, 25))
    assert too_late == []
    assert world.books().balanced


def test_a_plan_is_made_while_users_go_on_creating_schedules(world: World) -> None:
    world.schedules(3)
    stop = threading.Event()
    worker = world.worker()

    def use() -> None:
        while not stop.is_set():
            with worker.sessions.begin() as session:
                runs.enter(session, business_now(session, worker.settings.business))
                session.execute(text("SELECT pg_sleep(0.15)"))

    worker.engine.dispose()
    from shared.db.engine import make_engine

    worker.engine = make_engine(
        world.environment["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg2:"), pool_size=10
    )
    users = [threading.Thread(target=use) for _ in range(10)]
    for user in users:
        user.start()
        time.sleep(0.015)
    done: list[float] = []
    began = time.monotonic()

    def plan() -> None:
        transact(world.service.sessions, lambda s: planning.plan_step(s, world.today, size=10, steps=10, past=False))
        done.append(time.monotonic() - began)

    planner = threading.Thread(target=plan)
    planner.start()
    planner.join(8)
    waited = bool(done)
    stop.set()
    for user in users:
        user.join()
    planner.join()
    assert waited, "the plan waited for as long as users came"


def test_a_late_proof_survives_a_long_closing(world: World) -> None:
    schedule = world.schedule()
    (batch,) = world.tick()
    claim = _claim(world.service, batch.id)
    assert claim is not None
    world.transact(_short_lock_timeout)
    slow = world.worker()
    payments = [pay.payment_of(event) for event in claim.fresh]
    results = slow.gateway.make_payments(payments, last_start=time.monotonic() + 5)
    decisions = pay.decide(claim, payments, results)
    failures: list[BaseException] = []

    def settle() -> None:
        try:
            pay._write(slow, claim, decisions)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    with world.service.sessions.begin() as closing:
        runs.lock(closing, world.today)
        late = threading.Thread(target=settle)
        late.start()
        time.sleep(1.5)  # a closing that sweeps millions takes longer than the lock time-out
    late.join()
    assert failures == []
    assert world.event(schedule).status == "paid"


def _short_lock_timeout(session: Any) -> None:
    name = session.scalar(text("SELECT quote_ident(current_database())"))
    session.execute(text(f"ALTER ROLE CURRENT_USER IN DATABASE {name} SET lock_timeout = '500ms'"))


def test_a_second_deployment_waits_for_the_first_however_long_it_takes(world: World) -> None:
    world.transact(_short_lock_timeout)
    failures: list[BaseException] = []

    def upgrade() -> None:
        try:
            migrate.upgrade(world.environment["DATABASE_URL"])
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    with world.service.sessions.begin() as first:
        first.execute(text("SELECT pg_advisory_xact_lock(7061796461790001)"))
        second = threading.Thread(target=upgrade)
        second.start()
        time.sleep(1.5)
    second.join()
    assert failures == []


def test_users_are_served_while_yesterday_is_being_closed(world: World) -> None:
    world.schedule()
    world.pay()
    world.set_day("2026-03-03")
    world.schedule(payer="first")
    world.transact(_short_lock_timeout)
    world.set_day("2026-03-03")
    with transact_open(world) as closing:
        runs.lock(closing, date(2026, 3, 2))
        world.schedule(payer="second")


def transact_open(world: World) -> Any:
    return world.services[0].sessions.begin()


@pytest.mark.parametrize("state", ["fresh", "one row analysed"])
def test_no_more_batches_are_published_than_asked_for(world: World, state: str) -> None:
    if state == "one row analysed":
        world.schedule()
        world.pay()
        with world.service.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE batch"))
    world.transact(
        lambda s: s.execute(
            text(
                "INSERT INTO batch (run_date, date, first_id, last_id) SELECT '2026-03-02', '2026-03-02',"
                " gen_random_uuid(), 'ffffffff-ffff-ffff-ffff-ffffffffffff' FROM generate_series(1, 300)"
            )
        )
    )
    ready = world.transact(lambda s: publishing.ready(s, date(2026, 3, 2), lease_seconds=120, most=5))
    assert len(ready) == 5


def test_one_schedule_with_a_strange_rule_does_not_spoil_the_settlement_of_its_batch(world: World) -> None:
    world.bank.faults({"fault": "throttled", "payerId": "payer-0"})
    strange, *_ = world.schedules(5)
    world.transact(
        lambda s: s.execute(
            text("""UPDATE schedule SET rule = rule || '{"moonPhase": 3}' WHERE id = :id"""), {"id": strange}
        )
    )
    with contextlib.suppress(ValueError):
        world.pay()
    assert sorted(world.statuses())[:4] == ["paid"] * 4


def test_two_takers_of_a_batch_whose_lease_ran_out_do_not_both_get_it(world: World) -> None:
    world.schedules(3)
    (batch,) = world.tick()
    assert _claim(world.service, batch.id) is not None
    for _ in range(5):
        world.expire_leases()
        taken: list[Any] = []
        barrier = threading.Barrier(4)

        def take() -> None:
            service = world.worker()
            barrier.wait()  # noqa: B023
            taken.append(_claim(service, batch.id))  # noqa: B023

        threads = [threading.Thread(target=take) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        got = [claim for claim in taken if claim is not None]
        assert len(got) == 1
        assert (len(got[0].fresh), len(got[0].doubtful)) == (0, 3)


def test_nothing_is_sent_of_a_run_after_it_was_told_to_close(world: World) -> None:
    world.environment |= {"PROVIDER_CONCURRENCY": "1"}
    world.set_day("2026-03-02")
    world.bank.faults({"fault": "latency", "seconds": 0.2, "times": 1000})
    world.schedules(12)
    batches = world.tick()
    worker = threading.Thread(target=lambda: world.pay(batches))
    worker.start()
    _until(lambda: world.bank.summary()["sends"] >= 2)
    with world.services[0].sessions.begin() as session:
        runs.begin_close(session, date(2026, 3, 2), "stop")
    at_close = world.bank.summary()["sends"]
    worker.join()
    assert world.bank.summary()["sends"] <= at_close + 3  # within one call time-out


def test_a_run_that_cannot_be_closed_now_does_not_stop_the_next_day(world: World) -> None:
    world.schedule()
    world.tick()
    world.set_day("2026-03-03")
    world.schedule(payer="today")
    world.transact(_short_lock_timeout)
    world.set_day("2026-03-03")
    with transact_open(world) as stuck:
        runs.share(stuck, date(2026, 3, 2))  # a request that hangs, or many that follow each other
        ready: list[Any] = []
        with contextlib.suppress(Exception):
            ready = world.tick()
    assert len(ready) == 1


def test_no_event_is_lost_or_counted_twice_while_a_day_is_closed_under_its_users(world: World) -> None:
    world.environment |= {"BATCH_SIZE": "7", "PROVIDER_BATCH_SIZE": "50"}
    world.set_day("2026-03-02")
    world.schedules(40)
    stop = threading.Event()
    failures: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                failures.append(error)
                raise

        return threading.Thread(target=run)

    def use(seed: int) -> None:
        chance, mine, number = random.Random(seed), [], 0
        while not stop.is_set():
            number += 1
            with contextlib.suppress(Invalid):
                mine.append(
                    world.schedule(
                        payer=f"late-{seed}-{number}",
                        start=chance.choice(("2026-03-02", "2026-03-03", "2026-03-04")),
                        frequency=chance.choice(("once", "daily")),
                    )
                )
            if mine and chance.random() < 0.4:
                world.cancel(chance.choice(mine))

    def work() -> None:
        while not stop.is_set():
            world.pay()

    threads = [guarded(lambda seed=seed: use(seed)) for seed in range(3)] + [guarded(work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(1)
        with world.services[0].sessions.begin() as session:
            runs.begin_close(session, date(2026, 3, 2), "early")
        time.sleep(1)
        world.set_day("2026-03-03")
        time.sleep(1)
        world.set_day("2026-03-04")
        time.sleep(1)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    for _ in range(4):
        world.pay()
    late = [event for event in world.events() if event.status == "scheduled" and event.date <= world.today]
    assert late == []
    for day in ("2026-03-02", "2026-03-03", "2026-03-04"):
        world.assert_books_agree(day)
        run = world.run(day)
        assert run is not None
        assert run.off is None
    assert world.books().waiting.count == 0
    world.assert_paid_once()


def _until(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
