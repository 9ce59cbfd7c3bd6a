"""Planning, publishing and closing a day (`shared.db.planning`, `publishing`, `closing`)."""

from __future__ import annotations

from datetime import date, timedelta

from shared.domain.days import BusinessNow
from shared.domain.lifecycle import EventStatus
from shared.settings import Settings
from tests.simulation.model.claiming import doubt
from tests.simulation.model.gates import announce, first_unplanned
from tests.simulation.model.guards import Guards
from tests.simulation.model.moving import Watched
from tests.simulation.model.rows import BatchRow, EventRow
from tests.simulation.moments import instant

_DAY = timedelta(days=1)


def unfinished_plans(rows: Watched, today: date) -> list[date]:
    """Dates up to today without a plan, oldest first."""
    first = first_unplanned(rows, today)
    if first is None:
        return []
    return [first + timedelta(days=offset) for offset in range((today - first).days + 1)]


def plan(rows: Watched, settings: Settings, day: date, *, past: bool) -> None:
    """Cuts a day into batches and counts its events as due."""
    announce(rows, day, day)
    run = rows.runs[day]
    if run.status != "announced":
        return
    events = [event for event in rows.events if event.date == day]
    size = settings.batch_size
    absorbed = [
        batch.id
        for batch in rows.batches.values()
        if batch.run_date == day and batch.span.date == day and batch.status == "waiting"
        if batch.span.ids is not None and not batch.retry
    ]
    for start in range(0, len(events), size):
        rows.add_batch(day, day, [event.id for event in events[start : start + size]], listed=False)
    if events:
        for batch_id in absorbed:
            del rows.batches[batch_id]
    for event in events:
        if event.status is EventStatus.SCHEDULED:
            rows.book(day, "due", event.amount)
    run.status = "open"
    run.closing = past


def publish(rows: Watched, settings: Settings, now: BusinessNow) -> list[int]:
    """Marks the batches that workers should hear of. `now` is when the tick began."""
    run = rows.runs.get(now.today)
    if run is None or not run.is_paying:
        return []
    _gather(rows, now.today, settings.batch_size)
    ready = [
        batch
        for batch in rows.batches.values()
        if batch.run_date == now.today and _is_ready(rows, settings, batch, now)
    ]
    ready.sort(key=lambda batch: (batch.span.date == batch.run_date, batch.span.date, batch.id))
    for batch in ready:
        batch.published_at = rows.now
    return [batch.id for batch in ready]


def _is_ready(rows: Watched, settings: Settings, batch: BatchRow, now: BusinessNow) -> bool:
    stale = rows.now - settings.lease_seconds
    if batch.published_at is not None and batch.published_at >= stale:
        return False
    if batch.status == "claimed":
        return batch.lease_until is not None and batch.lease_until < rows.now
    if batch.status != "waiting" or (batch.wait_until is not None and batch.wait_until > rows.now):
        return False
    return batch.opens_at is None or instant(batch.opens_at) <= now.instant


def _gather(rows: Watched, day: date, size: int) -> None:
    """Merges batches of one event that nobody has heard of."""
    small: dict[date, list[BatchRow]] = {}
    for batch in rows.batches.values():
        if batch.run_date == day and _is_small(batch):
            small.setdefault(batch.span.date, []).append(batch)
    for event_date in sorted(small):
        members = sorted(small[event_date], key=lambda batch: batch.id)
        for start in range(0, len(members), size):
            piece = members[start : start + size]
            if len(piece) > 1:
                ids = sorted({batch.span.first_id for batch in piece})
                for batch in piece:
                    del rows.batches[batch.id]
                rows.add_batch(day, event_date, ids, listed=True)


def _is_small(batch: BatchRow) -> bool:
    ids = batch.span.ids
    return (
        batch.status == "waiting"
        and batch.epoch == 0
        and batch.published_at is None
        and ids is not None
        and len(ids) == 1
        and not (batch.retry or batch.held or batch.deaths)
        and batch.opens_at is None
    )


def to_close(rows: Watched, now: BusinessNow) -> list[date]:
    """Planned runs whose books are due, oldest first."""
    last = now.today if now.past_cutoff else now.today - _DAY
    return sorted(
        run.date for run in rows.runs.values() if run.status in ("open", "paused") if run.date <= last or run.closing
    )


def close(rows: Watched, guards: Guards, settings: Settings, day: date) -> bool:
    """Closes a run; False while a lease of it lives."""
    run = rows.runs[day]
    if run.status not in ("open", "paused"):
        return True
    run.closing = True
    mine = [batch for batch in rows.batches.values() if batch.run_date == day]
    claimed = [batch for batch in mine if batch.status == "claimed"]
    if guards.lease and any(batch.lease_until is not None and batch.lease_until >= rows.now for batch in claimed):
        return False
    following = day + _DAY
    announce(rows, following, following)
    for batch in sorted(claimed, key=lambda batch: batch.id):
        batch.epoch += 1
        batch.status, batch.lease_until = "carried", None
        doubt(rows, batch, batch.provider or settings.provider.name, "run closed")
    for event_date in sorted({batch.span.date for batch in mine} | {day}):
        _sweep(rows, settings, day, event_date, following)
    for batch in mine:
        if batch.status == "waiting":
            batch.status = "carried"
    run.status, rows.changed = "closed", True
    return True


def _sweep(rows: Watched, settings: Settings, day: date, event_date: date, following: date) -> None:
    """What is left of a date is missed or carried, and of its retries expired or carried."""
    events = [event for event in rows.events if event.date == event_date]
    for event in events:
        if event.status is EventStatus.SCHEDULED and _is_over(event, event_date, following):
            rows.move(event, EventStatus.MISSED)
            rows.book(day, "missed", event.amount)
    _carry(rows, settings, day, following, [event for event in events if event.status is EventStatus.SCHEDULED])
    failed = [event for event in events if event.status is EventStatus.FAILED]
    for event in failed:
        if event.retry_on is not None and _is_over(event, event.retry_on, following):
            event.retry_on = None
            rows.book(day, "declined", event.amount)
    waiting = [event for event in failed if event.retry_on is not None and event.retry_on <= day]
    _carry(rows, settings, day, following, waiting, retry=True)


def _is_over(event: EventRow, since: date, following: date) -> bool:
    return since + timedelta(days=event.schedule.pay_late) < following


def _carry(
    rows: Watched, settings: Settings, day: date, following: date, events: list[EventRow], *, retry: bool = False
) -> None:
    for start in range(0, len(events), settings.batch_size):
        piece = events[start : start + settings.batch_size]
        rows.add_batch(following, piece[0].date, [event.id for event in piece], listed=False, retry=retry)
    for event in events:
        rows.book(day, "carried", event.amount)
        rows.book(following, "due", event.amount)
