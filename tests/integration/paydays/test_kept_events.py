"""What an extension and a resumption leave alone: dates that are held already, and what was paused past its date."""

from __future__ import annotations

from collections import Counter
from datetime import date

from shared.domain.edits import Overridden
from tests.edits import Subject, apply, change, edit_event, pause, resume, skip, subject_of
from tests.world import World
from worker_service.extend import extend_through


def test_an_extension_passes_over_the_dates_that_are_kept_beyond_what_is_written(world: World) -> None:
    schedule = world.schedule(frequency="monthly")
    kept, skipped = world.events(schedule)[2:4]
    apply(Subject(world, schedule, kept.id), edit_event(amount=4200))
    apply(Subject(world, schedule, skipped.id), skip)
    apply(Subject(world, schedule, kept.id), change(overridden=Overridden.KEEP, rule={"frequency": "daily"}))
    assert (kept.nominal_date, skipped.nominal_date) == (date(2026, 5, 2), date(2026, 6, 2))
    for day in (date(2026, 3, 20), date(2026, 4, 20), date(2026, 5, 20), date(2026, 6, 20)):
        assert extend_through(world.service, day) > 0
    events = [event for event in world.events(schedule) if event.cancel_reason != "superseded"]
    assert max(Counter(event.nominal_date for event in events).values()) == 1
    (may,) = (event for event in events if event.nominal_date == kept.nominal_date)
    assert (may.id, may.amount) == (kept.id, 4200)
    assert [event.status for event in events if event.nominal_date == skipped.nominal_date] == ["cancelled"]


def test_what_was_paused_past_its_date_stays_paused_when_its_pause_ends(world: World) -> None:
    subject = subject_of(world, before=pause(date(2026, 3, 2), date(2026, 4, 10)))
    world.set_day("2026-03-03")
    apply(subject, resume)
    assert world.statuses(subject.schedule_id)[:2] == ["paused", "scheduled"]
    world.pay()
    assert world.transactions() == []


def test_what_was_paused_past_its_date_stays_paused_when_its_terms_change(world: World) -> None:
    subject = subject_of(world, before=pause(date(2026, 3, 2), date(2026, 3, 5)))
    world.set_day("2026-03-06")
    apply(subject, change(amount=3100))
    assert (subject.event().status, subject.event().amount) == ("paused", 3100)
    world.pay()
    assert world.transactions() == []
