"""What was claimed and not settled becomes unknown: it may have been sent, and nobody may send it again now."""

from __future__ import annotations

from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db.settlement import RESOLVE_FIRST_SECONDS
from shared.db.spans import Span

DOUBT = """
WITH moved AS (
  UPDATE event SET status = 'unknown', version = version + 1
  WHERE {within} AND status = 'processing' AND batch_id = :batch
  RETURNING id, date, attempt, currency, amount, first_sent_at),
doubts AS (
  INSERT INTO attempt AS a (event_id, number, event_date, provider, reason, resend, run_date, batch_id, first_sent_at,
    last_sent_at, next_at)
  SELECT id, attempt, date, :provider, :reason, :resend, :run_date, :batch, first_sent_at, clock_timestamp(),
    clock_timestamp() + make_interval(secs => :resolve_first)
  FROM moved
  ON CONFLICT (event_id, number) DO UPDATE SET state = 'open', reason = excluded.reason,
    last_sent_at = excluded.last_sent_at, next_at = excluded.next_at, resend = a.resend AND excluded.resend)
INSERT INTO booking (run_date, batch_id, heading, currency, count, amount)
SELECT :run_date, :batch, 'unknown', currency, count(*), sum(amount) FROM moved GROUP BY currency
UNION ALL
SELECT :run_date, :batch, 'in_flight', currency, -count(*), -sum(amount) FROM moved GROUP BY currency
"""


def doubt(
    session: Session,
    batch_id: int,
    span: Span,
    *,
    run_date: date,
    provider: str,
    reason: str,
    resend: bool = True,
) -> None:
    """Leaves to the resolver what an earlier holder of this batch claimed; the caller has locked run and batch.

    `provider`: whom it was sent to (rule K7). `resend`: False where another send would be wrong whatever the mode.
    """
    session.execute(
        text(DOUBT.format(within=span.condition)),
        {
            **span.parameters,
            "batch": batch_id,
            "run_date": run_date,
            "provider": provider,
            "reason": reason,
            "resend": resend,
            "resolve_first": RESOLVE_FIRST_SECONDS,
        },
    )
