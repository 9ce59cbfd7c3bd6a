"""The audit: who changed what, for whom. Rows are added in the transaction of the change, and never touched.

The database refuses whoever would change or remove one; `shared.db.audit_chain` seals them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import bindparam, text

from shared.db.engine import Session
from shared.db.models import Audit

# Written out: made anew from the table for each row, the statement costs the API more than to run it.
INSERT: Final = text("""
INSERT INTO audit (actor, request_id, action, subject, subject_id, payer_id, before, after)
VALUES (:actor, :request_id, :action, :subject, :subject_id, :payer_id, :before, :after)
""").bindparams(*(bindparam(name, type_=Audit.__table__.c[name].type) for name in ("before", "after")))

Action = Literal[
    "schedule.created",
    "schedule.updated",
    "schedule.cancelled",
    "schedule.paused",
    "schedule.resumed",
    "schedule.suspended",
    "schedule.rerolled",
    "event.updated",
    "event.skipped",
    "event.given_up",
    "event.restored",
    "event.retried",
    "event.resolved",
    "run.paused",
    "run.resumed",
    "run.closing",
    "run.closed",
    "hold.placed",
    "hold.ended",
    "calendar.closed",
    "calendar.opened",
    "calendar.cleared",
    "calendar.refreshed",
    "reconcile_item.found",
    "reconcile_item.settled",
    "outbox.replayed",
]
"""All that is audited. Payments are not: each has its event, its transaction and its attempts."""


@dataclass(frozen=True, slots=True)
class Act:
    """Who changes something, and the request in which it happens."""

    actor: str
    request_id: str | None


PRODUCT: Final = Act("payday", None)
"""Who acts where nobody asked."""
OPERATOR: Final = Act("operator", None)
"""Who acts at the machine, by a command."""


def record(
    session: Session,
    act: Act,
    action: Action,
    *,
    subject: str,
    subject_id: object,
    payer_id: str | None,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> None:
    """Adds a row; `before` and `after` hold JSON values of what changed."""
    session.execute(
        INSERT,
        {
            "actor": act.actor,
            "request_id": act.request_id,
            "action": action,
            "subject": subject,
            "subject_id": str(subject_id),
            "payer_id": payer_id,
            "before": before,
            "after": after,
        },
    )
