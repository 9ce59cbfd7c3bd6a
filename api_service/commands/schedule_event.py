"""schedule_event: a new schedule with its first events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from api_service.schemas.snapshot import of_schedule
from shared.db import new_schedules, runs, schedule_view
from shared.db.audit import Act
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.models import Schedule
from shared.db.new_schedules import Asked, TooMany
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
    most, today = settings.limits.schedules, gate.now.today

    def insert(session: Session, schedule: Schedule, written: Sequence[Entry]) -> None:
        new_schedules.insert_asked(session, schedule, written, Asked(act, of_schedule(schedule), most, today))

    try:
        schedule, written = open_schedule(session, gate, asked, settings.horizon, insert)
    except TooMany:
        raise Conflict(
            f"This payer has {most} schedules that are not over, and may have no more; cancel some.",
            code="too_many_schedules",
        ) from None
    standing = schedule_view.standing_of_new(schedule, written, today)
    return Created(schedule, standing, written[:FIRST_EVENTS])
