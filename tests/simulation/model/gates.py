"""The runs that a change may touch, and what their books count (`shared.db.runs`, `shared.db.late`)."""

from __future__ import annotations

from datetime import date, timedelta

from shared.domain.days import BusinessNow
from tests.simulation.model.moving import Watched
from tests.simulation.model.rows import EventRow, RunRow
from tests.simulation.moments import business

_DAY = timedelta(days=1)


def now_of(rows: Watched) -> BusinessNow:
    return business(rows.now)


def announce(rows: Watched, first: date, last: date) -> None:
    """Gives each date its run."""
    while first <= last:
        rows.runs.setdefault(first, RunRow(first))
        first += _DAY


def first_unplanned(rows: Watched, today: date) -> date | None:
    """The oldest date that needs a run and has none begun."""
    begun = [run.date for run in rows.runs.values() if run.has_begun]
    if begun:
        return max(begun) + _DAY
    return min((event.date for event in rows.events if event.date <= today), default=None)


def enter(rows: Watched) -> BusinessNow:
    """Announces the runs up to tomorrow."""
    now = business(rows.now)
    run = rows.runs.get(now.tomorrow)
    if run is None or run.status == "closed":
        announce(rows, first_unplanned(rows, now.today) or now.today, now.tomorrow)
    return now


def next_open(rows: Watched, now: BusinessNow) -> date:
    """The first date that events may still be given (D2)."""
    run = rows.runs.get(now.today)
    accepts = run is not None and run.status != "closed" and not run.closing
    return now.next_open_date(run_accepts=accepts)


def run_of(rows: Watched, now: BusinessNow, day: date) -> RunRow | None:
    """The run an event of that date belongs to: the first one not closed; None if it is far off."""
    while day <= now.tomorrow:
        run = rows.runs.get(day)
        if run is not None and run.status != "closed":
            return run
        day += _DAY
    return None


def open_run(rows: Watched, day: date) -> RunRow | None:
    """The run of that day, unless it is closed."""
    run = rows.runs.get(day)
    return None if run is None or run.status == "closed" else run


def counts(run: RunRow, event: EventRow) -> bool:
    """Whether the run's books hold that scheduled event as due already."""
    return event.date < run.date or run.status in ("open", "paused")


def add_late(rows: Watched, now: BusinessNow, event: EventRow, *, counted: bool = False) -> None:
    """Gives an event that is payable by tomorrow its batch, and books it as due where the plan has passed it (D4)."""
    run = run_of(rows, now, event.date)
    if run is None:
        return
    rows.add_batch(run.date, event.date, [event.id], listed=True)
    if not counted and counts(run, event):
        rows.book(run.date, "due", event.amount)


def come_back(rows: Watched, now: BusinessNow, event: EventRow) -> None:
    """As `add_late`, for an event that may have left the run before: one that comes back is due once (D6)."""
    run = run_of(rows, now, event.date)
    if run is None:
        return
    rows.add_batch(run.date, event.date, [event.id], listed=True)
    if not counts(run, event):
        return
    count, amount = rows.withdrawn.get((run.date, event.number), (0, 0))
    if count <= 0:
        rows.book(run.date, "due", event.amount)
        return
    rows.book(run.date, "withdrawn", -amount, count=-1, event=event)
    rows.book(run.date, "due", event.amount - amount, count=0)


def withdraw(rows: Watched, now: BusinessNow, event: EventRow) -> None:
    """Books an event that was scheduled and no longer is, where its run had counted it."""
    run = run_of(rows, now, event.date)
    if run is not None and counts(run, event):
        rows.book(run.date, "withdrawn", event.amount, event=event)


def day_of_retry(rows: Watched, now: BusinessNow, retry_on: date) -> date:
    """The date of the run that tries again what waits for that day."""
    run = run_of(rows, now, retry_on)
    return retry_on if run is None else run.date


def drop_retry(rows: Watched, now: BusinessNow, event: EventRow, retry_on: date, heading: str) -> None:
    """Books a declined event that is not tried again."""
    run = run_of(rows, now, retry_on)
    if run is None or run.status == "announced":
        rows.book(run.date if run else retry_on, "due", -event.amount, count=-1)
    else:
        rows.book(run.date, heading, event.amount, event=event)
