"""Calendars: kept years ahead and at the library's version, and what they move rolled anew."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Final

from shared.db import audit, calendar_changes
from shared.db import calendars as stored
from shared.db.audit import Act
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.retrying import transact
from shared.domain.errors import Conflict
from shared.log import get_logger
from shared.reroll import Rerolled, reroll_all
from worker_service.service import Service

log = get_logger(__name__)

ACTOR: Final = "upkeep"
SECONDS: Final = 60.0
"""A tick begins no schedule after so long; the next one goes on."""


def keep_up(service: Service) -> list[Rerolled]:
    """Takes over what a newer library says of the calendars in use, then rerolls what is outdated."""
    act = Act(ACTOR, None)
    for code in transact(service.sessions, lambda session: stored.outdated(session, _today(service, session))):
        try:
            transact(service.sessions, partial(_refresh, service=service, act=act, code=code))
        except Conflict as error:
            log.error("calendar cannot be refreshed", alert=True, calendar=code, reason=error.detail)
    return reroll_all(service.sessions, service.settings, act, seconds=SECONDS)


def _refresh(session: Session, *, service: Service, act: Act, code: str) -> None:
    difference = calendar_changes.refresh(session, code, _today(service, session))
    if difference.changes_days:
        log.warning("calendar changed", calendar=code, added=len(difference.added), removed=len(difference.removed))
        audit.record(
            session,
            act,
            "calendar.refreshed",
            subject="calendar",
            subject_id=code,
            payer_id=None,
            before={day.isoformat(): name for day, name in difference.removed.items()},
            after={day.isoformat(): name for day, name in difference.added.items()},
        )


def _today(service: Service, session: Session) -> date:
    return business_now(session, service.settings.business).today
