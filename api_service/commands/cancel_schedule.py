"""cancel_schedule: nothing more of it is paid but what was claimed already."""

from __future__ import annotations

from uuid import UUID

from api_service.conditional import Precondition
from api_service.schemas.snapshot import of_schedule
from shared.db import audit, events, runs, schedules
from shared.db.audit import Act
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.models import Schedule
from shared.domain.errors import NotFound
from shared.domain.lifecycle import CancelReason
from shared.settings import Settings


def cancel_schedule(
    session: Session,
    settings: Settings,
    act: Act,
    *,
    schedule_id: UUID,
    payer_id: str | None,
    precondition: Precondition,
) -> Schedule:
    """Cancels a schedule and what is not claimed of it; of a cancelled one, nothing happens again.

    Raises NotFound, and Problem 412. A repetition is not held to the version that it changed itself
    (RFC 9110, 13.1.1).
    """
    since = events.earliest_open(session, schedule_id, payer_id)
    gate = runs.enter(session, business_now(session, settings.business), since)
    schedule = schedules.lock(session, schedule_id, payer_id)
    if schedule is None:
        raise NotFound("There is no such schedule.")
    if schedule.status == "cancelled":
        return schedule
    precondition.check(schedule.version)
    before = of_schedule(schedule)
    events.cancel(
        session,
        gate,
        payer_id=schedule.payer_id,
        schedule_id=schedule.id,
        reason=CancelReason.SCHEDULE_CANCELLED,
    )
    schedule.status = "cancelled"
    schedule.extend_on = None
    schedule.version += 1
    session.flush()
    audit.record(
        session,
        act,
        "schedule.cancelled",
        subject="schedule",
        subject_id=schedule.id,
        payer_id=schedule.payer_id,
        before=before,
        after=of_schedule(schedule),
    )
    return schedule
