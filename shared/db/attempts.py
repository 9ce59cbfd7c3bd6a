"""Keys whose outcome is open: what the resolver works through (rule K4)."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.db.holds import HELD
from shared.db.models import Attempt, Event
from shared.db.pauses import COVERS

# 10 s after it became unknown, then 1 min, 5 min, 1 h, then daily. The next time is set before anything is sent, and
# never within the time that whoever took it may hold it, so that two resolvers never work on the same key.
TAKE = text(f"""
WITH due AS (
  SELECT event_id, number FROM attempt
  WHERE state = 'open' AND next_at <= clock_timestamp() AND provider = :provider
  ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED),
taken AS (
  UPDATE attempt a SET asks = asks + 1, next_at = clock_timestamp()
    + make_interval(secs => greatest(coalesce((ARRAY[60, 300, 3600])[a.asks + 1], 86400), :held))
  FROM due WHERE a.event_id = due.event_id AND a.number = due.number
  RETURNING a.*)
SELECT t.event_id, t.number, t.event_date, e.payer_id, e.payee_id, e.amount, e.currency,
  coalesce(e.reference, '') AS reference, t.last_sent_at,
  extract(epoch FROM clock_timestamp() - t.first_sent_at)::float AS first_sent_seconds_ago,
  extract(epoch FROM clock_timestamp() - t.last_sent_at)::float AS last_sent_seconds_ago, t.reason,
  t.resend AND (SELECT s.status = 'active' FROM schedule s WHERE s.id = e.schedule_id)
    AND NOT {COVERS} AND NOT {HELD} AND e.status = 'unknown' AND e.attempt = t.number AS sendable
FROM taken t JOIN event e ON e.date = t.event_date AND e.id = t.event_id
""")


class OpenAttempt(NamedTuple):
    """An unknown event and the key that decides it, as it stood when it was taken; `amount` in minor units.

    `reason`: why it is open. `sendable`: its schedule still asks for it and no pause or hold covers it (rule K6), and
    no answer forbade to send the key again (rule K8).
    """

    event_id: UUID
    number: int
    event_date: date
    payer_id: str
    payee_id: str
    amount: int
    currency: str
    reference: str
    last_sent_at: datetime
    first_sent_seconds_ago: float
    last_sent_seconds_ago: float
    reason: str | None
    sendable: bool


def take_due(session: Session, *, provider: str, held_seconds: float) -> OpenAttempt | None:
    """The attempt that is due longest, of this provider only (rule K7); nobody else gets it for `held_seconds`."""
    row = session.execute(TAKE, {"provider": provider, "held": held_seconds}).one_or_none()
    return None if row is None else OpenAttempt(*row)


def may_be_sent_for(session: Session, event_id: UUID, number: int, seconds: float) -> None:
    """Notes before a send until when it may happen: a not-found counts only long enough after the last one."""
    last = func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
    session.execute(
        update(Attempt).where(Attempt.event_id == event_id, Attempt.number == number).values(last_sent_at=last)
    )


def is_still(session: Session, attempt: OpenAttempt) -> bool:
    """Whether nothing was sent and nothing became known since the attempt was taken; locks its row."""
    query = select(Attempt.last_sent_at, Attempt.state).where(
        Attempt.event_id == attempt.event_id, Attempt.number == attempt.number
    )
    row = session.execute(query.with_for_update()).one()
    return bool(row.state == "open" and row.last_sent_at == attempt.last_sent_at)


def forbid_resend(session: Session, event_id: UUID, number: int) -> None:
    """From now on the provider is only asked (rule K8)."""
    session.execute(update(Attempt).where(Attempt.event_id == event_id, Attempt.number == number).values(resend=False))


def settle(session: Session, event_id: UUID, number: int, state: str, provider_ref: str | None) -> None:
    """Ends an open attempt as `paid`, `declined` or `not_executed`."""
    session.execute(
        update(Attempt)
        .where(Attempt.event_id == event_id, Attempt.number == number, Attempt.state == "open")
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
