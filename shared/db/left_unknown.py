"""Payments that nobody could say anything of for long: their payers hear so, once (rule P4)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db.outbox import facts_of, tells
from shared.domain.notices import UNKNOWN_AFTER_SECONDS, NoticeType

TOLD_AT_ONCE: Final = 4000

# Each event is looked up by its key: joined, the planner might read months for them.
# None is locked: one that becomes known meanwhile was unknown, and what it became is told after this.
TELL = text(f"""
WITH due AS (
  SELECT event_id, number FROM attempt a
  WHERE state = 'open' AND NOT told
    AND first_sent_at <= clock_timestamp() - make_interval(secs => {UNKNOWN_AFTER_SECONDS})
    AND (SELECT e.status = 'unknown' AND e.attempt = a.number
      FROM event e WHERE e.date = a.event_date AND e.id = a.event_id)
  ORDER BY first_sent_at LIMIT {TOLD_AT_ONCE} FOR UPDATE SKIP LOCKED),
marked AS (
  UPDATE attempt a SET told = true FROM due WHERE a.event_id = due.event_id AND a.number = due.number
  RETURNING a.event_id, a.event_date),
doubted AS (
  SELECT e.* FROM marked CROSS JOIN LATERAL (
    SELECT * FROM event WHERE date = marked.event_date AND id = marked.event_id OFFSET 0) e),
told AS ({facts_of("doubted", NoticeType.UNKNOWN)})
SELECT count(*) FROM marked
""")


def tell_unknown(session: Session) -> int:
    """Tells of the next payments whose first send was an hour ago or more; answers how many: none where all are told,
    or nobody is."""
    return int(session.execute(TELL).scalar_one()) if tells(session) else 0
