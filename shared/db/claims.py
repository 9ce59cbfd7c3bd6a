"""Taking a batch and claiming its events: what is claimed may be sent (rules C1-C4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import runs
from shared.db.clock import business_now
from shared.db.pauses import COVERS
from shared.db.spans import Span
from shared.domain.days import BusinessNow
from shared.settings import BusinessClock


class ClaimedEvent(NamedTuple):
    """A claimed event's frozen columns; `amount` in minor units.

    `sent_seconds_ago`: since the first possible send of this key. `wanted`: its schedule still asks for it, and no
    pause covers it (rule K6).
    """

    id: str
    payer_id: str
    payee_id: str
    amount: int
    currency: str
    reference: str
    attempt: int
    sent_seconds_ago: float = 0.0
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch that is this worker's until its lease ends. Its statements carry `epoch`.

    `fresh` events were scheduled and never sent with this key. `doubtful` ones were claimed by an earlier
    holder that did not settle them: each may have been sent (rule C4). `seconds_to_cutoff` counts from the claim.
    """

    batch_id: int
    run_date: date
    epoch: int
    span: Span
    seconds_to_cutoff: float
    fresh: list[ClaimedEvent] = field(default_factory=list)
    doubtful: list[ClaimedEvent] = field(default_factory=list)


TAKE = text("""
WITH held AS (SELECT id, status FROM batch WHERE id = :batch FOR UPDATE)
UPDATE batch b SET status = 'claimed', epoch = b.epoch + 1, worker = :worker, wait_until = NULL,
  lease_until = clock_timestamp() + make_interval(secs => :lease)
FROM held WHERE b.id = held.id
  AND ((b.status = 'waiting' AND (b.wait_until IS NULL OR b.wait_until <= clock_timestamp()))
    OR (b.status = 'claimed' AND b.lease_until < clock_timestamp()))
RETURNING b.date, b.first_id, b.last_id, b.ids, b.epoch, held.status = 'claimed' AS taken_over
""")

# The plan must be an index scan of the month's primary key; the books' line rides in the same statement.
CLAIM = """
WITH claimed AS (
  UPDATE event SET status = 'processing', batch_id = :batch, first_sent_at = clock_timestamp(), version = version + 1
  WHERE {within} AND status = 'scheduled'
  RETURNING id, payer_id, payee_id, amount, currency, reference, attempt),
booked AS (
  INSERT INTO booking (run_date, batch_id, heading, currency, count, amount)
  SELECT :run_date, :batch, 'in_flight', currency, count(*), sum(amount) FROM claimed GROUP BY currency)
SELECT id::text, payer_id, payee_id, amount, currency, coalesce(reference, ''), attempt FROM claimed
"""

DOUBTFUL = f"""
SELECT e.id::text, e.payer_id, e.payee_id, e.amount, e.currency, coalesce(e.reference, ''), e.attempt,
  extract(epoch FROM clock_timestamp() - e.first_sent_at)::float,
  (SELECT s.status = 'active' FROM schedule s WHERE s.id = e.schedule_id) AND NOT {COVERS}
FROM event e WHERE {{within}} AND e.status = 'processing' AND e.batch_id = :batch
"""


def take(session: Session, batch_id: int, *, worker: str, lease_seconds: float, clock: BusinessClock) -> Claim | None:
    """Takes a waiting batch, or takes over one whose lease ran out, and claims what is scheduled in it.

    None if there is nothing to take: another has it, it is done, or its run may not pay now (rule C2). The
    caller commits before the first byte goes out, and retries on serialisation failures and deadlocks.
    """
    run_date = session.scalar(text("SELECT run_date FROM batch WHERE id = :batch"), {"batch": batch_id})
    now = business_now(session, clock)
    if run_date is None or not may_pay(session, run_date, now):
        return None
    taken = session.execute(TAKE, {"batch": batch_id, "worker": worker, "lease": lease_seconds}).one_or_none()
    if taken is None:
        return None
    span = Span(taken.date, taken.first_id, taken.last_id, taken.ids)
    claim = Claim(batch_id, run_date, taken.epoch, span, now.seconds_to_cutoff)
    if taken.taken_over:
        claim.doubtful.extend(ClaimedEvent(*row) for row in _rows(session, DOUBTFUL, claim))
    claim.fresh.extend(ClaimedEvent(*row) for row in _rows(session, CLAIM, claim))
    return claim


def may_pay(session: Session, run_date: date, now: BusinessNow) -> bool:
    """Whether that run's events may be claimed and sent now; holds the run's row FOR SHARE (rule C2)."""
    run = runs.share(session, run_date)
    return run is not None and run.is_paying and run.date == now.today and now.in_hours


def hold(session: Session, claim: Claim) -> bool:
    """Locks the batch's row if it is still ours (rule C2); False means: stop, write nothing."""
    held = session.scalar(
        text("SELECT 1 FROM batch WHERE id = :batch AND epoch = :epoch AND status = 'claimed' FOR UPDATE"),
        {"batch": claim.batch_id, "epoch": claim.epoch},
    )
    return held is not None


def finish(session: Session, claim: Claim, *, wait_seconds: float | None) -> None:
    """Ends our hold on the batch: done, or waiting to be published again after `wait_seconds`."""
    session.execute(
        text("""
            UPDATE batch SET status = CASE WHEN :again THEN 'waiting' ELSE 'done' END,
              worker = NULL, lease_until = NULL, published_at = NULL,
              wait_until = CASE WHEN :again THEN clock_timestamp() + make_interval(secs => :wait) END
            WHERE id = :batch AND epoch = :epoch AND status = 'claimed'
        """),
        {
            "batch": claim.batch_id,
            "epoch": claim.epoch,
            "again": wait_seconds is not None,
            "wait": wait_seconds or 0,
        },
    )


def _rows(session: Session, statement: str, claim: Claim) -> Any:
    parameters = {"batch": claim.batch_id, "run_date": claim.run_date, **claim.span.parameters}
    return session.execute(text(statement.format(within=claim.span.condition)), parameters)
