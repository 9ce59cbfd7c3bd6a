"""What a run takes on after its plan, and what leaves it (rules C2, D4, D6)."""

from __future__ import annotations

import random
import threading

from tests.world import World


def test_an_event_created_after_the_plan_is_paid_today(world: World) -> None:
    world.schedules(3)
    world.pay()
    late = world.schedule(payer="late")
    assert world.counts() == {"due": 4, "paid": 3, "waiting": 1}
    world.pay()
    assert world.event(late).status == "paid"
    assert world.counts() == {"due": 4, "paid": 4}
    world.assert_books_agree()


def test_an_event_created_before_the_plan_is_counted_once(world: World) -> None:
    world.schedules(3)
    assert world.counts() == {}
    world.pay()
    assert world.counts() == {"due": 3, "paid": 3}


def test_many_late_events_are_gathered_into_one_batch(world: World) -> None:
    world.schedule()
    world.pay()
    world.schedules(40)
    assert len(world.tick()) == 1


def test_what_is_cancelled_before_the_plan_was_never_due(world: World) -> None:
    cancelled, kept = world.schedules(2)
    world.cancel(cancelled)
    world.pay()
    assert world.counts() == {"due": 1, "paid": 1}
    assert world.event(cancelled).status == "cancelled"
    assert world.event(kept).status == "paid"


def test_what_is_cancelled_after_the_plan_is_withdrawn(world: World) -> None:
    cancelled, _ = world.schedules(2)
    batches = world.tick()
    world.cancel(cancelled)
    assert world.counts() == {"due": 2, "withdrawn": 1, "waiting": 1}
    world.pay(batches)
    assert world.counts() == {"due": 2, "withdrawn": 1, "paid": 1}
    world.assert_books_agree()


def test_what_was_paid_stays_when_its_schedule_is_cancelled(world: World) -> None:
    schedule = world.schedule(frequency="monthly", count=3)
    world.pay()
    assert len(world.cancel(schedule)) == 2
    assert world.statuses(schedule) == ["paid", "cancelled", "cancelled"]


def test_no_event_is_lost_or_counted_twice_while_plans_cancellations_and_creations_race(world: World) -> None:
    world.environment |= {"BATCH_SIZE": "7", "PROVIDER_BATCH_SIZE": "50"}
    world.set_day("2026-03-02")
    world.schedules(60)
    stop = threading.Event()
    failures: list[BaseException] = []

    def guarded(work: object) -> threading.Thread:
        def run() -> None:
            try:
                work()  # type: ignore[operator]
            except BaseException as error:
                failures.append(error)
                raise

        return threading.Thread(target=run)

    def create_and_cancel(seed: int) -> None:
        chance = random.Random(seed)
        mine = []
        for number in range(30):
            mine.append(world.schedule(payer=f"late-{seed}-{number}"))
            if chance.random() < 0.4:
                world.cancel(chance.choice(mine))

    def work() -> None:
        while not stop.is_set():
            world.pay()

    users = [guarded(lambda seed=seed: create_and_cancel(seed)) for seed in range(3)]
    workers = [guarded(work) for _ in range(2)]
    for thread in users + workers:
        thread.start()
    for thread in users:
        thread.join()
    stop.set()
    for thread in workers:
        thread.join()
    assert failures == []
    for _ in range(3):
        world.pay()
    assert set(world.statuses()) <= {"paid", "cancelled"}
    assert world.books().waiting.count == 0
    world.assert_books_agree()
    world.assert_paid_once()
