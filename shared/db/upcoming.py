"""Which dates' payments their payers are told of ahead: a date is walked like a run's plan, a row for thousands."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from shared.db.models import Upcoming
from shared.db.walking import NO_ID, RANGES, STEP_EVENTS, WALK

ROW_EVENTS: Final = 4000
"""Events that one row of the outbox stands for: eight calls of the receiver."""

MISSING = text("""
SELECT day::date FROM generate_series(CAST(:first AS date), CAST(:last AS date), interval '1 day') AS day
WHERE NOT EXISTS (SELECT FROM upcoming WHERE date = day::date AND whole_at IS NOT NULL) ORDER BY day
""")
ANNOUNCE = text("INSERT INTO upcoming (date) VALUES (:day) ON CONFLICT DO NOTHING")
CUT = text(f"""{RANGES},
made AS (
  INSERT INTO outbox (kind, date, first_id, last_id)
  SELECT 'upcoming', :day, first_id, last_id FROM ranges ORDER BY first_id RETURNING last_id
)
SELECT last_id FROM made ORDER BY last_id DESC LIMIT 1
""")
FORGET = text("DELETE FROM upcoming WHERE date < :today")


def missing(session: Session, first: date, last: date) -> list[date]:
    """The dates of these that payers have not been told of as a whole, in order."""
    return list(session.scalars(MISSING, {"first": first, "last": last}))


def tell_step(session: Session, day: date) -> bool:
    """Puts the next of a date's events in the outbox, and answers whether that was all of them.

    The date's row is held, so that two who do this tell nothing twice. An event that is written later is not told of
    ahead: whoever wrote it knows.
    """
    session.execute(ANNOUNCE, {"day": day})
    query = select(Upcoming).where(Upcoming.date == day).with_for_update()
    told = session.scalars(query.execution_options(populate_existing=True)).one()
    if told.whole_at is not None:
        return True
    session.execute(WALK)
    step = {"day": day, "after": told.through or NO_ID, "size": ROW_EVENTS, "steps": STEP_EVENTS // ROW_EVENTS}
    through = session.scalar(CUT, step)
    if through is None:
        told.whole_at = session.scalar(select(func.clock_timestamp()))
    else:
        told.through = through
    session.flush()
    return through is None


def forget(session: Session, today: date) -> None:
    """Removes the dates that have passed."""
    session.execute(FORGET, {"today": today})
