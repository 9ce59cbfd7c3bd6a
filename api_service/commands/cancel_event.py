"""cancel_event: one event is skipped, the others stay."""

from __future__ import annotations

from uuid import UUID

from api_service.conditional import Precondition
from api_service.schemas.snapshot import of_event
from shared.db import audit, events, runs, schedules
from shared.db.audit import Act
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.models import Event
from shared.domain.errors import Conflict, NotFound
from shared.domain.lifecycle import EDITABLE, CancelReason, EventStatus
from shared.settings import Settings


def cancel_event(
    session: Session,
    settings: Settings,
    act: Act,
    *,
    event_id: UUID,
    payer_id: str | None,
    precondition: Precondition,
) -> Event:
    """Skips an event that is scheduled or paused; of a skipped one, nothing happens again.

    Raises NotFound, Conflict for any other status (rule S4), and Problem 412. The run's row is held before the
    schedule's, and that before the event's (rule C2).
    """
    event = events.find(session, event_id, payer_id)
    if event is None:
        raise NotFound("There is no such event.")
    gate = runs.enter(session, business_now(session, settings.business), event.date)
    schedules.lock(session, event.schedule_id, event.payer_id)
    session.refresh(event, with_for_update=True)
    if event.cancel_reason == CancelReason.SKIPPED:
        return event
    precondition.check(event.version)
    if event.status not in EDITABLE:
        raise Conflict(_why(event), code="event_not_open")
    before = of_event(event)
    events.cancel(
        session,
        gate,
        payer_id=event.payer_id,
        schedule_id=event.schedule_id,
        reason=CancelReason.SKIPPED,
        event_id=event.id,
    )
    session.refresh(event)
    audit.record(
        session,
        act,
        "event.skipped",
        subject="event",
        subject_id=event.id,
        payer_id=event.payer_id,
        before=before,
        after=of_event(event),
    )
    return event


def _why(event: Event) -> str:
    if event.status == EventStatus.CANCELLED:
        return f"The event is cancelled already ({event.cancel_reason})."
    return f"The event is {event.status}; only a scheduled or paused one can be cancelled."
