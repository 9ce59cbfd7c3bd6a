"""Which batches workers hear of, and who gets them (rules C2, C4, D5)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from shared.db import publishing
from tests.steps import take
from tests.world import World
from worker_service import dispatch

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WAITING = text("""
INSERT INTO batch (run_date, date, first_id, last_id)
SELECT '2026-03-02', '2026-03-02', gen_random_uuid(), 'ffffffff-ffff-ffff-ffff-ffffffffffff'
FROM generate_series(1, :count)
""")


def test_a_batch_that_was_taken_while_it_counted_as_unpublished_is_offered_for_takeover(world: World) -> None:
    world.schedule()
    (batch,) = world.tick()
    # The broker took the message, but its answer was lost.
    world.transact(lambda s: publishing.take_back(s, [batch.id]))
    assert take(world.service, batch.id) is not None  # and this worker dies
    world.transact(
        lambda s: s.execute(text("UPDATE batch SET lease_until = now() - interval '1 hour' WHERE status = 'claimed'"))
    )
    assert [ready.id for ready in world.tick()] == [batch.id]


def test_what_the_broker_did_not_take_is_told_again_by_the_next_tick(world: World) -> None:
    world.environment["BATCH_SIZE"] = "1"
    world.set_day("2026-03-02")
    world.schedules(3)

    def refuse(batches: Sequence[publishing.Ready]) -> None:
        raise ConnectionError(f"{len(batches)} batches and no broker")

    with pytest.raises(ConnectionError, match="3 batches"):
        dispatch.tick(world.service, refuse)
    assert len(world.tick()) == 3
    assert world.tick() == []


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


@pytest.mark.parametrize("state", ["fresh", "one row analysed"])
def test_no_more_batches_are_published_than_asked_for(world: World, state: str) -> None:
    if state == "one row analysed":
        world.schedule()
        world.pay()
        with world.service.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE batch"))
    world.transact(lambda s: s.execute(WAITING, {"count": 300}))
    ready = world.transact(lambda s: publishing.ready(s, date(2026, 3, 2), now=NOON, lease_seconds=120, most=5))
    assert len(ready) == 5


def test_a_queue_that_is_nearly_full_is_left_alone(world: World) -> None:
    world.schedule()
    world.pay()
    world.transact(lambda s: s.execute(WAITING, {"count": 150}))
    begun = text("UPDATE batch SET status = 'done' WHERE id = ANY(:ids)")
    told = [batch.id for batch in world.tick()]
    assert len(told) == dispatch.PUBLISHED_MOST
    world.transact(lambda s: s.execute(begun, {"ids": told[:24]}))
    assert world.tick() == []
    world.transact(lambda s: s.execute(begun, {"ids": told[24:25]}))
    assert len(world.tick()) == 25


def test_two_takers_of_a_batch_whose_lease_ran_out_do_not_both_get_it(world: World) -> None:
    world.schedules(3)
    (batch,) = world.tick()
    assert take(world.service, batch.id) is not None
    for _ in range(5):
        world.expire_leases()
        taken: list[Any] = []
        barrier = threading.Barrier(4)

        def take_it() -> None:
            service = world.worker()
            barrier.wait()  # noqa: B023
            taken.append(take(service, batch.id))  # noqa: B023

        threads = [threading.Thread(target=take_it) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        got = [claim for claim in taken if claim is not None]
        assert len(got) == 1
        assert (len(got[0].fresh), len(got[0].doubtful)) == (0, 3)
        world.transact(lambda session: session.execute(text("UPDATE batch SET deaths = 0")))  # or it would be split


def _batch(world: World, **changes: str) -> int:
    """Another batch of one event."""
    columns = {"run_date": "'2026-03-02'", "date": "'2026-03-02'", **changes}
    event_id = uuid4()
    return world.transact(
        lambda s: s.execute(
            text(
                f"INSERT INTO batch (first_id, last_id, ids, {', '.join(columns)})"
                f" VALUES (:id, :id, ARRAY[:id]::uuid[], {', '.join(columns.values())}) RETURNING id"
            ),
            {"id": event_id},
        ).scalar_one()
    )


def test_a_batch_is_published_from_the_business_time_on_at_which_it_opens(world: World) -> None:
    world.schedule()
    world.pay()
    late = _batch(world, opens_at="'2026-03-02T14:00Z'")
    assert world.tick() == []
    world.set_day("2026-03-02T13:59")
    assert world.tick() == []
    world.set_day("2026-03-02T14:00")
    assert [batch.id for batch in world.tick()] == [late]


@pytest.mark.parametrize(
    "changes", [{"retry": "true"}, {"held": "true"}, {"opens_at": "'2026-03-02T00:00Z'"}, {"deaths": "1"}], ids=repr
)
def test_what_differs_from_other_small_batches_is_not_merged_with_them(world: World, changes: dict[str, str]) -> None:
    world.schedule()
    world.pay()
    apart = {_batch(world, **changes) for _ in range(2)}
    merged = {_batch(world) for _ in range(3)}
    told = {batch.id for batch in world.tick()}
    assert apart < told
    assert len(told) == 3
    assert not told & merged
