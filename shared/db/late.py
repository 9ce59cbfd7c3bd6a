"""What changes in a run outside its plan: work it takes on, each event with a batch row of its own (rule D4), work
that leaves it, and what the books say of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from shared.db.bookings import book, line
from shared.db.models import Batch, Booking, Event
from shared.db.runs import Gate, OpenRun
from shared.domain.books import Heading


class Payable(NamedTuple):
    """A scheduled event as the books see it; `amount` in minor units."""

    date: date
    id: UUID
    currency: str
    amount: int


def payable(event: Event) -> Payable:
    """A stored event as the books see it."""
    return Payable(event.date, event.id, event.currency, event.amount)


def add(session: Session, gate: Gate, events: Iterable[Payable], *, counted: bool = False) -> None:
    """Gives each event that is payable by tomorrow its batch, and books it as due where the plan has passed it.

    Without the row, an event whose id the plan has passed already would never be found. `counted` events are in
    the books of their run already; they come back.
    """
    placed = place(gate, events)
    if placed:
        session.execute(insert(Batch), [_batch(run.date, event) for run, event in placed])
    if not counted:
        book(
            session,
            [_due(run.date, event) for run, event in placed if gate.counts(run, event.date, event.id)],
        )


def take_back(session: Session, gate: Gate, events: Iterable[Payable]) -> None:
    """As `add`, for events that may have left the run before: one that comes back is due once (rule D6)."""
    placed = place(gate, events)
    if not placed:
        return
    session.execute(insert(Batch), [_batch(run.date, event) for run, event in placed])
    withdrawn = _withdrawn(session, [event.id for _, event in placed])
    lines = []
    for run, event in placed:
        if not gate.counts(run, event.date, event.id):
            continue
        before = withdrawn.get((run.date, event.id))
        if before is None:
            lines.append(_due(run.date, event))
            continue
        lines.append(line(run.date, Heading.WITHDRAWN, event.currency, -before, count=-1, event_id=event.id))
        lines += _repriced(run.date, event, event.amount - before)
    book(session, lines)


def add_retry(
    session: Session, gate: Gate, event: Payable, retry_on: date, *, opens_at: datetime | None = None
) -> None:
    """Gives a declined event its batch in the run of its retry day, which may be far off (rule D4)."""
    run_date = run_of_retry(gate, retry_on)
    session.execute(insert(Batch), [{**_batch(run_date, event), "retry": True, "opens_at": opens_at}])


def take_on_retry(session: Session, gate: Gate, event: Payable, retry_on: date) -> None:
    """Books a declined event as due in the run of its retry day."""
    due = _due(run_of_retry(gate, retry_on), event)
    book(session, [{**due, "original_date": event.date}])


def drop_retries(session: Session, gate: Gate, events: Iterable[tuple[Payable, date]], heading: Heading) -> None:
    """Books declined events, each with its retry day, that are not tried again, under `heading`.

    A run that has not begun does not have them as due any more.
    """
    lines = []
    for event, retry_on in events:
        run = gate.run_of(retry_on)
        if run is None or run.status == "announced":
            due = line(run.date if run else retry_on, Heading.DUE, event.currency, -event.amount, count=-1)
            lines.append({**due, "event_id": event.id, "original_date": event.date})
        else:
            lines.append(line(run.date, heading, event.currency, event.amount, event_id=event.id))
    book(session, lines)


def run_of_retry(gate: Gate, retry_on: date) -> date:
    """The date of the run that tries again what waits for that day: the first one not closed, on it or after it."""
    run = gate.run_of(retry_on)
    return retry_on if run is None else run.date


def reprice(session: Session, gate: Gate, events: Iterable[tuple[Payable, int]]) -> None:
    """Books events that stay due with another amount, each with how much it grew in minor units."""
    grown = dict(events)
    book(
        session,
        [
            entry
            for run, event in place(gate, grown)
            if gate.counts(run, event.date, event.id)
            for entry in _repriced(run.date, event, grown[event])
        ],
    )


def miss(session: Session, gate: Gate, events: Iterable[Payable]) -> None:
    """Books events that were written as missed: the run that would have taken them on took them on and missed them."""
    due = [_due(run.date, event) for run, event in place(gate, events)]
    book(session, due + [{**line, "heading": Heading.MISSED} for line in due])


def withdraw(session: Session, gate: Gate, events: Iterable[Payable]) -> None:
    """Books events that were scheduled and no longer are, where their run had counted them as due."""
    book(
        session,
        [
            line(run.date, Heading.WITHDRAWN, event.currency, event.amount, event_id=event.id)
            for run, event in place(gate, events)
            if gate.counts(run, event.date, event.id)
        ],
    )


def place(gate: Gate, events: Iterable[Payable]) -> list[tuple[OpenRun, Payable]]:
    """Each event with the run that it belongs to; those that are far off are left out."""
    return [(run, event) for event in events if (run := gate.run_of(event.date)) is not None]


def _withdrawn(session: Session, ids: Sequence[UUID]) -> dict[tuple[date, UUID], int]:
    """What the runs hold as withdrawn of these events, in minor units."""
    query = (
        select(Booking.run_date, Booking.event_id, func.sum(Booking.amount))
        .where(Booking.event_id.in_(ids), Booking.heading == Heading.WITHDRAWN)
        .group_by(Booking.run_date, Booking.event_id)
        .having(func.sum(Booking.count) > 0)
    )
    return {(day, event_id): int(amount) for day, event_id, amount in session.execute(query) if event_id is not None}


def _repriced(run_date: date, event: Payable, delta: int) -> list[dict[str, object]]:
    if not delta:
        return []
    return [line(run_date, Heading.DUE, event.currency, delta, count=0, event_id=event.id)]


def _batch(run_date: date, event: Payable) -> dict[str, object]:
    return {
        "run_date": run_date,
        "date": event.date,
        "first_id": event.id,
        "last_id": event.id,
        "ids": [event.id],
    }


def _due(run_date: date, event: Payable) -> dict[str, object]:
    original = event.date if event.date < run_date else None
    return line(run_date, Heading.DUE, event.currency, event.amount, event_id=event.id, original_date=original)
