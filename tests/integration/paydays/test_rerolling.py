"""Days that an operator closes and opens again, and the events that move with them (rules D2, S3, D6)."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.db import calendar_changes
from shared.domain import horizon
from shared.reroll import Rerolled, reroll_all
from tests.edits import Edit, Subject, apply, change, edit_event, pause, restore, skip, subject_of
from tests.world import ACT, World
from worker_service.calendars import keep_up
from worker_service.extend import extend_through

CODE = "GB-ENG"
TODAY, TOMORROW = date(2026, 3, 2), date(2026, 3, 3)
TENTH = date(2026, 3, 10)  # an ordinary Tuesday
LAST = date(2026, 3, 31)  # a Tuesday, too


@pytest.mark.parametrize(
    ("convention", "paid_on"),
    [
        ("none", date(2026, 3, 31)),
        ("following", date(2026, 4, 1)),
        ("modifiedFollowing", date(2026, 3, 30)),
        ("preceding", date(2026, 3, 30)),
        ("modifiedPreceding", date(2026, 3, 30)),
        ("nearest", date(2026, 4, 1)),
    ],
)
def test_a_closed_day_moves_events_by_their_convention_and_opened_again_brings_them_back(
    world: World, convention: str, paid_on: date
) -> None:
    schedule = world.schedule(start="2026-03-31", day_convention=convention)
    _close_day(world, LAST)
    assert world.event(schedule).date == paid_on
    assert world.event(schedule).nominal_date == LAST
    _open_day(world, LAST)
    assert world.event(schedule).date == LAST
    assert world.event(schedule).overridden is False


def test_rerolling_again_changes_nothing(world: World) -> None:
    schedule = world.schedule(start="2026-03-10", day_convention="following")
    assert [item.schedule_id for item in _close_day(world, TENTH)] == [schedule]
    versions = [(event.version, event.date) for event in world.events(schedule)]
    assert keep_up(world.service) == []
    assert [(event.version, event.date) for event in world.events(schedule)] == versions


def test_what_was_edited_by_itself_stays_on_a_day_that_is_closed(world: World) -> None:
    moved = subject_of(world, payer="moved", day_convention="following", before=edit_event(date=TENTH))
    repriced = subject_of(
        world, payer="repriced", start="2026-03-10", day_convention="following", before=edit_event(amount=4200)
    )
    _close_day(world, TENTH)
    assert (moved.event().date, repriced.event().date) == (TENTH, TENTH)


def test_days_of_a_daily_schedule_collapse_and_come_back(world: World) -> None:
    schedule = _daily(world, count=5, start="2026-03-09")
    _close_day(world, TENTH)
    assert _live(world, schedule) == [9, 11, 12, 13]
    assert [event.sequence for event in _live_events(world, schedule)] == [1, 2, 3, 4]
    assert [event.cancel_reason for event in world.events(schedule) if event.status == "cancelled"] == ["collapsed"]
    _open_day(world, TENTH)
    assert _live(world, schedule) == [9, 10, 11, 12, 13]
    assert [event.sequence for event in _live_events(world, schedule)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("count", [2, 5, None])
def test_the_next_day_of_a_daily_schedule_comes_back_although_it_was_the_first_open_one(
    world: World, count: int | None
) -> None:
    schedule = _daily(world, count=count)
    world.pay()
    before = _live(world, schedule)
    _close_day(world, TOMORROW)
    assert TOMORROW.day not in _live(world, schedule)[:2]
    _open_day(world, TOMORROW)
    assert _live(world, schedule) == before


def test_the_last_day_of_a_daily_schedule_comes_back_although_nothing_else_is_open(world: World) -> None:
    schedule = _daily(world, count=2, day_convention="preceding")
    world.pay()
    _close_day(world, TOMORROW)
    assert world.statuses(schedule) == ["paid", "cancelled"]
    _open_day(world, TOMORROW)
    assert sorted(world.statuses(schedule)) == ["cancelled", "paid", "scheduled"]
    _finish(world)


@pytest.mark.parametrize("opened", [False, True], ids=["closed", "opened again"])
def test_an_extension_goes_on_numbering_after_a_collapsed_day(world: World, opened: bool) -> None:
    schedule = _daily(world, count=None)
    _close_day(world, TENTH)
    if opened:
        _open_day(world, TENTH)
    written = len(_live_events(world, schedule))
    world.transact(lambda session: session.execute(text("UPDATE schedule SET extend_on = DATE '2026-03-20'")))
    assert extend_through(world.service, date(2026, 3, 20)) > 0
    numbers = [event.sequence for event in _live_events(world, schedule)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > written


def test_closing_and_opening_in_turn_never_makes_a_second_payment(world: World) -> None:
    schedule = _daily(world, count=10)
    monthly = world.schedule(payer="monthly", frequency="monthly", day_convention="following", count=3)
    world.pay()
    for day in (TOMORROW, date(2026, 3, 4), TOMORROW, TODAY, date(2026, 3, 4), TODAY):
        closed = _is_closed(world, day)
        _open_day(world, day) if closed else _close_day(world, day)
        assert len(set(_nominal(world, schedule))) == len(_nominal(world, schedule))
        assert len(set(_nominal(world, monthly))) == len(_nominal(world, monthly))
    assert [day.day for day in _nominal(world, schedule)] == [2, 3, 4, 5, 6, 9, 10, 11]
    assert len(world.transactions()) == 2
    _finish(world)


def test_a_skipped_day_is_not_made_again(world: World) -> None:
    subject = Subject(world, schedule := _daily(world, count=3, start="2026-03-10"), world.events()[0].id)
    apply(subject, skip)
    _close_day(world, TENTH)
    _open_day(world, TENTH)
    assert _live(world, schedule) == [11, 12]
    apply(subject, restore)
    assert _live(world, schedule) == [10, 11, 12]


def test_an_event_too_far_ahead_to_be_counted_stays_as_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    far = subject_of(world, frequency="daily", count=None, start="2040-01-04", day_convention="following", before=skip)
    apply(far, change(rule={"start_date": TOMORROW}))
    with monkeypatch.context() as patched:
        patched.setattr(horizon, "MOST_AHEAD", 10_000)  # as it was restored before such events were refused
        apply(far, restore)
    before = far.event()
    _close_day(world, TENTH)
    assert TENTH not in _nominal(world, far.schedule_id)
    after = far.event()
    assert (after.status, after.date, after.version) == ("scheduled", date(2040, 1, 4), before.version)


def test_what_rests_moves_with_its_calendar_and_out_of_its_pause(world: World) -> None:
    subject = subject_of(world, start="2026-03-10", day_convention="following", before=pause(TENTH, date(2026, 3, 11)))
    assert subject.event().status == "paused"
    _close_day(world, TENTH)
    assert (subject.event().status, subject.event().date) == ("scheduled", date(2026, 3, 11))
    _open_day(world, TENTH)
    assert (subject.event().status, subject.event().date) == ("paused", TENTH)


@pytest.mark.parametrize("planned", [True, False], ids=["after the plan", "before the plan"])
def test_closing_today_moves_todays_event_out_of_todays_run(world: World, planned: bool) -> None:
    moved = world.schedule(payer="moved", day_convention="following")
    stays = world.schedule(payer="stays", amount=700, currency="EUR")
    batches = world.tick() if planned else []
    _close_day(world, TODAY)
    assert world.event(moved).date == TOMORROW
    world.pay(batches)
    world.pay()
    assert (world.event(moved).status, world.event(stays).status) == ("scheduled", "paid")
    world.set_day("2026-03-03")
    world.pay()
    assert world.event(moved).status == "paid"
    expected = {"due": 2, "withdrawn": 1, "paid": 1} if planned else {"due": 1, "paid": 1}
    assert world.counts("2026-03-02") == expected
    assert world.counts("2026-03-03") == {"due": 1, "paid": 1}
    _finish(world)


def test_closing_today_and_opening_it_again_pays_today_once(world: World) -> None:
    monthly = subject_of(world, payer="monthly", day_convention="following")
    daily = _daily(world, count=3)
    batches = world.tick()
    _close_day(world, TODAY)
    assert _live(world, daily) == [3, 4]
    _open_day(world, TODAY)
    world.pay(batches)
    world.pay()
    assert monthly.event().status == "paid"
    assert [event.status for event in _live_events(world, daily)] == ["paid", "scheduled", "scheduled"]
    assert world.counts() == {"due": 3, "withdrawn": 1, "paid": 2}
    _finish(world)


def test_what_is_paid_already_stays_when_today_is_closed(world: World) -> None:
    schedule = world.schedule(day_convention="following")
    world.pay()
    assert _close_day(world, TODAY) == []
    assert (world.event(schedule).status, world.event(schedule).date) == ("paid", TODAY)
    _finish(world)


def test_a_schedule_that_was_rolled_with_an_older_version_is_found_again(world: World) -> None:
    schedule = world.schedule(start="2026-03-10", day_convention="following")
    _override(world, TENTH, "Jubilee")
    assert world.event(schedule).date == TENTH
    assert [item.schedule_id for item in keep_up(world.service)] == [schedule]
    assert world.event(schedule).date == date(2026, 3, 11)


@pytest.mark.parametrize(
    "edit",
    [
        change(date(2026, 5, 1), amount=3100),
        change(rule={"count": 9}),
        change(date(2026, 5, 1), rule={"frequency": "weekly"}),
        edit_event(amount=4200),
        pause(date(2026, 5, 1)),
    ],
    ids=["terms from a date", "bounds", "rule from a date", "event", "pause"],
)
def test_an_edit_between_a_change_of_the_calendar_and_the_pass_does_not_hide_what_must_move(
    world: World, edit: Edit
) -> None:
    subject = subject_of(world, start="2026-03-09", day_convention="following")
    _override(world, date(2026, 4, 9), "Jubilee")
    apply(subject, edit)
    keep_up(world.service)
    assert world.events(subject.schedule_id)[1].date == date(2026, 4, 10)


@pytest.mark.parametrize(
    ("code", "dates"),
    [
        ("GB-ENG", ["2026-03-11", "2026-04-10", "2026-05-11"]),
        ("FR", ["2026-03-10", "2026-04-10", "2026-05-12"]),
    ],
)
def test_events_follow_the_calendar_of_the_revision_on_their_nominal_date(
    world: World, code: str, dates: list[str]
) -> None:
    schedule = _two_calendars(world)
    for day in (TENTH, date(2026, 5, 11)):
        _override(world, day, "Jubilee", code)
    rerolled = reroll_all(world.service.sessions, world.service.settings, ACT)
    assert [item.schedule_id for item in rerolled] == [schedule]
    assert [event.date.isoformat() for event in _live_events(world, schedule)] == dates
    assert keep_up(world.service) == []


def test_a_calendar_that_is_named_again_is_followed_once_and_one_that_nothing_follows_not_at_all(world: World) -> None:
    schedule = _two_calendars(world)
    subject = Subject(world, schedule, world.events(schedule)[0].id)
    apply(subject, change(date(2026, 5, 1), rule={"calendar": "GB-ENG"}))
    assert _followed(world) == {"GB-ENG": 1, "FR": 1}
    _close_day(world, date(2026, 5, 11))
    assert _live_events(world, schedule)[2].date == date(2026, 5, 12)
    apply(subject, change(rule={"calendar": "FR"}))
    assert _followed(world) == {"FR": 1}


def test_an_edit_does_not_hide_what_must_move_with_the_calendar_before_it(world: World) -> None:
    schedule = _two_calendars(world)
    _override(world, TENTH, "Jubilee")
    apply(Subject(world, schedule, world.events(schedule)[0].id), change(date(2026, 5, 1), amount=3100))
    assert world.events(schedule)[0].date == TENTH
    keep_up(world.service)
    assert world.events(schedule)[0].date == date(2026, 3, 11)


def _two_calendars(world: World) -> UUID:
    """10 March by the English calendar, from April on by the French one."""
    schedule = world.schedule(start="2026-03-10", frequency="monthly", count=3, day_convention="following")
    subject = Subject(world, schedule, world.events(schedule)[0].id)
    apply(subject, change(date(2026, 4, 1), rule={"calendar": "FR"}))
    return schedule


def _followed(world: World) -> dict[str, int]:
    query = text("""
        SELECT calendar, calendar_version AS version FROM schedule
        UNION ALL SELECT calendar, version FROM further_calendar
    """)
    return {row.calendar: row.version for row in world.transact(lambda session: session.execute(query).all())}


def _override(world: World, day: date, closed_as: str | None, code: str = CODE) -> None:
    assert world.transact(
        lambda session: calendar_changes.override(session, code, day, closed_as=closed_as, today=world.today)
    )


def _close_day(world: World, day: date) -> list[Rerolled]:
    _override(world, day, "Jubilee")
    return reroll_all(world.service.sessions, world.service.settings, ACT)


def _open_day(world: World, day: date) -> list[Rerolled]:
    assert world.transact(lambda session: calendar_changes.clear(session, CODE, day))
    return reroll_all(world.service.sessions, world.service.settings, ACT)


def _is_closed(world: World, day: date) -> bool:
    query = text("SELECT EXISTS (SELECT FROM calendar_day WHERE date = :day AND source = 'operator')")
    return bool(world.transact(lambda session: session.scalar(query, {"day": day})))


def _daily(world: World, count: int | None, start: str | None = None, day_convention: str = "following") -> UUID:
    return world.schedule(payer="daily", frequency="daily", start=start, count=count, day_convention=day_convention)


def _live_events(world: World, schedule: UUID) -> list[Any]:
    return [event for event in world.events(schedule) if event.status != "cancelled"]


def _live(world: World, schedule: UUID) -> list[int]:
    return [event.date.day for event in _live_events(world, schedule)]


def _nominal(world: World, schedule: UUID) -> list[date]:
    return [event.nominal_date for event in _live_events(world, schedule)]


def _finish(world: World) -> None:
    """The days up to the fourth are paid, and balance."""
    for day in ("2026-03-03", "2026-03-04"):
        if world.today <= date.fromisoformat(day):
            world.set_day(day)
            world.pay()
    for day in ("2026-03-02", "2026-03-03"):
        world.assert_books_agree(day)
    world.assert_paid_once()
