"""schedule_event: a new schedule with its first events."""

from __future__ import annotations

from typing import Final, NamedTuple

from api_service.schemas.snapshot import of_schedule
from shared.db import audit, runs, schedule_view
from shared.db.audit import Act
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.models import Event, Schedule
from shared.db.schedule_view import Standing
from shared.materialise import Terms, open_schedule
from shared.settings import Settings

FIRST_EVENTS: Final = 50
"""How many events a new schedule is answered with: as many as the first page of its list."""


class Created(NamedTuple):
    """A new schedule."""

    schedule: Schedule
    standing: Standing
    events: list[Event]


def schedule_event(session: Session, settings: Settings, act: Act, terms: Terms) -> Created:
    """Writes a schedule, its revision, its events and its audit row. Raises Invalid (rule D2)."""
    gate = runs.enter(session, business_now(session, settings.business))
    schedule = open_schedule(session, gate, terms, settings.horizon)
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
    first = schedule_view.first_events(session, schedule, since=gate.now.today, limit=FIRST_EVENTS)
    return Created(schedule, schedule_view.standing_of_new(schedule, first), first)
