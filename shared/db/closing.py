"""Closing a run: one transaction proves that nothing is left, carries what is, and fixes the books (rules D5, D6)."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import audit, differences, runs, turns
from shared.db.clock import business_now
from shared.db.doubt import doubt
from shared.db.outbox import facts_of, missed_of, tells
from shared.db.spans import Span
from shared.domain.notices import NoticeType
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
WHERE run_date = :day AND status = 'claimed' RETURNING id, date, first_id, last_id, ids, provider
""")

DATES = text("SELECT DISTINCT date FROM batch WHERE run_date = :day UNION SELECT CAST(:day AS date) ORDER BY date")

MISS = """
WITH missed AS (
  UPDATE event e SET status = 'missed', version = e.version + 1 FROM schedule s
  WHERE e.date = :date AND e.status = 'scheduled' AND s.id = e.schedule_id AND e.date + s.pay_late < :next
  RETURNING {columns}){told}
INSERT INTO booking (run_date, heading, currency, count, amount)
SELECT :day, 'missed', currency, count(*), sum(amount) FROM missed GROUP BY currency
"""

# min() knows no uuid before PostgreSQL 18; the text of a uuid sorts as the uuid does.
CARRYING = """
WITH leftover AS (
  SELECT id, currency, amount, (row_number() OVER (ORDER BY id) - 1) / :size AS piece
  FROM event WHERE date = :date AND {which}),
made AS (
  INSERT INTO batch (run_date, date, first_id, last_id, retry)
  SELECT :next, :date, CAST(min(id::text) AS uuid), CAST(max(id::text) AS uuid), {retry} FROM leftover GROUP BY piece
  ORDER BY piece),
sums AS (SELECT currency, count(*) AS n, sum(amount) AS amount FROM leftover GROUP BY currency)
INSERT INTO booking (run_date, heading, currency, count, amount, original_date)
SELECT :day, 'carried', currency, n, amount, NULL FROM sums
UNION ALL
SELECT :next, 'due', currency, n, amount, CAST(:date AS date) FROM sums
"""
CARRY = text(CARRYING.format(which="status = 'scheduled'", retry="false"))
CARRY_RETRIES = text(CARRYING.format(which="status = 'failed' AND retry_on <= :day", retry="true"))

# A retry counts `payLate` from its retry day (rule D5); after it, the decline is final.
EXPIRE = """
WITH over AS (
  UPDATE event e SET retry_on = NULL, version = e.version + 1 FROM schedule s
  WHERE e.date = :date AND e.status = 'failed' AND e.retry_on + s.pay_late < :next AND s.id = e.schedule_id
  RETURNING {columns}),
final AS (
  INSERT INTO final_decline (schedule_id, event_id, code) SELECT schedule_id, id, 'retry_over' FROM over){told}
INSERT INTO booking (run_date, heading, currency, count, amount)
SELECT :day, 'declined', currency, count(*), sum(amount) FROM over GROUP BY currency
"""

MISSED = MISS.format(columns="e.currency, e.amount", told="")
EXPIRED = EXPIRE.format(columns="e.id, e.schedule_id, e.currency, e.amount", told="")
TOLD = ",\ntold AS ({facts})"
MISSED_AND_TOLD = MISS.format(columns="e.date, e.id, e.currency, e.amount", told=TOLD.format(facts=missed_of("missed")))
EXPIRED_AND_TOLD = EXPIRE.format(columns="e.*", told=TOLD.format(facts=facts_of("over", NoticeType.FAILED)))

END_BATCHES = text("UPDATE batch SET status = 'carried' WHERE run_date = :day AND status = 'waiting'")


def close(session: Session, day: date, *, clock: BusinessClock, batch_size: int, provider: str) -> bool:
    """Closes a run whose time has come; False while a lease of it lives. Closing again changes nothing.

    What was not sent goes to the next day's run until `payLate` is over, then it is missed; what a dead worker
    held becomes unknown.
    """
    session.execute(text(f"SET LOCAL statement_timeout = '{TIMEOUT}'"))
    run = runs.lock(session, day)
    status = run.status
    if status not in ("open", "paused"):
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
        doubt(session, dead.id, span, run_date=day, provider=dead.provider or provider, reason="run closed")
    told = tells(session)
    miss, expire = text(MISSED_AND_TOLD if told else MISSED), text(EXPIRED_AND_TOLD if told else EXPIRED)
    for event_date in session.scalars(DATES, {"day": day}).all():
        scope = {"day": day, "date": event_date, "next": following}
        session.execute(miss, scope)
        session.execute(CARRY, {**scope, "size": batch_size})
        turns.assign(session, following, event_date, size=batch_size)
        session.execute(expire, scope)
        session.execute(CARRY_RETRIES, {**scope, "size": batch_size})
    session.execute(END_BATCHES, {"day": day})
    off = differences.find(session, day)
    runs.mark_closed(session, day, off)
    audit.record(
        session,
        audit.PRODUCT,
        "run.closed",
        subject="run",
        subject_id=day,
        payer_id=None,
        before={"status": status},
        after={"status": "closed", "balanced": off is None},
    )
    return True
