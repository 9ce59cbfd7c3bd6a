"""Applying what the provider proved about a key after its batch was settled or lost (rules K3, K9, D6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from shared.db import attempts, declines, late
from shared.db.bookings import book, line
from shared.db.late import Payable
from shared.db.models import Batch, Event, Transaction
from shared.db.outcomes import Known, drop_retry, move, open_run
from shared.db.returns import give_back, of_returned
from shared.db.runs import Gate
from shared.db.touched import touch
from shared.domain.books import Heading
from shared.domain.lifecycle import EventStatus
from shared.domain.proving import Reception as Reception  # part of what `apply` answers
from shared.domain.proving import reception, waits_for
from shared.domain.retries import NOT_EXECUTED, QUARANTINED


@dataclass(frozen=True, slots=True)
class Proof:
    """The provider's word on attempt `number` of an event: paid with its reference, or declined with a code.

    `soft`: the decline may be tried again another day (rule S11).
    """

    event_id: UUID
    event_date: date
    number: int
    paid: bool
    code: str | None = None
    provider_ref: str | None = None
    soft: bool = False


def apply(session: Session, gate: Gate, proof: Proof, *, provider: str) -> Reception:
    """Applies a proof if the event still waits for that key; never drops it."""
    batch = lock_batch(session, proof.event_date, proof.event_id)
    known = _known(session, gate, proof)
    # One that was given back may have been moved since.
    event = lock_event(session, find(session, proof.event_date, proof.event_id).date, proof.event_id)
    state = "paid" if proof.paid else "declined"
    same_payment = proof.paid and _is_paid_by(session, event, proof)
    met = reception(event.status, event.attempt, proof.number, paid=proof.paid, same_payment=same_payment)
    if met is Reception.APPLIED:
        move(session, gate, event, batch, known)
    if met is not Reception.CONTRADICTS:
        attempts.settle(session, proof.event_id, proof.number, state, proof.provider_ref)
        return met
    if proof.paid and event.status == EventStatus.FAILED:  # it is not paid again against what we know (rule K5)
        drop_retry(session, gate, event, batch)
    attempts.record_contradiction(
        session,
        event,
        number=proof.number,
        provider=provider,
        run_date=batch.run_date,
        provider_ref=proof.provider_ref,
        reason=f"{'paid' if proof.paid else 'declined'} while the event was {event.status}",
    )
    return met


def never_paid(session: Session, gate: Gate, attempt: attempts.OpenAttempt, *, again: bool) -> bool:
    """An unknown event whose key was proven never paid: given back (rules K5, C6), or failed where it may not be paid
    again; False if it waits no longer.

    Also when its key was sent again after `attempt` was taken: the bank's word is older than that send. What killed
    its workers is not paid again (rule C8).
    """
    event_id, event_date = attempt.event_id, attempt.event_date
    batch = lock_batch(session, event_date, event_id)
    event = session.scalars(_query(event_date, event_id).execution_options(populate_existing=True)).one()
    if not waits_for(event.status, event.attempt, attempt.number) or not attempts.is_still(session, attempt):
        return False
    if not again or attempt.reason == QUARANTINED:
        code = QUARANTINED if attempt.reason == QUARANTINED else NOT_EXECUTED
        move(session, gate, lock_event(session, event_date, event_id), batch, Known(False, code))
    elif not _give_back(session, gate, batch, attempt):
        return False  # its rule cannot be read: it stays unknown, and its attempt open for who can read it
    attempts.settle(session, event_id, attempt.number, "not_executed", None)
    return True


def _give_back(session: Session, gate: Gate, batch: Batch, attempt: attempts.OpenAttempt) -> bool:
    home = open_run(gate, batch.run_date)
    returned = give_back(
        session,
        event_date=attempt.event_date,
        batch_id=batch.id,
        before="unknown",
        ids=[attempt.event_id],
        key_used=True,
        # Its run is over: the next that could pay it decides whether it is too late (rule D5).
        today=gate.next_open_date if home is None else gate.now.today,
    )
    for item in returned:
        payable = Payable(item.event_date, item.id, item.currency, item.amount)
        if home is not None:
            left = line(home.date, Heading.UNKNOWN, item.currency, -item.claimed_amount, count=-1, event_id=item.id)
            book(session, [left, *of_returned(home.date, item)])
        if item.retry_on is not None:
            late.add_retry(session, gate, payable, item.retry_on)
            if home is None:
                late.take_on_retry(session, gate, payable, item.retry_on)
        elif item.fate.status == EventStatus.SCHEDULED:
            late.add(session, gate, [payable], counted=home is not None)
    return bool(returned)


def lock_batch(session: Session, event_date: date, event_id: UUID) -> Batch:
    """The batch that claimed the event, FOR UPDATE; schedules and events are locked after it (rule C2)."""
    batch_id = find(session, event_date, event_id).batch_id
    return session.scalars(select(Batch).where(Batch.id == batch_id).with_for_update()).one()


def find(session: Session, event_date: date, event_id: UUID) -> Event:
    """The event, also if it was moved to another date since. Raises NoResultFound."""
    found = session.scalars(_query(event_date, event_id).execution_options(populate_existing=True)).one_or_none()
    return found or session.scalars(select(Event).where(Event.id == event_id)).one()


def lock_event(session: Session, event_date: date, event_id: UUID) -> Event:
    """The event as it stands now, FOR UPDATE."""
    query = _query(event_date, event_id).with_for_update()
    event = session.scalars(query.execution_options(populate_existing=True)).one()
    touch(session, [event.payer_id])
    return event


def _query(event_date: date, event_id: UUID) -> Select[Event]:
    return select(Event).where(Event.date == event_date, Event.id == event_id)


def _known(session: Session, gate: Gate, proof: Proof) -> Known:
    """What the proof makes of the event; locks its schedule where it is to be tried again."""
    if not proof.soft:
        return Known(proof.paid, proof.code, proof.provider_ref)
    today = gate.now.today
    ids = [str(proof.event_id)]
    days = declines.retried(session, proof.event_date, ids, gate.now, day_0=gate.next_open_date == today)
    return Known(False, proof.code, None, days.get(ids[0]), today)


def _is_paid_by(session: Session, event: Event, proof: Proof) -> bool:
    """Whether the event is paid, by the payment that the proof names."""
    if event.status != EventStatus.PAID:
        return False
    known = session.scalar(
        select(Transaction.provider_ref).where(
            Transaction.payer_id == event.payer_id, Transaction.id == event.transaction_id
        )
    )
    return known == proof.provider_ref
