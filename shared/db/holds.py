"""Holds: stops on payments of a payer, to a payee, or of everything (rule P3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, text

from shared.db.engine import Session
from shared.db.models import Hold
from shared.domain.errors import Conflict, NotFound
from shared.ids import new_id

MOST: Final = 10_000
"""Active holds of single parties: each claim reads them all. One on everything is never refused."""

HELD: Final = """EXISTS (SELECT FROM hold h WHERE h.ended_at IS NULL AND (h.payer_id = e.payer_id
  OR h.payee_id = e.payee_id OR (h.payer_id IS NULL AND h.payee_id IS NULL)))"""
"""In SQL: whether an active hold covers the event `e`."""

ACTIVE = text("SELECT payer_id, payee_id FROM hold WHERE ended_at IS NULL")

# A run that is locked against us needs no wake: closing carries its batches, resuming publishes them. Waiting for a
# long close here would keep the hold from ending.
RUNS = text("""
SELECT date FROM run WHERE date IN (SELECT run_date FROM batch WHERE status = 'waiting' AND held)
ORDER BY date FOR SHARE SKIP LOCKED
""")

WAKE = text("""
UPDATE batch SET held = false, wait_until = NULL, published_at = NULL
WHERE id IN (SELECT id FROM batch WHERE run_date = ANY(:days) AND status = 'waiting' AND held ORDER BY id FOR UPDATE)
""")


@dataclass(frozen=True, slots=True)
class Holds:
    """What is held at a moment: everything, or payments of some payers and to some payees. False: nothing."""

    everything: bool = False
    payers: frozenset[str] = frozenset()
    payees: frozenset[str] = frozenset()

    def covers(self, payer_id: str, payee_id: str) -> bool:
        """Whether a payment of that payer to that payee must not be sent."""
        return self.everything or payer_id in self.payers or payee_id in self.payees

    def __bool__(self) -> bool:
        return self.everything or bool(self.payers or self.payees)


def active(session: Session) -> Holds:
    """The holds that are in force now."""
    rows = session.execute(ACTIVE).all()
    return Holds(
        everything=any(row.payer_id is None and row.payee_id is None for row in rows),
        payers=frozenset(row.payer_id for row in rows if row.payer_id is not None),
        payees=frozenset(row.payee_id for row in rows if row.payee_id is not None),
    )


def place(session: Session, *, payer_id: str | None, payee_id: str | None, reason: str, placed_by: str) -> Hold:
    """Writes a hold; neither id: on everything. It acts at the next claim and the next part.

    Raises Conflict when `MOST` parties are held.
    """
    if (payer_id is not None or payee_id is not None) and _count(session) >= MOST:
        raise Conflict(f"At most {MOST} holds are active at a time; end one first.", code="too_many_holds")
    hold = Hold(id=new_id(), payer_id=payer_id, payee_id=payee_id, reason=reason, placed_by=placed_by)
    session.add(hold)
    session.flush()
    return hold


def get(session: Session, hold_id: UUID) -> Hold:
    """A hold, also one that has ended. Raises NotFound."""
    return _found(session.get(Hold, hold_id))


def lock(session: Session, hold_id: UUID) -> Hold:
    """A hold's row FOR UPDATE. Raises NotFound."""
    query = select(Hold).where(Hold.id == hold_id).with_for_update().execution_options(populate_existing=True)
    return _found(session.scalar(query))


def end(session: Session, hold: Hold) -> bool:
    """Ends a hold that the caller has locked, and wakes the batches that waited because of holds.

    False if it had ended already. What another hold still covers is found held again when it is taken.
    """
    if hold.ended_at is not None:
        return False
    hold.ended_at = session.scalar(select(func.clock_timestamp()))
    session.flush()
    days = list(session.scalars(RUNS))
    if days:
        session.execute(WAKE, {"days": days})
    return True


def page(session: Session, *, is_active: bool | None, before: UUID | None, limit: int) -> list[Hold]:
    """Holds, newest first, older than `before`; `is_active` None: those in force and those that ended."""
    query = select(Hold).order_by(Hold.id.desc()).limit(limit)
    if is_active is not None:
        query = query.where(Hold.ended_at.is_(None) if is_active else Hold.ended_at.is_not(None))
    if before is not None:
        query = query.where(Hold.id < before)
    return list(session.scalars(query))


def _found(hold: Hold | None) -> Hold:
    if hold is None:
        raise NotFound("There is no such hold.")
    return hold


def _count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Hold).where(Hold.ended_at.is_(None))) or 0
