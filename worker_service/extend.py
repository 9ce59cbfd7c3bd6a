"""Extending: open-ended and long schedules are kept 12 to 18 cycles ahead (rule S12)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from shared import materialise
from shared.crash_points import reached
from shared.db import runs, schedules
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.retrying import transact
from shared.log import get_logger
from worker_service.service import Service

log = get_logger(__name__)

CHUNK = 500
"""Schedules extended in one transaction: about 3,500 events."""


def extend_through(service: Service, as_of: date) -> int:
    """Extends every schedule that is due by `as_of`; answers how many events were written.

    Schedules that somebody holds are passed over first and waited for at the end, so that afterwards nothing is
    due. One that cannot be extended is named in the log and left; it stops neither the others nor the day.
    """
    written, broken = 0, set[UUID]()
    for wait in (False, True):
        while True:
            count = _chunk(service, as_of, broken, wait=wait)
            if count is None:
                break
            written += count
    return written


def _chunk(service: Service, as_of: date, broken: set[UUID], *, wait: bool) -> int | None:
    """One chunk; None when nothing is due any more. A bad schedule is found by extending its chunk one by one."""
    try:
        return _extend(service, as_of, broken, CHUNK, wait=wait)
    except Exception:  # noqa: BLE001 - whatever one schedule's rule does, the others are extended and the day is paid
        found: list[UUID] = []
        try:
            return _extend(service, as_of, broken, 1, wait=wait, note=found)
        except Exception as error:
            if not found:
                raise
            broken.update(found)
            log.error("schedule cannot be extended", alert=True, schedules=[*map(str, found)], reason=repr(error))
            return 0


def _extend(
    service: Service,
    as_of: date,
    broken: set[UUID],
    limit: int,
    *,
    wait: bool,
    note: list[UUID] | None = None,
) -> int | None:
    def work(session: Session) -> int | None:
        # The runs before the schedules: locks are taken in that order (rule C2).
        now = business_now(session, service.settings.business)
        # All of them: what comes late stands in the first run that is not closed, however old its date is.
        gate = runs.enter(session, now, date.min)
        due = schedules.due_for_extension(session, as_of, limit=limit, wait=wait, without=broken)
        if note is not None:
            note[:] = [schedule.id for schedule in due]
        if not due:
            return None
        written = materialise.extend(session, gate, due, service.settings.horizon, as_of)
        reached("in_extend_commit")
        return written

    written = transact(service.sessions, work)
    reached("after_extend")
    return written
