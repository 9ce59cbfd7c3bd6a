"""close: an operator ends a run before its cut-off."""

from __future__ import annotations

from datetime import date

from api_service.commands.change_run import change_run
from shared.db import runs
from shared.db.audit import Act
from shared.db.engine import Session
from shared.db.models import Run


def close_run(session: Session, act: Act, day: date, reason: str) -> Run:
    """Tells a run to close (rule D5); of one that closes or is closed, nothing happens again.

    Raises NotFound, and Conflict while it is being planned.
    """
    return change_run(session, act, "run.closing", runs.begin_close, day=day, reason=reason)
