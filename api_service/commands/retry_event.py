"""retry: a failed payment is tried again (rule P1)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from api_service.commands.event_edit import record
from shared.db import editing, entries, proofs, resolution
from shared.db.audit import Act
from shared.db.engine import Session
from shared.domain.entries import Entry
from shared.settings import Settings


def retry_event(
    session: Session, settings: Settings, act: Act, *, event_id: UUID, payer_id: str | None, day: date | None
) -> Entry:
    """Lets the run of the next open date, or of a later day, try it again with a new key.

    Raises NotFound, Conflict, and Invalid for a day that is too early or too late.
    """
    gate, schedule, entry = editing.begin_event(session, settings.business, event_id, payer_id)
    event = proofs.lock_event(session, entry.date, event_id)
    resolution.retry(session, gate, event, resolution.check_retry(session, gate, schedule, event, day))
    after = entries.lock_one(session, entry.payer_id, event_id)
    record(session, act, "event.retried", entry, after)
    return after
