"""Turns: batches of one payer or payee beyond its first give way to all others, so that a million of them delay nobody.

A batch is one party's if its first, middle and last event are. Who uploads a million payments at once fills batch
after batch with them, because ids are in the order of creation. Parties give way to each other as well: all their
second batches come before any third.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import text

from shared.db.engine import Session

LAST: Final = 1_000_000
"""The turn of what is left for a party whose calls time out: after all that parties have by planning."""

# As when a day is cut: on a month without statistics the planner would collect it in a bitmap for each batch.
WALK, AGAIN = text("SET LOCAL enable_bitmapscan = off"), text("SET LOCAL enable_bitmapscan TO DEFAULT")
# Each event is looked up by its key: joined, the planner might read the whole day for them. The middle one is counted
# to in the key alone, and only where the ends have a party in common.
ASSIGN = text("""
WITH ends AS (
  SELECT b.id, b.first_id, CASE WHEN f.payer_id = l.payer_id THEN f.payer_id END AS payer,
    CASE WHEN f.payee_id = l.payee_id THEN f.payee_id END AS payee
  FROM batch b
    CROSS JOIN LATERAL (SELECT payer_id, payee_id FROM event WHERE date = :date AND id = b.first_id OFFSET 0) f
    CROSS JOIN LATERAL (SELECT payer_id, payee_id FROM event WHERE date = :date AND id = b.last_id OFFSET 0) l
  WHERE b.run_date = :run_date AND b.date = :date AND b.status = 'waiting' AND b.ids IS NULL AND NOT b.retry),
parties AS (
  SELECT ends.id, coalesce(ends.payer = m.payer_id, false) AS pays,
    CASE WHEN ends.payer = m.payer_id THEN payer ELSE payee END AS party
  FROM ends
    CROSS JOIN LATERAL (
      SELECT id FROM event WHERE date = :date AND id >= ends.first_id ORDER BY id OFFSET :half LIMIT 1) h
    CROSS JOIN LATERAL (SELECT payer_id, payee_id FROM event WHERE date = :date AND id = h.id OFFSET 0) m
  WHERE (ends.payer IS NOT NULL OR ends.payee IS NOT NULL) AND (ends.payer = m.payer_id OR ends.payee = m.payee_id)),
turns AS (SELECT id, row_number() OVER (PARTITION BY pays, party ORDER BY id) - 1 AS turn FROM parties)
UPDATE batch SET turn = turns.turn FROM turns WHERE batch.id = turns.id AND turns.turn > 0
""")


def assign(session: Session, run_date: date, event_date: date, *, size: int) -> None:
    """Gives the batches of up to `size` events that a run has under a date their turns, before any is published.

    The caller holds the run's row.
    """
    session.execute(WALK)
    session.execute(ASSIGN, {"run_date": run_date, "date": event_date, "half": size // 2})
    session.execute(AGAIN)
