"""Keys whose outcome is open: what the resolver works through (rule K4)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.db.models import Attempt, Event

# 10 s after it became unknown, then 1 min, 5 min, 1 h, then daily. The next time is set before anything is sent,
# so that a resolver that dies does not come back at once, and two never take the same one.
CLAIM = text("""
WITH due AS (
  SELECT event_id, number FROM attempt
  WHERE state = 'open' AND next_at <= clock_timestamp() AND provider = :provider
  ORDER BY next_at LIMIT :most FOR UPDATE SKIP LOCKED),
taken AS (
  UPDATE attempt a SET asks = asks + 1, next_at = clock_timestamp()
    + make_interval(secs => coalesce((ARRAY[60, 300, 3600])[a.asks + 1], 86400))
  FROM due WHERE a.event_id = due.event_id AND a.number = due.number
  RETURNING a.*)
SELECT t.event_id, t.number, t.event_date, e.payer_id, e.payee_id, e.amount, e.currency,
  coalesce(e.reference, '') AS reference,
  extract(epoch FROM clock_timestamp() - t.first_sent_at)::float AS first_sent_seconds_ago,
  extract(epoch FROM clock_timestamp() - t.last_sent_at)::float AS last_sent_seconds_ago,
  t.resend AND (SELECT s.status = 'active' FROM schedule s WHERE s.id = e.schedule_id) AS sendable
FROM taken t JOIN event e ON e.date = t.event_date AND e.id = t.event_id
WHERE e.status = 'unknown' AND e.attempt = t.number
""")


class OpenAttempt(NamedTuple):
    """An unknown event and the key that decides it; `amount` in minor units.

    `sendable`: its schedule still asks for it (rule K6), and no answer forbade to send the key again (rule K8).
    """

    event_id: UUID
    number: int
    event_date: date
    payer_id: str
    payee_id: str
    amount: int
    currency: str
    reference: str
    first_sent_seconds_ago: float
    last_sent_seconds_ago: float
    sendable: bool


def claim_due(session: Session, *, provider: str, most: int) -> list[OpenAttempt]:
    """Attempts whose time has come, of this provider only (rule K7); the caller commits before it calls anybody."""
    return [OpenAttempt(*row) for row in session.execute(CLAIM, {"provider": provider, "most": most})]


def sent_again(session: Session, event_id: UUID, number: int) -> None:
    """Notes a send before it happens: a not-found counts only long enough after the last one."""
    session.execute(
        update(Attempt)
        .where(Attempt.event_id == event_id, Attempt.number == number)
        .values(last_sent_at=func.clock_timestamp())
    )


def forbid_resend(session: Session, event_id: UUID, number: int) -> None:
    """From now on the provider is only asked (rule K8)."""
    session.execute(update(Attempt).where(Attempt.event_id == event_id, Attempt.number == number).values(resend=False))


def settle(session: Session, event_id: UUID, number: int, state: str, provider_ref: str | None) -> None:
    """Ends an open attempt as `paid`, `declined` or `not_executed`."""
    session.execute(
        update(Attempt)
        .where(Attempt.event_id == event_id, Attempt.number == number)
        .values(state=state, provider_ref=provider_ref, settled_at=func.clock_timestamp())
    )


def record_contradiction(
    session: Session,
    event: Event,
    *,
    number: int,
    provider: str,
    run_date: date,
    provider_ref: str | None,
    reason: str,
) -> None:
    """Keeps a proof that contradicts a final state, for a person to settle (rule K9)."""
    now = func.clock_timestamp()
    kept = {"state": "contradiction", "reason": reason, "provider_ref": provider_ref, "settled_at": now}
    session.execute(
        insert(Attempt)
        .values(
            event_id=event.id,
            number=number,
            event_date=event.date,
            provider=provider,
            run_date=run_date,
            batch_id=event.batch_id,
            first_sent_at=func.coalesce(event.first_sent_at, now),
            last_sent_at=now,
            next_at=now,
            **kept,
        )
        .on_conflict_do_update(index_elements=["event_id", "number"], set_=kept)
    )
