"""Giving events back that were provably not paid: one way, under their schedules' locks (rules C5, C6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import schedules
from shared.db.models import Schedule
from shared.domain.errors import DomainError
from shared.domain.recurrence import Rule
from shared.domain.returning import Fate, fate

READ = text("""
SELECT id, schedule_id, nominal_date FROM event
WHERE date = :date AND id = ANY(CAST(:ids AS uuid[])) AND status = :before AND batch_id = :batch
""")

# A key that was sent and proven not executed is used up; one that was never sent is kept (rule K5).
RETURN = text("""
UPDATE event SET status = :after, cancel_reason = :reason, attempt = attempt + CASE WHEN :used THEN 1 ELSE 0 END,
  first_sent_at = NULL, version = version + 1
WHERE date = :date AND id = ANY(CAST(:ids AS uuid[])) AND status = :before AND batch_id = :batch
RETURNING id, currency, amount
""")


class Returned(NamedTuple):
    """An event that was given back, and what it became; `amount` in minor units."""

    id: UUID
    currency: str
    amount: int
    fate: Fate


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
    groups: dict[Fate, list[UUID]] = defaultdict(list)
    for row in found:
        decided = _fate(locked[row.schedule_id], row.nominal_date, event_date, today)
        if decided is not None:
            groups[decided].append(row.id)
    moved: list[Returned] = []
    for fate_of_all, members in groups.items():
        rows = session.execute(
            RETURN,
            {
                **where,
                "ids": members,
                "after": str(fate_of_all.status),
                "reason": fate_of_all.cancel_reason and str(fate_of_all.cancel_reason),
                "used": key_used,
            },
        )
        moved += [Returned(row.id, row.currency, row.amount, fate_of_all) for row in rows]
    return moved


def _fate(schedule: Schedule, nominal_date: date, event_date: date, today: date) -> Fate | None:
    """None for a rule of a newer version than ours, which must not cost the other events of a batch their outcome."""
    try:
        rule = Rule.from_json(schedule.rule)
    except (DomainError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return fate(
        cancelled=schedule.status == "cancelled",
        rule=rule,
        nominal_date=nominal_date,
        event_date=event_date,
        pay_late=schedule.pay_late,
        today=today,
    )
