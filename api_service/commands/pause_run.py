"""pause: an operator stops a run for a while."""

from __future__ import annotations

from datetime import date

from api_service.commands.change_run import change_run
from shared.db import runs
from shared.db.audit import Act
from shared.db.engine import Session
from shared.db.models import Run


def pause_run(session: Session, act: Act, day: date, reason: str) -> Run:
    """Stops a run until it is resumed or over; of a paused one, nothing happens again.

    Raises NotFound, and Conflict while it is being planned or closed, and afterwards.
    """
    return change_run(session, act, "run.paused", runs.pause, day=day, reason=reason)
