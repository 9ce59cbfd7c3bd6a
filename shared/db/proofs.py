"""Applying what the provider proved about a key after its batch was settled or lost (rules K3, K9, D6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from shared.db import attempts, late
from shared.db.bookings import book, line
from shared.db.late import Payable
from shared.db.models import Batch, Event, Run, Transaction
from shared.db.returns import give_back, of_returned
from shared.db.runs import Gate
from shared.domain.books import Heading
from shared.domain.lifecycle import AWAITING_PROOF, EventStatus
from shared.ids import new_id


@dataclass(frozen=True, slots=True)
class Proof:
    """The provider's word on attempt `number` of an event: paid with its reference, or declined with a code."""

    event_id: UUID
    event_date: date
    number: int
    paid: bool
    code: str | None = None
    provider_ref: str | None = None


class Reception(StrEnum):
    """What a proof met: it moved the event, said what was known, or contradicts it (an alert, rule K9)."""

    APPLIED = "applied"
    KNOWN = "known"
    CONTRADICTS = "contradicts"


def apply(session: Session, gate: Gate, proof: Proof, *, provider: str) -> Reception:
    """Applies a proof if the event still waits for that key; never drops it."""
    event, batch = _lock(session, proof.event_date, proof.event_id)
    state = "paid" if proof.paid else "declined"
    if event.attempt == proof.number and event.status in AWAITING_PROOF:
        _move(session, gate, event, batch, proof)
        attempts.settle(session, proof.event_id, proof.number, state, proof.provider_ref)
        return Reception.APPLIED
    if _agrees(session, event, proof):
        attempts.settle(session, proof.event_id, proof.number, state, proof.provider_ref)
        return Reception.KNOWN
    attempts.record_contradiction(
        session,
        event,
        number=proof.number,
        provider=provider,
        run_date=batch.run_date,
        provider_ref=proof.provider_ref,
        reason=f"{'paid' if proof.paid else 'declined'} while the event was {event.status}",
    )
    return Reception.CONTRADICTS


def never_paid(session: Session, gate: Gate, attempt: attempts.OpenAttempt) -> bool:
    """Gives back an unknown event whose key was proven never paid (rules K5, C6); False if it waits no longer.

    Also when its key was sent again after `attempt` was taken: the bank's word is older than that send.
    """
    event_id, event_date, number = attempt.event_id, attempt.event_date, attempt.number
    event, batch = _lock(session, event_date, event_id, lock_event=False)
    home = _open_run(gate, batch.run_date)
    if event.attempt != number or event.status != EventStatus.UNKNOWN or not attempts.is_still(session, attempt):
        return False
    returned = give_back(
        session,
        event_date=event_date,
        batch_id=batch.id,
        before="unknown",
        ids=[event_id],
        key_used=True,
        today=gate.now.today,
    )
    if not returned:  # its rule cannot be read: it stays unknown, and its attempt open for who can read it
        return False
    for item in returned:
        if home is not None:
            left = line(home.date, Heading.UNKNOWN, item.currency, -item.claimed_amount, count=-1, event_id=item.id)
            book(session, [left, *of_returned(home.date, item)])
        if item.fate.status == EventStatus.SCHEDULED:
            payable = Payable(event_date, item.id, item.currency, item.amount)
            late.add(session, gate, [payable], counted=home is not None)
    attempts.settle(session, event_id, number, "not_executed", None)
    return True


def _lock(session: Session, event_date: date, event_id: UUID, *, lock_event: bool = True) -> tuple[Event, Batch]:
    """The batch that claimed the event, then the event: the order of rule C2."""
    query = select(Event).where(Event.date == event_date, Event.id == event_id)
    batch_id = session.scalars(query).one().batch_id
    batch = session.scalars(select(Batch).where(Batch.id == batch_id).with_for_update()).one()
    if lock_event:
        query = query.with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one(), batch


def _move(session: Session, gate: Gate, event: Event, batch: Batch, proof: Proof) -> None:
    home = _open_run(gate, batch.run_date)
    known_on = gate.next_open_date if home is None else home.date
    if home is not None:
        left = Heading.IN_FLIGHT if event.status == EventStatus.PROCESSING else Heading.UNKNOWN
        book(session, _shift(home.date, left, Heading.PAID if proof.paid else Heading.DECLINED, event))
    elif proof.paid:
        adjusted = line(known_on, Heading.ADJUSTED, event.currency, event.amount, event_id=event.id)
        book(session, [{**adjusted, "original_date": batch.run_date}])
    transaction_id = new_id() if proof.paid else None
    session.execute(
        text(MOVE),
        {
            "date": event.date,
            "id": event.id,
            "status": "paid" if proof.paid else "failed",
            "code": proof.code,
            "transaction": transaction_id,
            "known_on": known_on,
            "ref": proof.provider_ref,
        },
    )
    session.expire(event)


# As in settlement: the transaction is written by the statement that moves the event to `paid` (rule C7).
MOVE = """
WITH moved AS (
  UPDATE event SET status = :status, failure_code = :code, transaction_id = :transaction, version = version + 1
  WHERE date = :date AND id = :id AND status IN ('processing', 'unknown')
  RETURNING id, date, schedule_id, payer_id, payee_id, amount, currency, status, transaction_id)
INSERT INTO transaction
  (date, id, event_id, event_date, schedule_id, payer_id, payee_id, amount, currency, provider_ref)
SELECT :known_on, transaction_id, id, date, schedule_id, payer_id, payee_id, amount, currency, :ref
FROM moved WHERE status = 'paid'
"""


def _shift(day: date, left: Heading, entered: Heading, event: Event) -> list[dict[str, object]]:
    """The lines that take an event out of one heading of an open run and put it under another."""
    return [
        line(day, left, event.currency, -event.amount, count=-1, event_id=event.id),
        line(day, entered, event.currency, event.amount, event_id=event.id),
    ]


def _open_run(gate: Gate, day: date) -> Run | None:
    return next((run for run in gate.runs if run.date == day), None)


def _agrees(session: Session, event: Event, proof: Proof) -> bool:
    if not proof.paid:
        return event.status == EventStatus.FAILED or event.attempt > proof.number
    if event.status != EventStatus.PAID or event.attempt != proof.number:
        return False
    known = session.scalar(
        select(Transaction.provider_ref).where(
            Transaction.payer_id == event.payer_id, Transaction.id == event.transaction_id
        )
    )
    return known == proof.provider_ref
