"""A schedule that pays by the day has one payment a day, also where one rule ends and the next begins."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from tests.edits import Subject, apply, change, edit_event
from tests.world import World

FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 3, day) for day in (6, 7, 8, 9))
BY_THE_DAY = {"frequency": "daily", "interval": 1}


def test_what_was_to_be_paid_before_the_seam_collapses_with_the_day_after_it(world: World) -> None:
    schedule = _saturdays(world)
    assert _live(world, schedule) == [(7, 9), (10, 10), (13, 13)]
    apply(_subject(world, schedule), change(MONDAY, rule=BY_THE_DAY, amount=4000))
    assert _live(world, schedule)[:3] == [(9, 9), (10, 10), (11, 11)]
    (first, *_) = (event for event in world.events(schedule) if event.status == "cancelled")
    assert (first.nominal_date, first.cancel_reason) == (SATURDAY, "collapsed")
    assert [event.sequence for event in world.events(schedule) if event.status == "scheduled"] == list(range(1, 10))


@pytest.mark.parametrize("faults", [[], [{"fault": "drop"}]], ids=["paid", "unknown"])
def test_a_day_that_was_claimed_takes_no_other(world: World, faults: list[dict[str, object]]) -> None:
    schedule = _saturdays(world)
    world.set_day("2026-03-09")
    world.bank.faults(*faults)
    world.pay()
    apply(_subject(world, schedule), change(MONDAY, rule=BY_THE_DAY, amount=4000))
    assert _live(world, schedule)[:3] == [(7, 9), (10, 10), (11, 11)]
    world.bank.clear_faults()
    world.pay()
    world.resolve()
    world.pay()
    assert len(world.transactions()) == 1
    world.assert_paid_once()


def test_it_stays_so_after_further_changes(world: World) -> None:
    schedule = _saturdays(world)
    world.set_day("2026-03-09")
    world.pay()
    subject = _subject(world, schedule)
    for edit in (
        change(MONDAY, rule=BY_THE_DAY),
        change(amount=4000),
        change(MONDAY, rule={"day_convention": "none"}),
        change(rule={"count": 20}),
    ):
        apply(subject, edit)
        assert _live(world, schedule)[:3] == [(7, 9), (10, 10), (11, 11)]


def test_what_was_edited_by_itself_has_its_day_alone(world: World) -> None:
    schedule = _saturdays(world)
    apply(_subject(world, schedule), edit_event(amount=100))
    apply(_subject(world, schedule), change(MONDAY, rule=BY_THE_DAY))
    assert _live(world, schedule)[:3] == [(7, 9), (10, 10), (11, 11)]


def test_what_its_payer_moved_comes_on_top_of_its_new_day(world: World) -> None:
    schedule = _saturdays(world)
    apply(_subject(world, schedule), edit_event(date=date(2026, 3, 10)))
    apply(_subject(world, schedule), change(MONDAY, rule=BY_THE_DAY))
    assert _live(world, schedule)[:3] == [(7, 10), (9, 9), (10, 10)]


def test_a_day_more_at_the_end_does_not_double_the_last(world: World) -> None:
    world.set_day("2026-03-06")
    schedule = world.schedule(start="2026-03-06", frequency="daily", count=3, day_convention="following")
    assert _live(world, schedule) == [(6, 6), (7, 9)]
    world.set_day("2026-03-09")
    apply(_subject(world, schedule), change(rule={"count": 5}))
    assert _live(world, schedule) == [(6, 6), (7, 9), (10, 10)]


def _saturdays(world: World) -> UUID:
    """Every third day from Saturday the 7th, which is paid on Monday."""
    return world.schedule(start="2026-03-07", frequency="IntrvlDay:03", count=12, day_convention="following")


def _subject(world: World, schedule: UUID) -> Subject:
    return Subject(world, schedule, world.events(schedule)[0].id)


def _live(world: World, schedule: UUID) -> list[tuple[int, int]]:
    """Nominal date and date, as days of March."""
    events = sorted(world.events(schedule), key=lambda event: event.nominal_date)
    return [(event.nominal_date.day, event.date.day) for event in events if event.status != "cancelled"][:3]
