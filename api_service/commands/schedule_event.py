"""schedule_event: a new schedule with its first events."""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from api_service.schemas.snapshot import of_schedule
from shared.db import audit, live_schedules, runs, schedule_view
from shared.db.audit import Act
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.models import Schedule
from shared.db.schedule_view import Standing
from shared.db.touched import touch
from shared.domain.entries import Entry
from shared.domain.errors import Conflict
from shared.materialise import NewSchedule, open_schedule
from shared.settings import Settings

FIRST_EVENTS: Final = 50
"""How many events a new schedule is answered with: as many as the first page of its list."""


class Created(NamedTuple):
    """A new schedule."""

    schedule: Schedule
    standing: Standing
    events: list[Entry]


def schedule_event(session: Session, settings: Settings, act: Act, asked: NewSchedule) -> Created:
    """Writes a schedule, its revision, its events and its audit row. Raises Invalid (rule D2).

    Raises Conflict `too_many_schedules` for a payer at the limit. It is not locked: requests at the same time may
    exceed it by their number, which is no harm, and a lock would make each payer's requests wait for one another.
    """
    touch(session, [asked.payer_id])
    gate = runs.enter(session, business_now(session, settings.business))
    _check_number(session, asked.payer_id, gate.now.today, settings.limits.schedules)
    schedule, written = open_schedule(session, gate, asked, settings.horizon)
    audit.record(
        session,
        act,
        "schedule.created",
        subject="schedule",
        subject_id=schedule.id,
        payer_id=schedule.payer_id,
        before=None,
        after=of_schedule(schedule),
    )
    standing = schedule_view.standing_of_new(schedule, written, gate.now.today)
    return Created(schedule, standing, written[:FIRST_EVENTS])


def _check_number(session: Session, payer_id: str, today: date, limit: int) -> None:
    if limit and live_schedules.count(session, payer_id, today, enough=limit) >= limit:
        raise Conflict(
            f"This payer has {limit} schedules that are not over, and may have no more; cancel some.",
            code="too_many_schedules",
        )
