"""Events: written in one statement however many they are, withdrawn under their schedule's lock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from shared.db import late
from shared.db.late import Payable
from shared.db.models import Event, Schedule
from shared.db.runs import Gate
from shared.domain.lifecycle import OPEN, CancelReason

INSERT = text("""
INSERT INTO event (date, id, schedule_id, payer_id, payee_id, amount, currency, reference, nominal_date, sequence,
  revision, status)
SELECT * FROM unnest(CAST(:date AS date[]), CAST(:id AS uuid[]), CAST(:schedule_id AS uuid[]),
  CAST(:payer_id AS text[]), CAST(:payee_id AS text[]), CAST(:amount AS bigint[]), CAST(:currency AS text[]),
  CAST(:reference AS text[]), CAST(:nominal_date AS date[]), CAST(:sequence AS int[]), CAST(:revision AS int[]),
  CAST(:status AS text[]))
""")

COLUMNS = (
    "date",
    "id",
    "schedule_id",
    "payer_id",
    "payee_id",
    "amount",
    "currency",
    "reference",
    "nominal_date",
    "sequence",
    "revision",
    "status",
)

# Locks in (date, id) order: two that lock the same events otherwise meet in the middle.
CANCEL = """
WITH open AS (
  SELECT date, id, status FROM event
  WHERE payer_id = :payer AND schedule_id = :schedule AND status IN ('scheduled', 'paused') {one}
  ORDER BY date, id FOR UPDATE)
UPDATE event e SET status = 'cancelled', cancel_reason = :reason, version = version + 1
FROM open WHERE e.date = open.date AND e.id = open.id
RETURNING e.date, e.id, e.currency, e.amount, open.status AS before
"""


def insert(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Writes new events; each row has `COLUMNS`."""
    if rows:
        session.execute(INSERT, {column: [row[column] for row in rows] for column in COLUMNS})


def cancel(
    session: Session,
    gate: Gate,
    *,
    payer_id: str,
    schedule_id: UUID,
    reason: CancelReason,
    event_id: UUID | None = None,
) -> list[UUID]:
    """Cancels what is not claimed of a schedule, or one event of it, and books what a run had counted (D6).

    The caller holds the schedule's lock. Answers the ids that moved; claimed and final events stay (rule S4).
    """
    statement = CANCEL.format(one="" if event_id is None else "AND id = :event")
    moved = session.execute(
        text(statement),
        {"payer": payer_id, "schedule": schedule_id, "reason": str(reason), "event": event_id},
    ).all()
    late.withdraw(
        session,
        gate,
        [Payable(row.date, row.id, row.currency, row.amount) for row in moved if row.before == "scheduled"],
    )
    return [row.id for row in moved]


def earliest_open(session: Session, schedule_id: UUID, payer_id: str | None) -> date | None:
    """The first date of a schedule's events that are not final; None if all are.

    Looked up before the gate is entered, without a lock.
    """
    query = select(func.min(Event.date)).where(Event.schedule_id == schedule_id, Event.status.in_(OPEN))
    payer = select(Schedule.payer_id).where(Schedule.id == schedule_id).scalar_subquery()
    return session.scalar(query.where(Event.payer_id == (payer if payer_id is None else payer_id)))


def find(session: Session, event_id: UUID, payer_id: str | None) -> Event | None:
    """An event by id; with its payer the lookup is by index, without it every month is searched."""
    query = select(Event).where(Event.id == event_id)
    return session.scalar(query if payer_id is None else query.where(Event.payer_id == payer_id))
