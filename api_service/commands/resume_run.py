"""resume: an operator lets a paused run go on."""

from __future__ import annotations

from datetime import date

from api_service.commands.change_run import change_run
from shared.db import runs
from shared.db.audit import Act
from shared.db.engine import Session
from shared.db.models import Run


def resume_run(session: Session, act: Act, day: date, reason: str) -> Run:
    """Lets a paused run pay again; of an open one, nothing happens.

    Raises NotFound, and Conflict while it is being planned or closed, and afterwards.
    """
    return change_run(session, act, "run.resumed", runs.resume, day=day, reason=reason)
