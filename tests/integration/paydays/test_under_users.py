"""Plans, closings and extensions while users go on (rules C2, D3-D7)."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import text

from shared.db import migrate, planning, runs
from shared.db.clock import business_now
from shared.db.retrying import transact
from shared.domain.errors import Invalid
from tests.world import World
from worker_service.watch import LOOK_SECONDS


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
    owed = {event.date: event.status for event in world.events(schedule)}
    assert {owed[date(2026, 3, day)] for day in range(21, 25)} == {"missed"}
    assert {owed[date(2026, 3, day)] for day in range(25, 31)} == {"paid"}
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
    planner.join(60)
    waited = bool(done)
    stop.set()
    for user in users:
        user.join()
    planner.join()
    assert waited, "the plan waited for as long as users came"


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


def test_nothing_is_sent_of_a_run_after_it_was_told_to_close(world: World) -> None:
    latency, machine_seconds = 0.1, 3.0
    most = round((LOOK_SECONDS + machine_seconds) / latency) + 1  # one is on its way when the close commits
    world.environment |= {"PROVIDER_CONCURRENCY": "1"}
    world.set_day("2026-03-02")
    world.bank.faults({"fault": "latency", "seconds": latency, "times": 1000})
    world.schedules(3 * most)
    batches = world.tick()
    worker = threading.Thread(target=lambda: world.pay(batches))
    worker.start()
    _until(lambda: world.bank.summary()["sends"] >= 2)
    with world.services[0].sessions.begin() as session:
        runs.begin_close(session, date(2026, 3, 2), "stop")
    at_close = world.bank.summary()["sends"]
    worker.join()
    assert world.bank.summary()["sends"] <= at_close + most


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

    threads = [guarded(partial(use, seed)) for seed in range(3)] + [guarded(work) for _ in range(2)]
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


def _until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
