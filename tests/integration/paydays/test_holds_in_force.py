"""What holds cover, and that what waited because of them is woken when one ends (rule P3)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import holds, runs
from shared.db.holds import HELD, Holds
from shared.db.models import Hold
from shared.db.parts import Claim
from tests.integration.paydays.racing import overlap
from tests.world import World
from worker_service import pay
from worker_service.service import Service

TODAY = date(2026, 3, 2)
WAIT = text("""
UPDATE batch SET published_at = now(), wait_until = now() + interval '1 hour', held = :held
WHERE id = (SELECT id FROM batch WHERE status = 'waiting' AND NOT held AND wait_until IS NULL ORDER BY id LIMIT 1)
RETURNING id
""")


def place(world: World, payer: str | None = None, payee: str | None = None) -> Hold:
    return world.transact(
        lambda session: holds.place(session, payer_id=payer, payee_id=payee, reason="fraud", placed_by="operator")
    )


def end(world: World, hold: Hold) -> bool:
    return world.transact(lambda session: holds.end(session, holds.lock(session, hold.id)))


def waiting(world: World, *, held: bool) -> int:
    """A batch of a begun run that waits an hour."""
    return int(world.transact(lambda session: session.execute(WAIT, {"held": held}).scalar_one()))


def begun(world: World, batches: int) -> None:
    world.schedule("first")
    world.pay()
    for number in range(batches):
        world.schedule(f"payer-{number}")


def asleep(world: World) -> list[int]:
    query = text("SELECT id FROM batch WHERE status = 'waiting' AND wait_until IS NOT NULL ORDER BY id")
    return world.transact(lambda session: list(session.scalars(query)))


def held_payers(session: Session) -> Any:
    return set(session.scalars(text(f"SELECT payer_id FROM event e WHERE {HELD}")))


@pytest.mark.parametrize(
    ("payer", "payee", "held"),
    [
        (None, None, {"alice", "bob", "carol"}),
        ("alice", None, {"alice"}),
        ("shop", None, set()),
        (None, "shop", {"alice", "bob"}),
        (None, "alice", set()),
        (None, "nobody", set()),
    ],
)
def test_the_database_and_the_worker_agree_on_what_a_hold_covers(
    world: World, payer: str | None, payee: str | None, held: set[str]
) -> None:
    parties = {"alice": "shop", "bob": "shop", "carol": "landlord"}
    for name, to in parties.items():
        world.schedule(name, to)
    assert world.transact(held_payers) == set()
    assert not world.transact(holds.active)
    hold = place(world, payer, payee)
    found = world.transact(holds.active)
    assert found
    assert {name for name, to in parties.items() if found.covers(name, to)} == held
    assert world.transact(held_payers) == held
    end(world, hold)
    assert world.transact(holds.active) == Holds()
    assert world.transact(held_payers) == set()


def test_several_holds_are_read_at_once(world: World) -> None:
    place(world, payer="alice")
    place(world, payer="bob")
    place(world, payee="shop")
    found = Holds(payers=frozenset({"alice", "bob"}), payees=frozenset({"shop"}))
    assert world.transact(holds.active) == found
    assert found.covers("dave", "shop")
    assert not found.covers("dave", "landlord")
    place(world)
    assert world.transact(holds.active).covers("dave", "landlord")


def test_ending_a_hold_wakes_what_waits_because_of_holds_and_nothing_else(world: World) -> None:
    hold = place(world, payer="payer-0")
    begun(world, 2)
    held, slow = waiting(world, held=True), waiting(world, held=False)
    assert asleep(world) == [held, slow]
    assert world.tick() == []
    assert end(world, hold) is True
    assert asleep(world) == [slow]
    ready = world.tick()
    assert [item.id for item in ready] == [held]
    assert world.pay(ready) == 1


def test_ending_again_wakes_nothing(world: World) -> None:
    hold = place(world)
    assert end(world, hold) is True
    begun(world, 1)
    batch = waiting(world, held=True)
    assert end(world, hold) is False
    assert asleep(world) == [batch]


def test_a_hold_ends_while_a_run_is_being_closed(world: World) -> None:
    begun(world, 1)
    hold = place(world)
    batch = waiting(world, held=True)
    order: list[str] = []

    def closing(session: Session) -> None:
        runs.lock(session, TODAY)
        order.append("closing")

    def ending(session: Session) -> None:
        order.append(f"ended {holds.end(session, holds.lock(session, hold.id))}")

    with world.service.sessions.begin() as session:
        closing(session)
        world.transact(ending)
    assert order == ["closing", "ended True"]
    assert asleep(world) == [batch]


def test_what_was_held_in_a_paused_run_is_woken_by_resuming_it(world: World) -> None:
    begun(world, 1)
    batch = waiting(world, held=True)
    world.transact(lambda session: runs.pause(session, TODAY, "looking into it"))
    assert world.tick() == []
    world.transact(lambda session: runs.resume(session, TODAY, "all is well"))
    assert [item.id for item in world.tick()] == [batch]


def test_two_that_end_the_same_hold_at_once_end_it_once(world: World) -> None:
    hold = place(world)
    ended: list[bool] = []

    def ending(session: Session) -> None:
        ended.append(holds.end(session, holds.lock(session, hold.id)))

    assert overlap(world, ending, ending) == []
    assert ended == [True, False]


def test_what_a_part_passed_over_is_paid_when_its_hold_ends_before_the_batch_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts go on behind the last event that was claimed; the one that was held lies before it."""
    provider = replace(world.service.settings.provider, mode="none", concurrency=1, batch_size=1)
    world.set_day("2026-03-02", provider=provider)
    world.schedule("held")
    world.schedule("other")
    hold = place(world, payer="held")
    following = pay._next

    def ended(service: Service, claim: Claim) -> Claim | None:
        end(world, hold)
        return following(service, claim)

    monkeypatch.setattr(pay, "_next", ended)
    assert world.pay() == 1
    assert world.pay() == 1
    assert [event.status for event in world.events()] == ["paid", "paid"]
