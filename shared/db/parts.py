"""Parts: how a batch's events are claimed (rule C1), all at once or a few at a time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from shared.db.holds import HELD, Holds
from shared.db.pauses import COVERS
from shared.db.spans import Span


class ClaimedEvent(NamedTuple):
    """A claimed event's frozen columns; `amount` in minor units.

    `failure_code` and `retry_on` are those of the decline that it is tried again for. `sent_seconds_ago`: since the
    first possible send of this key. `wanted`: its schedule still asks for it, and no pause or hold covers it (K6).
    """

    id: str
    payer_id: str
    payee_id: str
    amount: int
    currency: str
    reference: str
    attempt: int
    failure_code: str | None = None
    retry_on: date | None = None
    sent_seconds_ago: float = 0.0
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch that is this worker's until its lease ends, and a part of it. Its statements carry `epoch`.

    `fresh` events were never sent with this key. `doubtful` ones were claimed by an earlier holder that did not
    settle them: each may have been sent (rule C4). `through`: the last id that was claimed. `held`: a hold kept
    some of it back. `retry`: it holds declined events whose retry day it is, and `todays`: those of this day, too.
    `seconds_to_cutoff` counts from the claim. `wait_seconds`: how long what came back of earlier parts has to wait;
    `slow`: some of it is a slow party's.
    """

    batch_id: int
    run_date: date
    epoch: int
    span: Span
    seconds_to_cutoff: float
    retry: bool = False
    todays: bool = False
    through: str = "00000000-0000-0000-0000-000000000000"
    held: bool = False
    wait_seconds: float | None = None
    slow: bool = False
    fresh: list[ClaimedEvent] = field(default_factory=list)
    doubtful: list[ClaimedEvent] = field(default_factory=list)


SCHEDULED: Final = "status = 'scheduled'"
# Of a range, what was declined today waits for RETRY_AT, in a batch of its own that opens then (rule S11).
DECLINED: Final = "status = 'failed' AND retry_on <= :run_date"
NOT_TODAYS: Final = " AND (retry_on < :run_date OR retry_on IS DISTINCT FROM first_declined_on)"
NOT_HELD: Final = " AND payer_id <> ALL(CAST(:payers AS text[])) AND payee_id <> ALL(CAST(:payees AS text[]))"

# The plan must be an index scan of the month's primary key; the books' line rides in the same statement. A key that
# was sent and declined is used up; one that was never sent is kept (rule K5).
CLAIM = """
WITH claimed AS (
  UPDATE event SET status = 'processing', batch_id = :batch, version = version + 1, first_sent_at = clock_timestamp(),
    attempt = attempt + {used}
  WHERE {which}
  RETURNING id, payer_id, payee_id, amount, currency, reference, attempt, failure_code, retry_on),
booked AS (
  INSERT INTO booking (run_date, batch_id, heading, currency, count, amount)
  SELECT :run_date, :batch, 'in_flight', currency, count(*), sum(amount) FROM claimed GROUP BY currency)
SELECT id::text, payer_id, payee_id, amount, currency, coalesce(reference, ''), attempt, failure_code, retry_on
FROM claimed
"""
USED: Final = "CASE WHEN first_sent_at IS NULL THEN 0 ELSE 1 END"
# Who waits for another's claim looks at the row again, but not at what a subquery said of it: the condition stands
# outside, too. Inside, the lock lets the part go on to events that are free; an empty one would end the batch.
FEW: Final = """{which} AND id = ANY(ARRAY(
  SELECT id FROM event WHERE {which} AND id > CAST(:through AS uuid) ORDER BY id LIMIT :most FOR UPDATE))"""

DOUBTFUL = f"""
SELECT e.id::text, e.payer_id, e.payee_id, e.amount, e.currency, coalesce(e.reference, ''), e.attempt, e.failure_code,
  e.retry_on, extract(epoch FROM clock_timestamp() - e.first_sent_at)::float,
  (SELECT s.status = 'active' FROM schedule s WHERE s.id = e.schedule_id) AND NOT {COVERS} AND NOT {HELD}
FROM event e WHERE {{within}} AND e.status = 'processing' AND e.batch_id = :batch
"""


def claim_next(session: Session, claim: Claim, holds: Holds, *, most: int | None) -> Claim:
    """Claims the next `most` events of the batch, all if None, but for what is held (rule P3).

    The claim that is answered has them as `fresh`; none means that nothing of it is left but what is held.
    """
    found: list[ClaimedEvent] = []
    if not holds.everything:
        found = [ClaimedEvent(*row) for row in _claim(session, claim, holds, most)]
    through = max((event.id for event in found), default=claim.through)
    # Also what an earlier part passed over: its hold may have ended meanwhile, and no later part looks back.
    held = claim.held or (bool(holds) and _any_left(session, claim))
    return replace(claim, fresh=found, through=through, held=held)


def doubtful(session: Session, claim: Claim) -> list[ClaimedEvent]:
    """What an earlier holder of the batch claimed and did not settle."""
    where = {"batch": claim.batch_id, **claim.span.parameters}
    rows = session.execute(text(DOUBTFUL.format(within=claim.span.condition)), where)
    return [ClaimedEvent(*row) for row in rows]


def claimable(claim: Claim) -> str:
    """In SQL: which events of the batch its run pays."""
    if not claim.retry:
        return f"{claim.span.condition} AND {SCHEDULED}"
    return f"{claim.span.condition} AND {DECLINED}" + ("" if claim.todays else NOT_TODAYS)


def _claim(session: Session, claim: Claim, holds: Holds, most: int | None) -> list[tuple[Any, ...]]:
    which = claimable(claim) + (NOT_HELD if holds else "")
    if most is not None:
        which = FEW.format(which=which)
    statement = CLAIM.format(which=which, used=USED if claim.retry else "0")
    values = {**_values(claim), **_held(holds), "through": claim.through, "most": most}
    found = cast("CursorResult[Any]", session.execute(text(statement), values))
    assert found.cursor is not None  # noqa: S101 - a statement with RETURNING has rows, if only none
    # The driver's own tuples: as rows of SQLAlchemy's they cost twice as much, for each payment.
    return list(found.cursor.fetchall())


def _any_left(session: Session, claim: Claim) -> bool:
    found = session.scalar(text(f"SELECT EXISTS (SELECT FROM event WHERE {claimable(claim)})"), _values(claim))
    return bool(found)


def _values(claim: Claim) -> dict[str, Any]:
    return {"batch": claim.batch_id, "run_date": claim.run_date, **claim.span.parameters}


def _held(holds: Holds) -> dict[str, Any]:
    return {"payers": sorted(holds.payers), "payees": sorted(holds.payees)} if holds else {}
