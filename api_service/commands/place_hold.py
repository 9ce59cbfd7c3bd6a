"""place_hold: an operator stops payments of a payer, to a payee, or all of them (rule P3)."""

from __future__ import annotations

from api_service.schemas.snapshot import of_hold
from shared.db import audit, holds
from shared.db.audit import Act
from shared.db.engine import Session
from shared.db.models import Hold


def place_hold(session: Session, act: Act, *, payer_id: str | None, payee_id: str | None, reason: str) -> Hold:
    """Places a hold; neither id: on everything. Holds may overlap. Raises Conflict when there are too many."""
    hold = holds.place(session, payer_id=payer_id, payee_id=payee_id, reason=reason, placed_by=act.actor)
    audit.record(
        session,
        act,
        "hold.placed",
        subject="hold",
        subject_id=hold.id,
        payer_id=payer_id,
        before=None,
        after=of_hold(hold),
    )
    return hold
