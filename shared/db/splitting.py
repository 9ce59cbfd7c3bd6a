"""Splitting a batch that kills its workers, until the event that does it is alone (rule C8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from shared.db import outbox
from shared.db.bookings import book, line
from shared.db.doubt import doubt
from shared.db.parts import DECLINED, Claim, claimable
from shared.domain.books import Heading
from shared.domain.notices import NoticeType
from shared.domain.retries import QUARANTINED
from shared.log import get_logger

log = get_logger(__name__)

PIECES = 8

# Ids and states only: whatever it is in the event that kills a reader, it is not read here.
MEMBERS = """
SELECT id, status = 'processing' AS claimed FROM event
WHERE ({claimable}) OR ({within} AND status = 'processing' AND batch_id = :batch) ORDER BY id
"""

# As if taken by somebody who died: what is claimed in it may have been sent, and is taken over.
CHILD = text("""
INSERT INTO batch (run_date, date, first_id, last_id, ids, retry, provider, status, worker, lease_until)
SELECT run_date, date, CAST(:first AS uuid), CAST(:last AS uuid), CAST(:ids AS uuid[]), retry, :provider, 'claimed',
  'split', clock_timestamp() - interval '1 second'
FROM batch WHERE id = :batch RETURNING id
""")
MOVE = text("""
UPDATE event SET batch_id = :child, version = version + 1
WHERE date = :date AND id = ANY(CAST(:ids AS uuid[])) AND status = 'processing' AND batch_id = :batch
""")
END = text("UPDATE batch SET status = 'done', worker = NULL, lease_until = NULL WHERE id = :batch")

# Nothing moves that another batch has claimed meanwhile: it may be paid.
CLAIM_IT = text("""
UPDATE event SET status = 'processing', batch_id = :batch, version = version + 1
WHERE date = :date AND id = :id AND status = 'scheduled'
""")
FAIL_IT = """
UPDATE event SET status = 'failed', failure_code = :code, retry_on = NULL, settled_at = now(), version = version + 1
WHERE date = :date AND id = :id AND {state} RETURNING currency, amount
"""
CLAIMED: Final = "status = 'processing' AND batch_id = :batch"


def split(session: Session, claim: Claim, *, provider: str) -> None:
    """Cuts a batch, taken by the caller, into pieces; an event that is alone is quarantined.

    Quarantined and never sent it is failed; sent it is unknown, and only asked about. `provider`: whom its claimed
    events were sent to (rule K7).
    """
    statement = MEMBERS.format(claimable=claimable(claim), within=claim.span.condition)
    where = {"batch": claim.batch_id, "run_date": claim.run_date, **claim.span.parameters}
    members = session.execute(text(statement), where).all()
    if members and claim.span.is_one:
        _quarantine(session, claim, members[0], provider)
    else:
        size = max(1, -(-len(members) // PIECES))
        for start in range(0, len(members), size):
            _child(session, claim, [member.id for member in members[start : start + size]], provider)
        log.warning("batch split", batch=claim.batch_id, run=str(claim.run_date), events=len(members))
    session.execute(END, {"batch": claim.batch_id})


def _child(session: Session, claim: Claim, ids: Sequence[UUID], provider: str) -> None:
    values = {"batch": claim.batch_id, "ids": list(ids), "first": ids[0], "last": ids[-1], "provider": provider}
    child = session.scalar(CHILD, values)
    session.execute(MOVE, {**values, "child": child, "date": claim.span.date})


def _quarantine(session: Session, claim: Claim, member: Row[Any], provider: str) -> None:
    log.error("event quarantined", alert=True, event_id=str(member.id), may_have_been_sent=member.claimed)
    if member.claimed:
        doubt(
            session,
            claim.batch_id,
            claim.span,
            run_date=claim.run_date,
            provider=provider,
            reason=QUARANTINED,
            resend=False,
        )
        return
    where = {"batch": claim.batch_id, "date": claim.span.date, "id": member.id, "code": QUARANTINED}
    if not claim.retry:
        session.execute(CLAIM_IT, where)
    statement = FAIL_IT.format(state=DECLINED if claim.retry else CLAIMED)
    for failed in session.execute(text(statement), {**where, "run_date": claim.run_date}):
        line_of = line(claim.run_date, Heading.DECLINED, failed.currency, failed.amount, event_id=member.id)
        book(session, [{**line_of, "batch_id": claim.batch_id}])
        outbox.tell_of_events(session, NoticeType.FAILED, claim.span.date, [member.id])
