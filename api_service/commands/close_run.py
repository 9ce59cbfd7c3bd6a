"""close: an operator ends a run before its cut-off."""

from __future__ import annotations

from datetime import date

from api_service.schemas.snapshot import of_run
from shared.db import audit, runs
from shared.db.audit import Act
from shared.db.engine import Session
from shared.db.models import Run


def close_run(session: Session, act: Act, day: date, reason: str) -> Run:
    """Tells a run to close (rule D5); of one that closes or is closed, nothing happens again.

    Raises NotFound, and Conflict while it is being planned.
    """
    runs.get(session, day)
    before = of_run(runs.lock(session, day))
    run = runs.begin_close(session, day, reason)
    after = of_run(run)
    if after != before:
        audit.record(
            session,
            act,
            "run.closing",
            subject="run",
            subject_id=day.isoformat(),
            payer_id=None,
            before=before,
            after=after,
        )
    return run
