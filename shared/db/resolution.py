"""What a person decides about a payment: it is tried again (rule P1), or an unknown one is settled (P2)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import exists, func, select, text, update

from shared.db import declines, editing, late, outcomes, plans
from shared.db.bookings import book, line, stands
from shared.db.declines import SoftlyDeclined
from shared.db.engine import Session
from shared.db.models import Attempt, Batch, Event, Schedule
from shared.db.outcomes import Known
from shared.db.runs import Gate
from shared.domain.books import Heading
from shared.domain.entries import covered
from shared.domain.errors import Conflict, FieldProblem, Invalid
from shared.domain.lifecycle import EventStatus
from shared.domain.retries import RESOLVED

RETRY = text("""
UPDATE event SET retry_on = :day, version = version + 1 WHERE date = :date AND id = :id AND status = 'failed'
""")


def check_retry(session: Session, gate: Gate, schedule: Schedule, event: Event, asked: date | None) -> date:
    """The day on which a failed event may be tried again: the next open date, or a later one before the next event.

    Raises Conflict for an event that did not provably fail, that is tried again already, or whose schedule or day does
    not pay; Invalid for a day that is too early or too late.
    """
    if event.status != EventStatus.FAILED:
        raise Conflict(f"The event is {event.status}; only a failed one can be tried again.", code="event_not_failed")
    if event.failure_code == RESOLVED:
        raise Conflict("A person settled the event as not paid; schedule the payment anew.", code="event_resolved")
    if _is_contradicted(session, event):
        detail = "The provider says that it was paid; an operator must settle that first."
        raise Conflict(detail, code="event_contradicted")
    if event.retry_on is not None:
        raise Conflict(f"The event is tried again on {event.retry_on} already.", code="retry_pending")
    editing.check_not_cancelled(schedule)
    day = asked or gate.next_open_date
    if day < gate.next_open_date:
        detail = f"lies before the next possible date, {gate.next_open_date}"
        raise Invalid(FieldProblem("/date", detail), code="date_not_open")
    if day > gate.next_open_date:
        _check_before_next(session, gate, event, day)
    if covered(day, plans.read_pauses(session, schedule)):
        raise Conflict(f"The schedule is paused on {day}.", code="schedule_paused")
    return day


def _check_before_next(session: Session, gate: Gate, event: Event, day: date) -> None:
    first = event.first_declined_on
    asked = SoftlyDeclined(event.id, event.schedule_id, event.payer_id, event.nominal_date, event.date, first)
    following = declines.next_events(session, [asked], max(day, gate.now.today))[event.id]
    if following is not None and day >= following:
        detail = f"must lie before the next payment of the schedule, on {following}"
        raise Invalid(FieldProblem("/date", detail))


def retry(session: Session, gate: Gate, event: Event, day: date) -> None:
    """Lets that day's run try a failed event again; the caller holds its schedule, its batch and the event.

    An event that failed in a run that is still open waits again there, if it is that run's day.
    """
    batch = session.get(Batch, event.batch_id)
    home = None if batch is None else outcomes.open_run(gate, batch.run_date)
    run_date = late.run_of_retry(gate, day)
    if (home is not None and run_date == home.date) or stands(session, run_date, event.id, Heading.DECLINED):
        book(session, [line(run_date, Heading.DECLINED, event.currency, -event.amount, count=-1, event_id=event.id)])
    else:
        late.take_on_retry(session, gate, late.payable(event), day)
    late.add_retry(session, gate, late.payable(event), day)
    session.execute(RETRY, {"day": day, "date": event.date, "id": event.id})
    session.expire(event)


def resolve(session: Session, gate: Gate, event: Event, batch: Batch, known: Known, *, by: str, reason: str) -> None:
    """Settles an unknown event as a person says, or a failed one as paid where the provider's word contradicts it.

    Raises Conflict for any other event. A later proof that says otherwise is kept for a person again (rule K9).
    """
    if event.status == EventStatus.FAILED and known.paid and _is_contradicted(session, event):
        outcomes.drop_retry(session, gate, event, batch)
    elif event.status != EventStatus.UNKNOWN:
        raise cannot_resolve(event.status)
    outcomes.move(session, gate, event, batch, known)
    session.execute(
        update(Attempt)
        .where(Attempt.event_id == event.id, Attempt.state.in_(("open", "contradiction")))
        .values(
            state="paid" if known.paid else "declined",
            provider_ref=known.provider_ref,
            reason=reason,
            resolved_by=by,
            settled_at=func.clock_timestamp(),
        )
    )


def cannot_resolve(status: str) -> Conflict:
    """What is said of an event that nobody has to settle."""
    detail = f"The event is {status}; only an unknown one, or a failed one that the provider paid, can be resolved."
    return Conflict(detail, code="event_not_unknown")


def not_paid() -> Known:
    """What an event comes to that a person settled as not paid: it is never tried again by itself."""
    return Known(False, RESOLVED)


def _is_contradicted(session: Session, event: Event) -> bool:
    found = exists().where(Attempt.event_id == event.id, Attempt.state == "contradiction")
    return bool(session.scalar(select(found)))
