"""What one event came to after its batch was settled or lost, with its books (rules C7, D6)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import late, outbox
from shared.db.bookings import book, line
from shared.db.models import Batch, Event, FinalDecline
from shared.db.runs import Gate, OpenRun
from shared.domain.books import Heading
from shared.domain.lifecycle import EventStatus
from shared.domain.notices import NoticeType
from shared.domain.retries import NO_DECLINE
from shared.ids import new_id


class Known(NamedTuple):
    """Paid with the provider's reference, or failed with a code; a decline may be tried again on `retry_on`, and
    counts then from `first_declined_on`."""

    paid: bool
    code: str | None = None
    provider_ref: str | None = None
    retry_on: date | None = None
    first_declined_on: date | None = None


# As in settlement: the transaction is written by the statement that moves the event to `paid` (rule C7).
MOVE = text("""
WITH moved AS (
  UPDATE event SET status = :status, failure_code = :code, transaction_id = :transaction, retry_on = :retry_on,
    first_declined_on = coalesce(first_declined_on, :first_declined_on), settled_at = clock_timestamp(),
    version = version + 1
  WHERE date = :date AND id = :id AND status = :before
  RETURNING id, date, schedule_id, payer_id, payee_id, amount, currency, status, transaction_id)
INSERT INTO transaction
  (date, id, event_id, event_date, schedule_id, payer_id, payee_id, amount, currency, provider_ref)
SELECT :known_on, transaction_id, id, date, schedule_id, payer_id, payee_id, amount, currency, :ref
FROM moved WHERE status = 'paid'
""")

STANDS: dict[str, Heading] = {
    EventStatus.PROCESSING: Heading.IN_FLIGHT,
    EventStatus.UNKNOWN: Heading.UNKNOWN,
    EventStatus.FAILED: Heading.DECLINED,
}
"""Where an event stands in the books of the run that claimed it."""


def move(session: Session, gate: Gate, event: Event, batch: Batch, known: Known) -> None:
    """Moves an event, locked by the caller with the batch that claimed it, to paid or failed, and tells of it.

    A closed run's figures never change: what is paid now for it is booked as adjusted, on the day it became known.
    """
    home = open_run(gate, batch.run_date)
    known_on = gate.next_open_date if home is None else home.date
    _book(session, gate, event, batch, known, home, known_on)
    session.execute(
        MOVE,
        {
            "date": event.date,
            "id": event.id,
            "before": event.status,
            "status": EventStatus.PAID if known.paid else EventStatus.FAILED,
            "code": known.code,
            "transaction": new_id() if known.paid else None,
            "known_on": known_on,
            "ref": known.provider_ref,
            "retry_on": known.retry_on,
            "first_declined_on": known.first_declined_on,
        },
    )
    if known.retry_on is not None:
        opens_at = gate.now.retry_from if known.retry_on == gate.now.today else None
        late.add_retry(session, gate, late.payable(event), known.retry_on, opens_at=opens_at)
    elif not known.paid and known.code not in NO_DECLINE:
        session.add(FinalDecline(schedule_id=event.schedule_id, event_id=event.id, code=known.code))
    outbox.tell_of_events(session, NoticeType.PAID if known.paid else NoticeType.FAILED, event.date, [event.id])
    session.flush()
    session.expire(event)


def drop_retry(session: Session, gate: Gate, event: Event, batch: Batch) -> None:
    """Tries a declined event no more: what waited in the run that declined it stands as declined there again, another
    run has it no more. The caller has locked the event, and `batch`, which claimed it last.

    Nobody is told: it may have been paid, and its payer hears what the provider's word or a person makes of it.
    """
    if event.retry_on is None:
        return
    home = open_run(gate, batch.run_date)
    at_home = home is not None and late.run_of_retry(gate, event.retry_on) == home.date
    heading = Heading.DECLINED if at_home else Heading.WITHDRAWN
    late.drop_retries(session, gate, [(late.payable(event), event.retry_on)], heading)
    event.retry_on = None
    event.version += 1
    session.flush()


def open_run(gate: Gate, day: date) -> OpenRun | None:
    """The run of that day, unless it is closed."""
    return next((run for run in gate.runs if run.date == day), None)


def _book(
    session: Session, gate: Gate, event: Event, batch: Batch, known: Known, home: OpenRun | None, known_on: date
) -> None:
    waits_at_home = home is not None and known.retry_on == home.date
    if home is not None:
        entered = None if waits_at_home else Heading.PAID if known.paid else Heading.DECLINED
        book(session, _shift(home.date, STANDS[event.status], entered, event))
    elif known.paid:
        adjusted = line(known_on, Heading.ADJUSTED, event.currency, event.amount, event_id=event.id)
        book(session, [{**adjusted, "original_date": batch.run_date}])
    if known.retry_on is not None and not waits_at_home:
        late.take_on_retry(session, gate, late.payable(event), known.retry_on)


def _shift(day: date, left: Heading, entered: Heading | None, event: Event) -> list[dict[str, object]]:
    """The lines that take an event out of one heading of an open run and put it under another; None: it waits."""
    lines = [line(day, left, event.currency, -event.amount, count=-1, event_id=event.id)]
    if entered is not None:
        lines.append(line(day, entered, event.currency, event.amount, event_id=event.id))
    return lines
