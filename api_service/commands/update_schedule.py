"""update_event for a whole schedule, or from a date on: terms, rule, bounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from api_service.conditional import Precondition
from api_service.schemas.snapshot import of_schedule
from shared.amend import amend
from shared.db import editing, facts
from shared.db.audit import Act
from shared.db.engine import Session
from shared.db.models import Schedule
from shared.domain.edits import Changes
from shared.domain.revising import ScheduleChange
from shared.settings import Settings


class Updated(NamedTuple):
    """A schedule as it stands now, and what became of its events; after a dry run, what would."""

    schedule: Schedule
    changes: Changes


def update_schedule(
    session: Session,
    settings: Settings,
    act: Act,
    *,
    schedule_id: UUID,
    payer_id: str | None,
    precondition: Precondition,
    read: Callable[[Schedule], ScheduleChange],
    dry_run: bool,
) -> Updated:
    """Changes a schedule; a change that changes nothing leaves its version. `read` makes sense of what is asked.

    Raises NotFound, Conflict for a cancelled one, Problem 412, Invalid. A dry run leaves nothing to commit.
    """
    gate, schedule = editing.begin(session, settings.business, schedule_id, payer_id)
    editing.check_not_cancelled(schedule)
    precondition.check(schedule.version)
    before, version = of_schedule(schedule), schedule.version
    changes = amend(session, gate, schedule, read(schedule), settings.horizon, dry_run=dry_run)
    if schedule.version != version and not dry_run:
        after = of_schedule(schedule) | counts(changes)
        facts.of_schedule(session, act, "schedule.updated", schedule, before=before, after=after)
    return Updated(schedule, changes)


def counts(changes: Changes) -> dict[str, int]:
    """How many events a change touched, for the audit."""
    return {
        "eventsUpdated": len(changes.updated),
        "eventsCancelled": len(changes.cancelled),
        "eventsCreated": len(changes.created),
    }
