"""Suspension: a schedule whose payments are declined for good, one after the other, rests until somebody ends it
(rule S10)."""

from __future__ import annotations

from datetime import date
from typing import Final

from shared.db import audit, facts, final_declines, pauses, runs, schedules
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.models import Schedule
from shared.db.runs import Gate
from shared.log import get_logger
from shared.rest import settle_pauses
from shared.settings import BusinessClock

log = get_logger(__name__)

AT_ONCE: Final = frozenset({"account_closed", "payee_invalid"})
"""Declines after which no further payment of the schedule can succeed."""
CHUNK: Final = 200


def suspend_due(session: Session, clock: BusinessClock, *, after_failures: int) -> int:
    """Looks at schedules of which an event was finally declined, and suspends those that must be; answers how many
    declines it looked at. Looking again at the same changes nothing.
    """
    if not final_declines.any_waiting(session):
        return 0
    gate = runs.enter(session, business_now(session, clock), date.min)
    found = final_declines.take(session, CHUNK)
    locked = schedules.lock_all(session, sorted({decline.schedule_id for decline in found}))
    at_once = {decline.schedule_id for decline in found if decline.code in AT_ONCE}
    in_a_row = final_declines.in_a_row(session, list(locked), after_failures)
    resting = pauses.of_schedules(session, list(locked))
    for schedule in locked.values():
        suspended = any(pause.reason == pauses.SUSPENDED for pause in resting.get(schedule.id, []))
        if schedule.status == "active" and not suspended and schedule.id in at_once | in_a_row:
            _suspend(session, gate, schedule)
    return len(found)


def _suspend(session: Session, gate: Gate, schedule: Schedule) -> None:
    pause = pauses.add(session, schedule, gate.now.today, None, reason=pauses.SUSPENDED)
    settle_pauses(session, gate, schedule)
    after = {"pauseId": str(pause.id), "from": pause.from_date.isoformat(), "reason": pauses.SUSPENDED}
    facts.of_schedule(session, audit.PRODUCT, "schedule.suspended", schedule, before=None, after=after, pause=pause)
    log.info("schedule suspended", schedule_id=str(schedule.id))
