"""Payments that another provider than ours was asked to make, and that nobody has settled (rule K7)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import text

from shared.db.engine import Session

LEFT_OPEN = text("""
SELECT provider, sum(payments)::bigint AS payments, sum(batches)::bigint AS batches
FROM (
  SELECT provider, count(*) AS payments, 0 AS batches FROM attempt
  WHERE state = 'open' AND provider <> :provider GROUP BY provider
  UNION ALL
  SELECT b.provider, sum((
    SELECT count(*) FROM event e WHERE e.date = b.date AND e.id BETWEEN b.first_id AND b.last_id
      AND e.batch_id = b.id AND e.status = 'processing')), count(*)
  FROM batch b WHERE b.status = 'claimed' AND b.provider <> :provider GROUP BY b.provider
) found
GROUP BY provider ORDER BY provider
""")


class LeftOpen(NamedTuple):
    """`payments` in doubt or being made by `provider`, those of `batches` that are claimed among them."""

    provider: str
    payments: int
    batches: int


def left_open(session: Session, provider: str) -> list[LeftOpen]:
    """What stands with every provider but this one."""
    rows = session.execute(LEFT_OPEN, {"provider": provider})
    return [LeftOpen(row.provider, row.payments, row.batches) for row in rows]
