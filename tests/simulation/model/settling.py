"""Settling a part (`worker_service.pay.settle_part`, `shared.db.settlement`, `declines`)."""

from __future__ import annotations

from datetime import date

from shared.db.parts import Claim
from shared.db.verdicts import Verdict
from shared.domain.calendar import weekends_only
from shared.domain.days import BusinessNow
from shared.domain.lifecycle import EventStatus
from shared.domain.retries import Declined, retry_day
from shared.settings import Settings
from tests.simulation.model import claiming
from tests.simulation.model.gates import now_of
from tests.simulation.model.guards import Guards
from tests.simulation.model.moving import Watched
from tests.simulation.model.returning import release
from tests.simulation.model.rows import EventRow
from tests.simulation.moments import DAY_SECONDS, RETRY_AT
from worker_service.decisions import Decisions
from worker_service.ending import Ending

CALENDAR = weekends_only()


def settle(
    rows: Watched, guards: Guards, settings: Settings, claim: Claim, decisions: Decisions, left: Ending
) -> int | None:
    """Writes what was decided of a part; how many events moved, None: the batch is not ours any more."""
    batch, run = rows.batches[claim.batch_id], rows.runs.get(claim.run_date)
    if guards.epoch and not claiming.holds_it(batch, claim):
        return None
    now = now_of(rows)
    own_day = run is not None and run.is_paying and claim.run_date == now.today
    days = {
        text_id: day
        for text_id, verdict in decisions.verdicts.items()
        if verdict.soft and (day := retried(rows.by_text[text_id], now, day_0=own_day)) is not None
    }
    release(rows, claim, decisions.never_sent, key_used=False)
    release(rows, claim, decisions.key_used, key_used=True)
    moved = [
        _settled(rows, settings, claim, event, decisions.verdicts[event.text_id], days)
        for event in rows.of(claim.span)
        if event.text_id in decisions.verdicts and (_is_ours(event, claim) or not guards.holder)
    ]
    _add_retries(rows, claim, [event for event in moved if event.retry_on is not None])
    if not left.more:
        freed = left.held and not rows.held
        wait_seconds = 0.0 if freed else left.wait_seconds
        claiming.finish(rows, claim, wait_seconds=wait_seconds, held=left.held and not freed)
    return len(moved)


def retried(event: EventRow, now: BusinessNow, *, day_0: bool) -> date | None:
    """The retry day of a soft decline (S11)."""
    schedule = event.schedule
    if schedule.cancelled or not schedule.retry_days:
        return None
    declined = Declined(schedule.retry_days, event.first_declined_on or now.today, None)
    in_time = day_0 and now.instant < now.retry_from
    return retry_day(declined, CALENDAR, schedule.pauses, today=now.today, day_0=in_time)


def retry_from(now_seconds: int) -> int:
    """When what was declined that day may be tried again."""
    return now_seconds // DAY_SECONDS * DAY_SECONDS + RETRY_AT * 60


def _is_ours(event: EventRow, claim: Claim) -> bool:
    return event.status is EventStatus.PROCESSING and event.batch_id == claim.batch_id


def _settled(
    rows: Watched, settings: Settings, claim: Claim, event: EventRow, verdict: Verdict, days: dict[str, date]
) -> EventRow:
    status, run_date = EventStatus(verdict.status), claim.run_date
    again = claim.retry and event.retry_on is not None
    keeps = again and status is EventStatus.UNKNOWN
    rows.move(event, status)
    event.failure_code = event.failure_code if keeps else None if status is EventStatus.UNKNOWN else verdict.code
    event.retry_on = event.retry_on if keeps else days.get(event.text_id)
    if verdict.soft:
        event.first_declined_on = event.first_declined_on or now_of(rows).today
    rows.book(run_date, "in_flight", -event.amount, count=-1)
    if status is EventStatus.PAID:
        event.reference, event.known_on = verdict.note, run_date
    if status is EventStatus.UNKNOWN:
        name = settings.provider.name
        claiming.open_attempt(rows, event, name, verdict.note, resend=verdict.resend)
    if status is not EventStatus.FAILED:
        rows.book(run_date, status, event.amount)
    elif event.retry_on != run_date:
        rows.book(run_date, "declined", event.amount)
    return event


def _add_retries(rows: Watched, claim: Claim, moved: list[EventRow]) -> None:
    """A retry's batch is written where its day is set (D4), and that day's run has it due."""
    failed = [event for event in moved if event.status is EventStatus.FAILED]
    for day in sorted({event.retry_on for event in failed if event.retry_on is not None}):
        members = [event for event in failed if event.retry_on == day]
        opens_at = retry_from(rows.now) if day == claim.run_date else None
        ids = [event.id for event in members]
        rows.add_batch(day, claim.span.date, ids, listed=False, retry=True, opens_at=opens_at)
        if day != claim.run_date:
            for event in members:
                rows.book(day, "due", event.amount)
