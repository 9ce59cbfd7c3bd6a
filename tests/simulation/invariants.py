"""What must hold after every step, whatever happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.books import OUTCOMES
from shared.domain.lifecycle import EventStatus
from shared.domain.payments import Payment
from tests.simulation.broken import demand
from tests.simulation.model.rows import EventRow

if TYPE_CHECKING:
    from tests.simulation.story import Story

LEAVING = (*map(str, OUTCOMES), "in_flight")


def look_at(story: Story, event: EventRow) -> None:
    """Whoever is about to send: the payer still wants it, nothing covers it, and its day is open (K6, C2, P3)."""
    name = f"event {event.number}"
    demand(not event.schedule.cancelled, f"{name} is about to be sent although it was cancelled")
    demand(not event.covered, f"{name} is about to be sent in a pause")
    held = story.rows.holds().covers(event.payer_id, event.payee_id)
    demand(not held, f"{name} is about to be sent under a hold")
    now = story.business
    run = story.rows.runs.get(now.today)
    demand(run is not None and run.is_paying and now.in_hours, f"{name} is about to be sent while no run pays")


def check_send(story: Story, event: EventRow, payment: Payment, late: bool) -> None:
    """A call that begins: within the lease it was claimed under (C3)."""
    demand(story.freezes or not late, f"event {event.number} is sent after the lease")
    demand(payment.attempt <= event.attempt, f"event {event.number} is sent with an attempt that it has not")


def check(story: Story) -> None:
    """The books of each run, and what stands in them."""
    rows = story.rows
    if not rows.changed:
        return
    rows.changed = False
    for day, run in rows.runs.items():
        books = rows.books
        due = books.get((day, "due"))
        if due is None:
            continue
        count, amount = due
        for heading in LEAVING:
            line = books.get((day, heading))
            if line is not None:
                count, amount = count - line[0], amount - line[1]
        if run.status == "closed":
            demand(count == amount == 0, f"the books of {day} are closed and off by {count}, {amount}")
        elif run.status != "announced":
            demand(count >= 0 and amount >= 0, f"the books of {day} have {count}, {amount} waiting")
    for status, heading in ((EventStatus.PROCESSING, "in_flight"), (EventStatus.UNKNOWN, "unknown")):
        _check_standing(story, status, heading)


def _check_standing(story: Story, status: EventStatus, heading: str) -> None:
    """As many events stand under a heading of the open runs as the books say."""
    rows, standing = story.rows, 0
    for event in rows.events:
        if event.status is status and event.batch_id is not None:
            run = rows.runs[rows.batches[event.batch_id].run_date]
            standing += run.status != "closed"
    booked = sum(
        line[0] for (day, name), line in rows.books.items() if name == heading and rows.runs[day].status != "closed"
    )
    demand(standing == booked, f"{standing} events are {status}, the books say {booked}")
