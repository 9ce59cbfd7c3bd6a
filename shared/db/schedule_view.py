"""How schedules stand, derived from their events: nothing is written to a schedule when one of its events is paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_, select

from shared.db.engine import Session
from shared.db.models import Event, Schedule
from shared.domain.lifecycle import OPEN, EventStatus


@dataclass(frozen=True, slots=True)
class Standing:
    """`status` is active, completed or cancelled; `next_date` that of its first scheduled event."""

    status: str
    next_date: date | None


def standings(session: Session, schedules: Sequence[Schedule]) -> list[Standing]:
    """The standing of each of these, in one statement over their payers' events."""
    if not schedules:
        return []
    waits_for_retry = (Event.status == EventStatus.FAILED) & Event.retry_on.is_not(None)
    query = (
        select(
            Event.schedule_id,
            func.bool_or(or_(Event.status.in_(sorted(OPEN)), waits_for_retry)),
            func.min(Event.date).filter(Event.status == EventStatus.SCHEDULED),
        )
        .where(
            Event.payer_id.in_({schedule.payer_id for schedule in schedules}),
            Event.schedule_id.in_([schedule.id for schedule in schedules]),
        )
        .group_by(Event.schedule_id)
    )
    found: dict[UUID, tuple[bool, date | None]] = {row[0]: (row[1], row[2]) for row in session.execute(query)}
    return [_standing(schedule, *found.get(schedule.id, (False, None))) for schedule in schedules]


def standing_of_new(schedule: Schedule, first_events: Sequence[Event]) -> Standing:
    """The standing of a schedule that was just written, from its first events: its payer's others are not read."""
    dates = [event.date for event in first_events if event.status == EventStatus.SCHEDULED]
    return _standing(schedule, any(event.status in OPEN for event in first_events), min(dates, default=None))


def find(session: Session, schedule_id: UUID, payer_id: str | None) -> Schedule | None:
    """A schedule by id, of that payer if one is named; not locked."""
    query = select(Schedule).where(Schedule.id == schedule_id)
    return session.scalar(query if payer_id is None else query.where(Schedule.payer_id == payer_id))


def first_events(session: Session, schedule: Schedule, *, since: date, limit: int) -> list[Event]:
    """The first events of a schedule dated `since` or later, by (date, id); what its payer paid before is not read."""
    query = (
        select(Event)
        .where(Event.payer_id == schedule.payer_id, Event.date >= since, Event.schedule_id == schedule.id)
        .order_by(Event.date, Event.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def _standing(schedule: Schedule, any_open: bool, next_date: date | None) -> Standing:
    if schedule.status == "cancelled":
        return Standing("cancelled", next_date)
    return Standing("active" if any_open or schedule.extend_on is not None else "completed", next_date)
