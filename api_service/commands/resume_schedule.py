"""resume: a pause ends (rule S9)."""

from __future__ import annotations

from uuid import UUID

from api_service.conditional import Precondition
from api_service.schemas.snapshot import of_pause
from shared.db import editing, facts, pauses
from shared.db.audit import Act
from shared.db.engine import Session
from shared.db.models import Schedule
from shared.domain.errors import NotFound
from shared.rest import settle_pauses
from shared.settings import Settings


def resume_schedule(
    session: Session,
    settings: Settings,
    act: Act,
    *,
    schedule_id: UUID,
    pause_id: UUID,
    payer_id: str | None,
    precondition: Precondition,
) -> Schedule:
    """Ends a pause; what nothing else covers comes back, unless its date has passed. Of an ended one, nothing happens.

    Raises NotFound, and Problem 412.
    """
    gate, schedule = editing.begin(session, settings.business, schedule_id, payer_id)
    pause = pauses.find(session, schedule.id, pause_id)
    if pause is None:
        raise NotFound("There is no such pause.")
    if pause.ended_at is not None:
        return schedule
    precondition.check(schedule.version)
    before = of_pause(pause)
    pauses.end(session, pause)
    settle_pauses(session, gate, schedule)
    facts.of_schedule(session, act, "schedule.resumed", schedule, before=before, after=None, pause=pause)
    return schedule
