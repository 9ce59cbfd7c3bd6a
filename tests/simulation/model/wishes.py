"""What users and operators do (`api_service.commands`)."""

from __future__ import annotations

from shared.domain.days import BusinessNow
from shared.domain.entries import Window, covered, settled_status
from shared.domain.lifecycle import EDITABLE, OPEN, CancelReason, EventStatus
from shared.domain.revising import ScheduleChange, Standpoint, revise
from shared.domain.timeline import Timeline
from tests.simulation.model.gates import come_back, counts, drop_retry, enter, next_open, now_of, run_of, withdraw
from tests.simulation.model.moving import Watched
from tests.simulation.model.rows import EventRow

SCHEDULED, FAILED = EventStatus.SCHEDULED, EventStatus.FAILED


def cancel(rows: Watched, number: int) -> None:
    """Cancels a schedule; what is claimed goes on."""
    event = rows.events[number]
    now = enter(rows)
    if event.schedule.cancelled:
        return
    event.schedule.cancelled = True
    if event.status is FAILED and event.retry_on is not None:
        drop_retry(rows, now, event, event.retry_on, "withdrawn")
    elif event.status in EDITABLE:
        if event.status is SCHEDULED:
            withdraw(rows, now, event)
    else:
        return
    rows.move(event, EventStatus.CANCELLED)
    event.cancel_reason, event.retry_on = CancelReason.SCHEDULE_CANCELLED, None


def pause(rows: Watched, number: int) -> None:
    """A schedule rests from today on, until somebody ends it."""
    event = rows.events[number]
    if not event.schedule.cancelled:
        now = enter(rows)
        event.schedule.pauses.append(Window(now.today, None))
        _settle_pauses(rows, now, event)


def resume(rows: Watched, number: int) -> None:
    """Ends the oldest pause of a schedule."""
    event = rows.events[number]
    if event.schedule.pauses:
        now = enter(rows)
        del event.schedule.pauses[0]
        _settle_pauses(rows, now, event)


def _settle_pauses(rows: Watched, now: BusinessNow, event: EventRow) -> None:
    pauses = event.schedule.pauses
    if event.status in EDITABLE:
        after = settled_status(event.status, event.date, pauses, next_open(rows, now))
        if after is event.status:
            return
        if event.status is SCHEDULED:
            withdraw(rows, now, event)
        rows.move(event, after)
        if after is SCHEDULED:
            come_back(rows, now, event)
    elif event.status is FAILED and event.retry_on is not None and covered(event.retry_on, pauses):
        drop_retry(rows, now, event, event.retry_on, "declined")
        event.retry_on = None


def change_amount(rows: Watched, number: int, amount: int) -> None:
    """Gives a schedule another amount; what is being paid takes it if it comes back (C6)."""
    event = rows.events[number]
    schedule = event.schedule
    if schedule.cancelled:
        return
    now = enter(rows)
    nominal, opens = schedule.nominal_date, next_open(rows, now)
    at = Standpoint(
        nominal if event.status in EDITABLE else None,
        nominal if event.status in OPEN else None,
        None if event.status in (*EDITABLE, EventStatus.CANCELLED) else nominal,
        opens,
    )
    last = schedule.revisions[-1].number
    revised = revise(schedule.timeline, ScheduleChange(terms={"amount": amount}), at, last)
    if not revised.added:
        return
    schedule.revisions += revised.added
    schedule.timeline = Timeline.of(schedule.revisions, {})
    if event.status in EDITABLE:
        delta, event.amount = amount - event.amount, amount
        event.revision = schedule.revisions[-1].number
        run = run_of(rows, now, event.date)
        if event.status is SCHEDULED and run is not None and counts(run, event):
            rows.book(run.date, "due", delta, count=0)


def hold(rows: Watched, payer: str | None) -> None:
    """Stops the payments of a payer; None: of everybody."""
    rows.held.add(payer)


def end_hold(rows: Watched, payer: str | None) -> None:
    """Ends a hold, and wakes the batches that wait because of holds."""
    if payer in rows.held:
        rows.held.discard(payer)
        for batch in rows.batches.values():
            if batch.status == "waiting" and batch.held:
                batch.held, batch.wait_until, batch.published_at = False, None, None


def pause_run(rows: Watched) -> None:
    """Pauses today's run, if it pays."""
    run = rows.runs.get(now_of(rows).today)
    if run is not None and run.is_paying:
        run.status = "paused"


def resume_run(rows: Watched) -> None:
    """Resumes today's run, if it is paused, and wakes its batches."""
    run = rows.runs.get(now_of(rows).today)
    if run is None or run.status != "paused" or run.closing:
        return
    run.status = "open"
    for batch in rows.batches.values():
        if batch.run_date == run.date and batch.status == "waiting" and (batch.held or batch.published_at is not None):
            batch.wait_until = None if batch.held else batch.wait_until
            batch.published_at, batch.held = None, False


def close_run(rows: Watched) -> None:
    """Tells today's run to close."""
    run = rows.runs.get(now_of(rows).today)
    if run is not None and run.status in ("open", "paused"):
        run.closing = True
