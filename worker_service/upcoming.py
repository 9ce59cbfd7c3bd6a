"""Upcoming payments: their payers hear of them some days ahead, planned by date like a run (rule P4)."""

from __future__ import annotations

from datetime import date, timedelta

from shared.crash_points import reached
from shared.db import upcoming
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.retrying import transact
from shared.log import get_logger
from worker_service.extend import extend_through
from worker_service.service import Service

log = get_logger(__name__)


def tell_upcoming(service: Service) -> list[date]:
    """Puts in the outbox what is to be paid on the coming days; answers the dates that it did.

    One question where all of them are done, so that it may be asked often: a new date is told of soon after midnight.
    """
    if service.settings.notify is None or not service.settings.notify.days_before:
        return []
    days = transact(service.sessions, lambda session: _missing(service, session))
    for day in days:
        extend_through(service, day)  # what is not written yet would not be told
        while not transact(service.sessions, lambda session, day=day: _step(session, day)):  # type: ignore[misc]
            reached("after_upcoming_step")
        log.info("upcoming payments told", date=str(day))
    return days


def _missing(service: Service, session: Session) -> list[date]:
    assert service.settings.notify is not None  # noqa: S101 - the caller looked
    now = business_now(session, service.settings.business)
    return upcoming.missing(session, now.tomorrow, now.today + timedelta(days=service.settings.notify.days_before))


def _step(session: Session, day: date) -> bool:
    whole = upcoming.tell_step(session, day)
    reached("in_upcoming_commit")
    return whole
