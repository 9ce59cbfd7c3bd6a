"""Edits of what is due today: the books balance, and each event is due once however often it comes and goes (D6)."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text

from tests.edits import Edit, Subject, apply, cancel, change, edit_event, pause, restore, resume, skip, subject_of
from tests.world import World

TODAY, TOMORROW, LATER = date(2026, 3, 2), date(2026, 3, 3), date(2026, 4, 20)
REST = pause(TODAY)
PAID = {"due": 1, "paid": 1}
WITHDRAWN = {"due": 1, "withdrawn": 1}

CASES: dict[str, tuple[list[Edit], dict[str, int], int | None]] = {
    "amount of the schedule": ([change(amount=3100)], PAID, 3100),
    "amount of the event": ([edit_event(amount=4200)], PAID, 4200),
    "amount there and back": ([edit_event(amount=4200), edit_event(amount=2500)], PAID, 2500),
    "skipped": ([skip], WITHDRAWN, None),
    "skipped twice": ([skip, skip], WITHDRAWN, None),
    "skipped and restored": ([skip, restore], PAID, 2500),
    "skipped and restored again": ([skip, restore, skip, restore], PAID, 2500),
    "restored with another amount": ([skip, change(TODAY, amount=3100), restore], PAID, 3100),
    "restored after a change of the whole": ([skip, change(amount=3100), restore], PAID, 3100),
    "edited, skipped, restored": ([edit_event(amount=4200), skip, restore], PAID, 4200),
    "paused": ([REST], WITHDRAWN, None),
    "paused and resumed": ([REST, resume], PAID, 2500),
    "resumed with another amount": ([REST, change(amount=3100), resume], PAID, 3100),
    "edited while paused": ([REST, edit_event(amount=4200), resume], PAID, 4200),
    "skipped in a pause": ([REST, skip, resume], WITHDRAWN, None),
    "skipped in a pause and restored": ([REST, skip, resume, restore], PAID, 2500),
    "restored into a pause": ([skip, REST, restore], WITHDRAWN, None),
    "moved to tomorrow": ([edit_event(date=TOMORROW)], WITHDRAWN, None),
    "moved to another month": ([edit_event(date=LATER)], WITHDRAWN, None),
    "moved away and back": ([edit_event(date=LATER), edit_event(date=TODAY)], PAID, 2500),
    "moved away, back with another amount": ([edit_event(date=LATER), edit_event(date=TODAY, amount=9900)], PAID, 9900),
    "moved out of a pause": ([REST, edit_event(date=LATER), resume], WITHDRAWN, None),
    "new rule without today": ([change(rule={"start_date": date(2026, 3, 10)})], WITHDRAWN, None),
    "new rule with today": ([change(rule={"frequency": "weekly"})], {"due": 2, "withdrawn": 1, "paid": 1}, 2500),
    "new rule and terms": (
        [change(rule={"frequency": "weekly"}, amount=100)],
        {"due": 2, "withdrawn": 1, "paid": 1},
        100,
    ),
    "fewer dates": ([change(rule={"count": 2})], PAID, 2500),
    "cancelled": ([cancel], WITHDRAWN, None),
    "skipped, then cancelled": ([skip, cancel], WITHDRAWN, None),
}


@pytest.mark.parametrize("planned", [True, False], ids=["after the plan", "before the plan"])
@pytest.mark.parametrize("name", CASES)
def test_the_books_balance_after_an_edit_of_what_is_due_today(world: World, name: str, planned: bool) -> None:
    edits, counts, paid = CASES[name]
    other = world.schedule(payer="other", currency="EUR", amount=700)
    subject = subject_of(world)
    if planned:
        world.tick()
    for edit in edits:
        made = apply(subject, edit)
        subject = subject._replace(pause_id=getattr(made, "id", None) if edit is REST else subject.pause_id)
    assert world.books().waiting.count >= 0
    _pay_all(world)
    assert world.event(other).status == "paid"
    if planned:
        assert world.counts() == {**counts, "due": counts["due"] + 1, "paid": counts.get("paid", 0) + 1}
    amounts = [row.amount for row in world.transactions() if row.schedule_id == subject.schedule_id]
    assert amounts == ([] if paid is None else [paid])
    _close_and_check(world)


def test_an_event_moved_to_today_after_the_plan_is_paid_today(world: World) -> None:
    subject = _tomorrows(world)
    _pay_all(world)
    apply(subject, edit_event(date=TODAY))
    assert world.counts() == {"due": 2, "paid": 1, "waiting": 1}
    _pay_all(world)
    assert (subject.event().status, subject.event().nominal_date) == ("paid", TOMORROW)
    _close_and_check(world)
    assert world.counts("2026-03-02") == {"due": 2, "paid": 2}


def test_an_event_that_comes_to_today_and_goes_and_comes_is_due_once(world: World) -> None:
    subject = _tomorrows(world)
    world.tick()
    for day in (TODAY, LATER, TODAY, TOMORROW, TODAY):
        apply(subject, edit_event(date=day, amount=1000 + day.day))
    _pay_all(world)
    assert world.counts() == {"due": 2, "paid": 2}
    assert [row.amount for row in world.transactions()].count(1002) == 1
    _close_and_check(world)


def test_an_event_that_goes_to_tomorrow_is_due_there_once(world: World) -> None:
    subject = subject_of(world)
    world.tick()
    for day in (TOMORROW, TODAY, TOMORROW):
        apply(subject, edit_event(date=day))
    _close_and_check(world)
    _pay_all(world)
    assert world.counts("2026-03-02") == {"due": 1, "withdrawn": 1}
    assert world.counts("2026-03-03") == {"due": 1, "paid": 1}
    world.set_day("2026-03-04")
    world.pay()
    world.assert_books_agree("2026-03-03")
    world.assert_paid_once()


@pytest.mark.parametrize(
    ("edit", "counts", "amount"),
    [
        (edit_event(amount=4200), PAID, 4200),
        (change(amount=3100), PAID, 3100),
        (skip, WITHDRAWN, None),
        (pause(TODAY), WITHDRAWN, None),
        (edit_event(date=LATER), WITHDRAWN, None),
        (cancel, WITHDRAWN, None),
    ],
    ids=["event amount", "amount", "skip", "pause", "move", "cancel"],
)
def test_what_was_carried_is_edited_on_the_next_day(
    world: World, edit: Edit, counts: dict[str, int], amount: int | None
) -> None:
    subject = subject_of(world)
    world.tick()
    world.set_day("2026-03-03")
    batches = world.tick()
    apply(subject, edit)
    world.pay(batches)
    _pay_all(world)
    assert world.counts("2026-03-02") == {"due": 1, "carried": 1}
    assert world.counts("2026-03-03") == counts
    assert [row.amount for row in world.transactions()] == ([] if amount is None else [amount])
    world.set_day("2026-03-04")
    world.pay()
    world.assert_books_agree("2026-03-03")
    world.assert_paid_once()


def test_a_pause_that_ends_after_the_day_leaves_its_event_paused_for_good(world: World) -> None:
    subject = subject_of(world)
    world.tick()
    pause_id = getattr(apply(subject, REST), "id")  # noqa: B009 - of a pause
    world.set_day("2026-03-03")
    world.tick()
    apply(subject._replace(pause_id=pause_id), resume)
    _pay_all(world)
    assert subject.event().status == "paused"
    assert world.statuses(subject.schedule_id)[1:] == ["scheduled"] * 5
    assert world.counts("2026-03-02") == {"due": 1, "withdrawn": 1}
    assert world.counts("2026-03-03") == {}


def _tomorrows(world: World) -> Subject:
    """A schedule whose first event is due tomorrow, beside one that is due today."""
    world.schedule(payer="other")
    return subject_of(world, start="2026-03-03")


def _pay_all(world: World) -> None:
    """As if workers had lost what was published: it is published and paid again until nothing waits."""
    for _ in range(2):
        world.transact(lambda session: session.execute(text("UPDATE batch SET published_at = NULL")))
        world.pay()


def _close_and_check(world: World) -> None:
    world.set_day("2026-03-03")
    world.tick()
    run = world.run("2026-03-02")
    assert run is not None
    assert (run.status, run.off) == ("closed", None)
    world.assert_books_agree("2026-03-02")
    world.assert_paid_once()
