"""pause: a schedule's events rest for a while (rule S9)."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from api_service.schemas.snapshot import of_pause
from shared.db import editing, facts, pauses
from shared.db.audit import Act
from shared.db.engine import Session
from shared.db.models import Pause
from shared.domain.errors import Conflict, FieldProblem, Invalid
from shared.rest import settle_pauses
from shared.settings import Settings

MOST: Final = 100
"""Windows that one schedule may have at a time."""


def pause_schedule(
    session: Session,
    settings: Settings,
    act: Act,
    *,
    schedule_id: UUID,
    payer_id: str | None,
    from_date: date,
    until_date: date | None,
) -> Pause:
    """Adds a window, and pauses what is open and dated in it; windows may overlap.

    Raises NotFound, Conflict for a cancelled schedule, and Invalid for a window that covers no day to come.
    """
    gate, schedule = editing.begin(session, settings.business, schedule_id, payer_id)
    editing.check_not_cancelled(schedule)
    if until_date is not None and until_date <= max(from_date, gate.next_open_date):
        after = max(from_date, gate.next_open_date)
        raise Invalid(FieldProblem("/until", f"must lie after {after.isoformat()}: it is the first day paid again"))
    if len(pauses.of_schedules(session, [schedule.id]).get(schedule.id, [])) >= MOST:
        raise Conflict(f"A schedule has at most {MOST} pauses; end one first.", code="too_many_pauses")
    pause = pauses.add(session, schedule, from_date, until_date)
    settle_pauses(session, gate, schedule)
    facts.of_schedule(session, act, "schedule.paused", schedule, before=None, after=of_pause(pause), pause=pause)
    return pause
