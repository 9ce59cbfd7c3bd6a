"""Cutting a day into batches: ranges of ids that do not overlap, found by walking the primary key."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import runs, turns
from shared.db.bookings import book, line
from shared.db.walking import NO_ID, RANGES, STEP_EVENTS, WALK
from shared.domain.books import Heading

STEP_BATCHES: Final = 400
"""Batches planned in one transaction, however small they are."""

CUT = text(f"""{RANGES},
made AS (
  INSERT INTO batch (run_date, date, first_id, last_id)
  SELECT :day, :day, first_id, last_id FROM ranges ORDER BY first_id RETURNING last_id
)
SELECT last_id FROM made ORDER BY last_id DESC LIMIT 1
""")

# What a step counts is a small part of a month, and the planner, which cannot know that a day's ids stand together,
# would read the month from end to end for it, at each step. Two processes read it by the key, where two may: before
# the first payment the machine has little else to do. An INSERT would keep it to one.
SPAN = text("""
SELECT set_config('enable_seqscan', 'off', true), set_config('parallel_setup_cost', '0', true),
  set_config('max_parallel_workers_per_gather',
    least(current_setting('max_parallel_workers_per_gather')::int, 1)::text, true)
""")
COUNT = text("""
SELECT currency, count(*) AS events, sum(amount) AS amount
FROM event WHERE date = :day AND id > :after AND id <= :through AND status = 'scheduled' GROUP BY currency
""")

# Events that became payable before the plan have a batch of their own (rule D4); the plan's range holds them now.
ABSORB = text("""
DELETE FROM batch
WHERE run_date = :day AND date = :day AND status = 'waiting' AND ids IS NOT NULL AND NOT retry
  AND first_id > :after AND last_id <= :through
""")

FINISH = text("""
UPDATE run SET status = 'open', opened_at = clock_timestamp(),
  closing_at = CASE WHEN :past THEN clock_timestamp() END
WHERE date = :day AND status = 'planning'
""")


def steps_of(size: int) -> int:
    """How many batches of up to `size` events a step cuts."""
    return max(1, min(STEP_BATCHES, STEP_EVENTS // size))


def plan_step(session: Session, day: date, *, size: int, steps: int, past: bool) -> bool:
    """Cuts the next `steps` batches of `size` events, counts them as due, and answers whether the plan is whole.

    The run's row is locked, so whoever adds or withdraws an event either is seen by this step or sees it (C2).
    A `past` date is planned but never opens for claims: what it holds is carried at once (rule D3).
    """
    run = runs.lock(session, day)
    if run.status not in ("announced", "planning"):
        return True
    after = run.planned_through or NO_ID
    session.execute(WALK)
    through = session.scalar(CUT, {"day": day, "after": after, "size": size, "steps": steps})
    if through is None:
        run.status = "planning"
        session.flush()
        turns.assign(session, day, day, size=size)
        session.execute(FINISH, {"day": day, "past": past})
        return True
    session.execute(SPAN)
    span = {"day": day, "after": after, "through": through}
    due = session.execute(COUNT, span).all()
    book(session, [line(day, Heading.DUE, of.currency, int(of.amount), count=of.events) for of in due])
    session.execute(ABSORB, span)
    run.status, run.planned_through = "planning", through
    session.flush()
    return False
