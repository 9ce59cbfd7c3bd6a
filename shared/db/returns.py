"""Giving events back that were provably not paid: one way, under their schedules' locks (rules C5, C6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import outbox, plans, schedules
from shared.db.bookings import line
from shared.db.models import FinalDecline, Schedule
from shared.db.plans import UNREADABLE, Plan
from shared.domain.books import Heading
from shared.domain.lifecycle import EventStatus
from shared.domain.notices import NoticeType
from shared.domain.retries import RETRY_OVER
from shared.domain.returning import DECLINED, Becomes, Fate, Returning, becomes

READ = text("""
SELECT id, schedule_id, nominal_date, date, sequence, revision, overridden, retry_on FROM event
WHERE date = :date AND id = ANY(CAST(:ids AS uuid[])) AND status = :before AND batch_id = :batch
""")

# A key that was sent and proven not executed is used up; one that was never sent is kept (rule K5).
RETURN = text("""
WITH found AS (SELECT date, id, amount FROM event
  WHERE date = :date AND id = ANY(CAST(:ids AS uuid[])) AND status = :before AND batch_id = :batch)
UPDATE event e SET status = :after, cancel_reason = :reason, attempt = attempt + CASE WHEN :used THEN 1 ELSE 0 END,
  first_sent_at = NULL, retry_on = CASE WHEN :retried THEN retry_on END, version = version + 1,
  amount = CASE WHEN :reterm THEN CAST(:amount AS bigint) ELSE e.amount END,
  payee_id = CASE WHEN :reterm THEN CAST(:payee AS text) ELSE payee_id END,
  reference = CASE WHEN :reterm THEN CAST(:reference AS text) ELSE reference END,
  revision = CASE WHEN :reterm THEN CAST(:revision AS int) ELSE revision END
FROM found WHERE e.date = found.date AND e.id = found.id
RETURNING e.id, e.date, e.schedule_id, e.currency, e.amount, found.amount AS claimed_amount, e.failure_code,
  e.retry_on
""")


NEWS: Final = {
    EventStatus.MISSED: NoticeType.MISSED,
    EventStatus.CANCELLED: NoticeType.CANCELLED,
    EventStatus.PAUSED: NoticeType.PAUSED,
    EventStatus.FAILED: NoticeType.FAILED,
}
"""What a payer hears of an event that is not paid any more. What was told of its schedule, when that was cancelled or
paused, spoke of what was open then; this one was not, and it may have been told of as unknown."""


class Returned(NamedTuple):
    """An event that was given back, and what it became; amounts in minor units, as claimed and from now on.

    `retry_on`: it was declined before, and waits for that day again.
    """

    id: UUID
    event_date: date
    currency: str
    claimed_amount: int
    amount: int
    fate: Fate
    retry_on: date | None


def give_back(
    session: Session,
    *,
    event_date: date,
    batch_id: int,
    before: str,
    ids: Sequence[UUID],
    key_used: bool,
    today: date,
) -> list[Returned]:
    """Returns events of one date from `before` (`processing` or `unknown`) to what rule C6 says.

    Only events that this batch claimed and that still stand there move; one whose rule cannot be read does not. The
    caller has locked the batch, and books what moved. `key_used`: a request with the present key was sent, so the
    next one needs a new key.
    """
    where = {"date": event_date, "ids": list(ids), "before": before, "batch": batch_id}
    found = session.execute(READ, where).all()
    locked = schedules.lock_all(session, sorted({row.schedule_id for row in found}))
    readable = _plans(session, locked)
    groups: dict[Becomes, list[UUID]] = defaultdict(list)
    for row in found:
        plan = readable.get(row.schedule_id)
        if plan is not None:
            groups[_becomes(locked[row.schedule_id], plan, Returning(*row[2:]), today)].append(row.id)
    moved: list[Returned] = []
    for become, members in groups.items():
        rows = session.execute(RETURN, {**where, "ids": members, "used": key_used, **_values(become)}).all()
        for row in rows:
            moved.append(
                Returned(row.id, row.date, row.currency, row.claimed_amount, row.amount, become.fate, row.retry_on)
            )
            if become.fate == DECLINED:
                session.add(FinalDecline(schedule_id=row.schedule_id, event_id=row.id, code=RETRY_OVER))
        if become.fate.status in NEWS and not become.fate.retried:
            outbox.tell_of_events(session, NEWS[become.fate.status], event_date, [row.id for row in rows])
    return moved


def of_returned(run_date: date, event: Returned) -> list[dict[str, object]]:
    """The lines of an open run for an event that came back, beside those that take it out of where it stood."""
    lines = []
    if event.amount != event.claimed_amount:
        grown = event.amount - event.claimed_amount
        lines.append(line(run_date, Heading.DUE, event.currency, grown, count=0, event_id=event.id))
    if event.fate.heading is not None:
        lines.append(line(run_date, event.fate.heading, event.currency, event.amount, event_id=event.id))
    return lines


def _becomes(schedule: Schedule, plan: Plan, event: Returning, today: date) -> Becomes:
    return becomes(
        event,
        cancelled=schedule.status == "cancelled",
        timeline=plan.timeline,
        pauses=plan.pauses,
        pay_late=schedule.pay_late,
        today=today,
    )


def _values(become: Becomes) -> dict[str, object]:
    terms, reason = become.terms, become.fate.cancel_reason
    return {
        "after": str(become.fate.status),
        "reason": reason and str(reason),
        "retried": become.fate.retried,
        "reterm": terms is not None,
        "amount": terms and terms.amount,
        "payee": terms and terms.revision.terms.payee_id,
        "reference": terms and terms.revision.terms.reference,
        "revision": terms and terms.revision.number,
    }


def _plans(session: Session, locked: Mapping[UUID, Schedule]) -> dict[UUID, Plan]:
    """The plans that can be read: a rule of a newer version than ours must not cost the others their outcome."""
    try:
        return plans.read(session, locked.values())
    except UNREADABLE:
        return {key: plan for schedule in locked.values() for key, plan in _plan(session, schedule).items()}


def _plan(session: Session, schedule: Schedule) -> dict[UUID, Plan]:
    try:
        return plans.read(session, [schedule])
    except UNREADABLE:
        return {}
