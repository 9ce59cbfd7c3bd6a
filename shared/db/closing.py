"""Closing a run: one transaction proves that nothing is left, carries what is, and fixes the books (rules D5, D6)."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import differences, runs
from shared.db.clock import business_now
from shared.db.settlement import RESOLVE_FIRST_SECONDS
from shared.db.spans import Span
from shared.settings import BusinessClock

TIMEOUT = "15min"
"""A day that was not paid at all is swept in one statement; it takes longer than a request may."""

LIVE = text("""
SELECT count(*) FROM batch
WHERE run_date = :day AND status = 'claimed' AND lease_until >= clock_timestamp()
""")

# What a dead worker claimed may have been sent. The epoch grows, so that its late settlement finds nothing (C2).
DEAD = text("""
UPDATE batch SET epoch = epoch + 1, status = 'carried', worker = NULL, lease_until = NULL
WHERE run_date = :day AND status = 'claimed' RETURNING id, date, first_id, last_id, ids
""")

DOUBT = """
WITH moved AS (
  UPDATE event SET status = 'unknown', version = version + 1
  WHERE {within} AND status = 'processing' AND batch_id = :batch
  RETURNING id, date, attempt, currency, amount, first_sent_at),
doubts AS (
  INSERT INTO attempt (event_id, number, event_date, provider, reason, run_date, batch_id, first_sent_at,
    last_sent_at, next_at)
  SELECT id, attempt, date, :provider, 'run closed', :day, :batch, first_sent_at, clock_timestamp(),
    clock_timestamp() + make_interval(secs => :resolve_first)
  FROM moved
  ON CONFLICT (event_id, number) DO UPDATE SET state = 'open', last_sent_at = excluded.last_sent_at,
    next_at = excluded.next_at)
INSERT INTO booking (run_date, batch_id, heading, currency, count, amount)
SELECT :day, :batch, 'unknown', currency, count(*), sum(amount) FROM moved GROUP BY currency
UNION ALL
SELECT :day, :batch, 'in_flight', currency, -count(*), -sum(amount) FROM moved GROUP BY currency
"""

DATES = text("SELECT DISTINCT date FROM batch WHERE run_date = :day UNION SELECT CAST(:day AS date) ORDER BY date")

MISS = text("""
WITH missed AS (
  UPDATE event e SET status = 'missed', version = e.version + 1 FROM schedule s
  WHERE e.date = :date AND e.status = 'scheduled' AND s.id = e.schedule_id AND e.date + s.pay_late < :next
  RETURNING e.currency, e.amount)
INSERT INTO booking (run_date, heading, currency, count, amount)
SELECT :day, 'missed', currency, count(*), sum(amount) FROM missed GROUP BY currency
""")

# min() knows no uuid before PostgreSQL 18; the text of a uuid sorts as the uuid does.
CARRY = text("""
WITH leftover AS (
  SELECT id, currency, amount, (row_number() OVER (ORDER BY id) - 1) / :size AS piece
  FROM event WHERE date = :date AND status = 'scheduled'),
made AS (
  INSERT INTO batch (run_date, date, first_id, last_id)
  SELECT :next, :date, CAST(min(id::text) AS uuid), CAST(max(id::text) AS uuid) FROM leftover GROUP BY piece
  ORDER BY piece),
sums AS (SELECT currency, count(*) AS n, sum(amount) AS amount FROM leftover GROUP BY currency)
INSERT INTO booking (run_date, heading, currency, count, amount, original_date)
SELECT :day, 'carried', currency, n, amount, NULL FROM sums
UNION ALL
SELECT :next, 'due', currency, n, amount, CAST(:date AS date) FROM sums
""")

END_BATCHES = text("UPDATE batch SET status = 'carried' WHERE run_date = :day AND status = 'waiting'")


def close(session: Session, day: date, *, clock: BusinessClock, batch_size: int, provider: str) -> bool:
    """Closes a run whose time has come; False while a lease of it lives. Closing again changes nothing.

    What was not sent goes to the next day's run until `payLate` is over, then it is missed; what a dead worker
    held becomes unknown.
    """
    session.execute(text(f"SET LOCAL statement_timeout = '{TIMEOUT}'"))
    run = runs.lock(session, day)
    if run.status not in ("open", "paused"):
        return True
    if run.closing_at is None:
        run.closing_at = business_now(session, clock).instant
        session.flush()
    if session.scalar(LIVE, {"day": day}):
        return False
    following = day + timedelta(days=1)
    runs.announce(session, following, following)
    runs.share(session, following)
    for dead in session.execute(DEAD, {"day": day}).all():
        span = Span(dead.date, dead.first_id, dead.last_id, dead.ids)
        session.execute(
            text(DOUBT.format(within=span.condition)),
            {
                **span.parameters,
                "batch": dead.id,
                "day": day,
                "provider": provider,
                "resolve_first": RESOLVE_FIRST_SECONDS,
            },
        )
    for event_date in session.scalars(DATES, {"day": day}).all():
        scope = {"day": day, "date": event_date, "next": following}
        session.execute(MISS, scope)
        session.execute(CARRY, {**scope, "size": batch_size})
    session.execute(END_BATCHES, {"day": day})
    runs.mark_closed(session, day, differences.find(session, day))
    return True
