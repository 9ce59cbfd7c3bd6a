"""end_hold: an operator lets payments go on (rule P3)."""

from __future__ import annotations

from uuid import UUID

from api_service.schemas.snapshot import of_hold
from shared.db import audit, holds
from shared.db.audit import Act
from shared.db.engine import Session
from shared.db.models import Hold


def end_hold(session: Session, act: Act, hold_id: UUID) -> Hold:
    """Ends a hold; of one that has ended, nothing happens again. Raises NotFound."""
    hold = holds.lock(session, hold_id)
    before = of_hold(hold)
    if holds.end(session, hold):
        audit.record(
            session,
            act,
            "hold.ended",
            subject="hold",
            subject_id=hold.id,
            payer_id=hold.payer_id,
            before=before,
            after=of_hold(hold),
        )
    return hold
