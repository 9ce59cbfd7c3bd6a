"""How schedules stand, derived from their events: nothing is written to a schedule when one of its events is paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_, select

from shared.db import pauses, plans
from shared.db.engine import Session
from shared.db.models import Event, Pause, Schedule
from shared.domain.current_description import describe_now
from shared.domain.entries import Entry, covered
from shared.domain.lifecycle import OPEN, EventStatus
from shared.domain.recurrence import Rule
from shared.domain.timeline import Revision, Timeline


@dataclass(frozen=True, slots=True)
class Standing:
    """`status` is active, paused, suspended, completed or cancelled; `next_date` that of its first scheduled event;
    `pauses` those that were not ended; `description` the sentence of what it pays."""

    status: str
    next_date: date | None
    pauses: list[Pause]
    description: str


def standings(session: Session, schedules: Sequence[Schedule], today: date) -> list[Standing]:
    """The standing of each of these, in three statements: over their payers' events, their pauses and revisions."""
    if not schedules:
        return []
    waits_for_retry = (Event.status == EventStatus.FAILED) & Event.retry_on.is_not(None)
    # What is paused and past rests for good (rule S9): nobody waits for it.
    is_open = Event.status.in_(sorted(OPEN)) & ((Event.status != EventStatus.PAUSED) | (Event.date >= today))
    query = (
        select(
            Event.schedule_id,
            func.bool_or(or_(is_open, waits_for_retry)),
            func.min(Event.date).filter(Event.status == EventStatus.SCHEDULED),
        )
        .where(
            Event.payer_id.in_({schedule.payer_id for schedule in schedules}),
            Event.schedule_id.in_([schedule.id for schedule in schedules]),
        )
        .group_by(Event.schedule_id)
    )
    found: dict[UUID, tuple[bool, date | None]] = {row[0]: (row[1], row[2]) for row in session.execute(query)}
    resting = pauses.of_schedules(session, [schedule.id for schedule in schedules])
    revisions = plans.read_revisions(session, schedules)
    return [
        _standing(
            schedule,
            *found.get(schedule.id, (False, None)),
            resting.get(schedule.id, []),
            describe_now(Timeline.of(revisions[schedule.id], {}).revisions, schedule.currency, today),
            today,
        )
        for schedule in schedules
    ]


def standing_of_new(schedule: Schedule, first_entries: Sequence[Entry], today: date) -> Standing:
    """The standing of a schedule that was just written, from its events: its payer's others are not read."""
    dates = [entry.date for entry in first_entries if entry.is_scheduled]
    rule = Rule.from_json(schedule.rule)
    first = Revision(plans.FIRST, rule.start_date, rule, plans.terms_of(schedule))
    sentence = describe_now([first], schedule.currency, today)
    return _standing(schedule, bool(dates), min(dates, default=None), [], sentence, today)


def find(session: Session, schedule_id: UUID, payer_id: str | None) -> Schedule | None:
    """A schedule by id, of that payer if one is named; not locked."""
    query = select(Schedule).where(Schedule.id == schedule_id)
    return session.scalar(query if payer_id is None else query.where(Schedule.payer_id == payer_id))


def _standing(
    schedule: Schedule, any_open: bool, next_date: date | None, resting: list[Pause], sentence: str, today: date
) -> Standing:
    return Standing(_status(schedule, any_open, resting, today), next_date, resting, sentence)


def _status(schedule: Schedule, any_open: bool, resting: list[Pause], today: date) -> str:
    if schedule.status == "cancelled":
        return "cancelled"
    if not any_open and schedule.extend_on is None:
        return "completed"
    today_rests = [pause for pause in resting if covered(today, pauses.windows([pause]))]
    if not today_rests:
        return "active"
    return "suspended" if any(pause.reason == pauses.SUSPENDED for pause in today_rests) else "paused"
