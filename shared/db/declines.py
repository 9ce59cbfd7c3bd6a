"""Soft declines: which of them are tried again, and when (rule S11)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from shared.db import calendars, pauses, schedules
from shared.db.engine import Session
from shared.db.models import Schedule
from shared.domain.days import BusinessNow
from shared.domain.retries import SEARCHED_DAYS, Declined, retry_day

NEEDING = text("""
SELECT e.id, e.schedule_id, e.payer_id, e.nominal_date, e.date, e.first_declined_on
FROM (SELECT id, schedule_id, payer_id, nominal_date, date, first_declined_on FROM event
      WHERE date = :date AND id = ANY(CAST(:ids AS uuid[]))) AS e
JOIN schedule s ON s.id = e.schedule_id WHERE s.retry_days IS NOT NULL AND s.status = 'active'
""")

# By the payer's index, over the months in which a retry may fall.
NEXT = text("""
SELECT w.id, (
  SELECT min(n.date) FROM event n
  WHERE n.payer_id = w.payer_id AND n.schedule_id = w.schedule_id AND n.nominal_date > w.nominal_date
    AND n.status <> 'cancelled' AND n.date BETWEEN :since AND :through) AS next_event
FROM unnest(CAST(:ids AS uuid[]), CAST(:payers AS text[]), CAST(:schedules AS uuid[]), CAST(:nominals AS date[]))
  AS w (id, payer_id, schedule_id, nominal_date)
""")


class SoftlyDeclined(NamedTuple):
    """An event that was declined, as its retry is decided; `first_declined_on` None: this is its first decline."""

    id: UUID
    schedule_id: UUID
    payer_id: str
    nominal_date: date
    event_date: date
    first_declined_on: date | None


def retried(
    session: Session, event_date: date, ids: Sequence[str], now: BusinessNow, *, day_0: bool
) -> dict[str, date]:
    """The retry days of softly declined events of one date, by id; those that are not tried again are left out.

    Locks their schedules, so that none is cancelled or paused meanwhile unseen; the caller holds run and batch.
    `day_0`: today's run still pays.
    """
    found = [SoftlyDeclined(*row) for row in session.execute(NEEDING, {"date": event_date, "ids": list(ids)})]
    if not found:
        return {}
    locked = schedules.lock_all(session, sorted({event.schedule_id for event in found}))
    following = next_events(session, found, now.today)
    # One whose rule names no calendar gets no retry: it must not cost the others their outcome (rule C8).
    known = calendars.read(session, {code for schedule in locked.values() if (code := _calendar(schedule)) is not None})
    resting = pauses.of_schedules(session, list(locked))
    days = {}
    for event in found:
        schedule = locked[event.schedule_id]
        code = _calendar(schedule)
        if schedule.status != "active" or not schedule.retry_days or code is None:
            continue
        declined = Declined(schedule.retry_days, event.first_declined_on or now.today, following[event.id])
        windows = pauses.windows(resting.get(schedule.id, []))
        before = day_0 and now.instant < now.retry_from
        day = retry_day(declined, known[code].calendar, windows, today=now.today, day_0=before)
        if day is not None:
            days[str(event.id)] = day
    return days


def next_events(session: Session, events: Sequence[SoftlyDeclined], today: date) -> dict[UUID, date | None]:
    """When the schedule of each pays next after it; None: not within the days of a retry."""
    since = min(event.event_date for event in events) - timedelta(days=SEARCHED_DAYS)
    rows = session.execute(
        NEXT,
        {
            "ids": [event.id for event in events],
            "payers": [event.payer_id for event in events],
            "schedules": [event.schedule_id for event in events],
            "nominals": [event.nominal_date for event in events],
            "since": since,
            "through": today + timedelta(days=SEARCHED_DAYS),
        },
    )
    return {row.id: row.next_event for row in rows}


def _calendar(schedule: Schedule) -> str | None:
    code = schedule.rule.get("calendar")
    return code if isinstance(code, str) else None
