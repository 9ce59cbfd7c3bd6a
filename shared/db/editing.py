"""Editing: the locks that every change of a schedule or of its events begins with (rules C2, S1)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from shared.db import entries, events, runs, schedules
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.models import Event, Schedule
from shared.db.runs import Gate
from shared.domain.entries import Entry
from shared.domain.errors import Conflict, NotFound
from shared.domain.lifecycle import EDITABLE, OPEN, EventStatus
from shared.settings import BusinessClock


class Grip(NamedTuple):
    """The runs that a change may touch, and the schedule's row, all held until the transaction ends."""

    gate: Gate
    schedule: Schedule


def begin(
    session: Session, clock: BusinessClock, schedule_id: UUID, payer_id: str | None, *, since: date = date.max
) -> Grip:
    """Holds the runs, then the schedule; the database's clock says which day it is. Raises NotFound.

    `since`: an earlier date that will be touched than those of what is open.
    """
    now = business_now(session, clock)
    gate = runs.enter(session, now, min(since, _since(session, schedule_id, now.today)))
    schedule = schedules.lock(session, schedule_id, payer_id)
    if schedule is None:
        raise NotFound("There is no such schedule.")
    return Grip(gate, schedule)


def check_not_cancelled(schedule: Schedule) -> None:
    """Raises Conflict for a schedule that is cancelled."""
    if schedule.status == "cancelled":
        raise Conflict("The schedule is cancelled.", code="schedule_cancelled")


def _since(session: Session, schedule_id: UUID, today: date) -> date:
    """The first date that a change may touch: of what is not final or tried again, or of what an extension still owes.

    Looked up before the runs are held, without a lock.
    """
    payer = select(Schedule.payer_id).where(Schedule.id == schedule_id).scalar_subquery()
    first = select(func.min(Event.date)).where(
        Event.payer_id == payer, Event.schedule_id == schedule_id, Event.status.in_(OPEN)
    )
    retry = select(func.min(Event.retry_on)).where(
        Event.payer_id == payer, Event.schedule_id == schedule_id, Event.status == EventStatus.FAILED
    )
    query = select(Schedule.extend_on, func.least(first.scalar_subquery(), retry.scalar_subquery()))
    found = session.execute(query.where(Schedule.id == schedule_id)).one_or_none()
    if found is None:
        return today
    extend_on, earliest = found
    return date.min if extend_on is not None and extend_on <= today else earliest or today


class EventGrip(NamedTuple):
    """An event as it stands, with what its change is decided by; all held until the transaction ends."""

    gate: Gate
    schedule: Schedule
    entry: Entry


def begin_event(session: Session, clock: BusinessClock, event_id: UUID, payer_id: str | None) -> EventGrip:
    """Holds the runs, the event's schedule, then the event (rule C2). Raises NotFound."""
    event = events.find(session, event_id, payer_id)
    if event is None:
        raise NotFound("There is no such event.")
    gate, schedule = begin(session, clock, event.schedule_id, event.payer_id, since=event.date)
    return EventGrip(gate, schedule, entries.lock_one(session, event.payer_id, event_id))


def check_open(entry: Entry) -> None:
    """Raises Conflict, with the status, for an event that is claimed or final (rule S4)."""
    if entry.status in EDITABLE:
        return
    if entry.status == EventStatus.CANCELLED:
        raise Conflict(f"The event is cancelled already ({entry.cancel_reason}).", code="event_not_open")
    raise Conflict(
        f"The event is {entry.status}; only a scheduled or paused one can be changed or cancelled.",
        code="event_not_open",
    )
