"""Payers hear some days ahead of what will be paid, once a payment, however often somebody looks (rule P4)."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import upcoming
from shared.settings import read_settings
from tests.forks import FORKS
from tests.integration.crashes.test_crash_points import OF_UPCOMING
from tests.integration.notices.draining import drain, ids, rows
from tests.integration.paydays.racing import overlap
from tests.world import World
from worker_service.forget import forget_upcoming
from worker_service.service import Service
from worker_service.upcoming import tell_upcoming

TUESDAY, WEDNESDAY = date(2026, 3, 3), date(2026, 3, 4)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two events a row, two rows a step."""
    monkeypatch.setattr(upcoming, "ROW_EVENTS", 2)
    monkeypatch.setattr(upcoming, "STEP_EVENTS", 4)


def due(world: World) -> list[str]:
    """The ids of the notices of all that is scheduled for Tuesday."""
    events = [event for event in world.events() if event.date == TUESDAY and event.status == "scheduled"]
    return sorted(f"{event.id}.upcoming.{event.version}.payer" for event in events)


def test_the_payments_of_the_next_two_days_are_told_to_their_payers_once(world: World) -> None:
    for day in range(2, 7):
        world.schedule(payer=f"payer-{day}", start=f"2026-03-{day:02}")
    assert tell_upcoming(world.service) == [TUESDAY, WEDNESDAY]
    told = drain(world)
    assert [(notice["type"], notice["recipient"], notice["role"]) for notice in told] == [
        ("upcoming", "payer-3", "payer"),
        ("upcoming", "payer-4", "payer"),
    ]
    assert (told[0]["event"]["status"], told[0]["event"]["date"]) == ("scheduled", "2026-03-03")
    assert tell_upcoming(world.service) == []
    assert rows(world) == []
    world.set_day("2026-03-03T00:00")
    assert tell_upcoming(world.service) == [date(2026, 3, 5)]
    assert [notice["recipient"] for notice in drain(world)] == ["payer-5"]


@pytest.mark.parametrize("reference", [None, 'Über "5 £" \\ \t\x01'])
def test_a_coming_payment_is_told_as_it_stands(world: World, reference: str | None) -> None:
    schedule = world.schedule(start="2026-03-03", reference=reference)
    event = world.event(schedule)
    tell_upcoming(world.service)
    (told,) = drain(world)
    assert told["event"] == {
        "id": str(event.id),
        "scheduleId": str(schedule),
        "payerId": "payer",
        "payeeId": "payee",
        "amount": "25.00",
        "currency": "GBP",
        "reference": reference,
        "date": "2026-03-03",
        "nominalDate": "2026-03-03",
        "status": "scheduled",
        "version": 1,
    }


def test_no_days_ahead_mean_none_are_told(world: World) -> None:
    world.schedule(start="2026-03-03")
    world.environment["NOTIFY_DAYS_BEFORE"] = "0"
    world.set_day("2026-03-02")
    assert tell_upcoming(world.service) == []
    assert rows(world) == []


def test_what_was_cancelled_before_it_was_sent_is_not_told(world: World) -> None:
    kept, gone = world.schedule(payer="kept", start="2026-03-03"), world.schedule(payer="gone", start="2026-03-03")
    tell_upcoming(world.service)
    world.cancel(gone)
    told = [notice for notice in drain(world) if notice["type"] == "upcoming"]
    assert [notice["event"]["scheduleId"] for notice in told] == [str(kept)]


def test_a_schedule_is_extended_through_the_dates_that_are_told(world: World) -> None:
    schedule = world.schedule(frequency="daily")
    last = world.events(schedule)[-1].date
    world.set_day(str(last))
    (first, second) = tell_upcoming(world.service)
    assert [notice["event"]["date"] for notice in drain(world)] == [str(first), str(second)]
    assert first > last


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("count", [4, 7])
def test_a_date_is_told_in_steps_of_rows_that_do_not_overlap(world: World, count: int) -> None:
    world.schedules(count, start="2026-03-03")
    steps = 0
    while not world.transact(lambda session: upcoming.tell_step(session, TUESDAY)):
        steps += 1
    assert (steps, len(rows(world))) == (-(-count // 4), -(-count // 2))
    assert sorted(ids(drain(world, most=2))) == due(world)


@pytest.mark.usefixtures("small")
def test_two_who_look_at_once_tell_everything_once(world: World) -> None:
    world.schedules(11, start="2026-03-03")
    assert world.transact(lambda session: upcoming.tell_step(session, TUESDAY)) is False

    def step(session: Session) -> None:
        upcoming.tell_step(session, TUESDAY)

    assert overlap(world, step, step) == []
    tell_upcoming(world.service)
    assert sorted(ids(drain(world))) == due(world)


def tell(environment: Mapping[str, str], rows_of: int) -> None:
    upcoming.ROW_EVENTS, upcoming.STEP_EVENTS = rows_of, 2 * rows_of  # type: ignore[misc, attr-defined]
    tell_upcoming(Service.connect(read_settings(environment)))


@pytest.mark.parametrize("point", sorted(OF_UPCOMING))
@pytest.mark.parametrize("hit", [1, pytest.param(2, marks=pytest.mark.all), pytest.param(3, marks=pytest.mark.all)])
def test_who_goes_on_after_a_crash_tells_everything_once(world: World, tmp_path: Path, point: str, hit: int) -> None:
    world.schedules(14, start="2026-03-03")
    crash_at = f"{point}:{hit}:{tmp_path / 'hits'}"
    environment = {**world.environment, "BUSINESS_DATE": "2026-03-02", "CRASH_AT": crash_at}
    process = FORKS.Process(target=tell, args=({name: str(value) for name, value in environment.items()}, 2))
    process.start()
    process.join(timeout=60)
    assert process.exitcode == -signal.SIGKILL
    tell_upcoming(world.service)
    assert sorted(ids(drain(world))) == due(world)


def test_dates_that_have_passed_are_forgotten(world: World) -> None:
    tell_upcoming(world.service)
    forget_upcoming(world.service, WEDNESDAY)
    left = world.transact(lambda session: list(session.scalars(text("SELECT date FROM upcoming"))))
    assert left == [WEDNESDAY]
