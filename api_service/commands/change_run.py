"""What an operator does to a run, with its row in the audit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from api_service.schemas.snapshot import of_run
from shared.db import audit, runs
from shared.db.audit import Act, Action
from shared.db.engine import Session
from shared.db.models import Run

Change = Callable[[Session, date, str], Run]


def change_run(session: Session, act: Act, action: Action, change: Change, *, day: date, reason: str) -> Run:
    """Changes a run under its lock, and records what it was and is; a change of nothing is not recorded.

    Raises NotFound, and what `change` raises.
    """
    runs.get(session, day)
    before = of_run(runs.lock(session, day))
    run = change(session, day, reason)
    after = of_run(run)
    if after != before:
        audit.record(
            session,
            act,
            action,
            subject="run",
            subject_id=day.isoformat(),
            payer_id=None,
            before=before,
            after=after,
        )
    return run
