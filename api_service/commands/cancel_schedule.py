"""cancel_schedule: nothing more of it is paid but what was claimed already."""

from __future__ import annotations

from uuid import UUID

from api_service.conditional import Precondition
from api_service.schemas.snapshot import of_schedule
from shared.db import editing, entries, facts
from shared.db.audit import Act
from shared.db.engine import Session
from shared.db.models import Schedule
from shared.domain.entries import cancelled
from shared.domain.lifecycle import EDITABLE, CancelReason, EventStatus
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
    """Cancels a schedule, what is not claimed of it and what waits for a retry; of a cancelled one, nothing happens.

    Raises NotFound, and Problem 412. A repetition is not held to the version that it changed itself
    (RFC 9110, 13.1.1).
    """
    gate, schedule = editing.begin(session, settings.business, schedule_id, payer_id)
    if schedule.status == "cancelled":
        return schedule
    precondition.check(schedule.version)
    before = of_schedule(schedule)
    stored = entries.lock(session, schedule, statuses={*EDITABLE, EventStatus.FAILED})
    entries.apply(
        session,
        gate,
        [
            (entry, cancelled(entry, CancelReason.SCHEDULE_CANCELLED))
            for entry in stored
            if entry.status in EDITABLE or entry.retry_on is not None
        ],
    )
    schedule.status = "cancelled"
    schedule.extend_on = None
    schedule.version += 1
    session.flush()
    facts.of_schedule(session, act, "schedule.cancelled", schedule, before=before, after=of_schedule(schedule))
    return schedule
