"""What every change of one event ends with: it is written, with its books and its audit row."""

from __future__ import annotations

from api_service.schemas.snapshot import of_event
from shared.db import audit, entries
from shared.db.audit import Act
from shared.db.engine import Session
from shared.db.runs import Gate
from shared.domain.entries import Entry


def write(session: Session, gate: Gate, act: Act, action: str, before: Entry, after: Entry) -> Entry:
    """Writes what became of an event that the caller holds; answers it."""
    entries.apply(session, gate, [(before, after)])
    audit.record(
        session,
        act,
        action,
        subject="event",
        subject_id=before.id,
        payer_id=before.payer_id,
        before=of_event(before),
        after=of_event(after),
    )
    return after
