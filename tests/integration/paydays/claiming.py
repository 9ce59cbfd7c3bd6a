"""A claim step by step, and how the payday of a claimed event ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db.parts import Claim
from tests.edits import Subject
from tests.steps import send_and_settle, taking
from tests.world import World


def batch_of(world: World) -> int | None:
    batches = world.tick()
    return batches[0].id if batches else None


def take(world: World, batch_id: int) -> Callable[[Session], Claim | None]:
    return taking(world.service, batch_id)


def send(world: World, taken: list[Claim]) -> None:
    """What a worker does with its claim."""
    for claim in taken:
        send_and_settle(world.service, claim)


def republished(world: World) -> list[Any]:
    world.end_waiting()
    world.transact(lambda session: session.execute(text("UPDATE batch SET published_at = NULL")))
    return world.tick()


def finish(world: World, subject: Subject, *allowed: int | None) -> None:
    """Pays what is left of today; what was paid of the first event is one of `allowed`, as the event says itself."""
    for _ in range(2):
        world.pay(republished(world))
    event = subject.event()
    amounts = [row.amount for row in world.transactions() if row.event_id == event.id]
    later = [row for row in world.transactions() if row.schedule_id == subject.schedule_id]
    assert len(later) <= 1
    assert (later[0].amount if later else None) in allowed
    if amounts:
        assert (event.status, amounts) == ("paid", [event.amount])
    assert_one_a_date(subject)
    assert_closes(world)


def assert_closes(world: World) -> None:
    world.set_day("2026-03-03")
    world.tick()
    run = world.run("2026-03-02")
    assert run is not None
    assert (run.status, run.off) == ("closed", None)
    world.assert_books_agree("2026-03-02")
    world.assert_paid_once()


def assert_one_a_date(subject: Subject) -> None:
    """A nominal date has at most one live event (rule S3)."""
    events = subject.world.events(subject.schedule_id)
    live = [event.nominal_date for event in events if event.status != "cancelled"]
    assert len(live) == len(set(live))
