"""Schedules: their rows are the locks for their events (rule S1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, select, text, union
from sqlalchemy.orm import Session

from shared.db.models import Calendar, FurtherCalendar, Schedule
from shared.db.touched import touch

# Guarded by what was read, although the rows are locked: an extension of a cancelled schedule must move nothing.
ADVANCE = text("""
UPDATE schedule s SET next_sequence = r.next_sequence, written_through = r.through, extend_on = r.extend_on
FROM unnest(CAST(:ids AS uuid[]), CAST(:before AS int[]), CAST(:versions AS int[]), CAST(:after AS int[]),
  CAST(:through AS date[]), CAST(:extend_on AS date[])) AS r (id, before, version, next_sequence, through, extend_on)
WHERE s.id = r.id AND s.next_sequence = r.before AND s.version = r.version AND s.status = 'active'
RETURNING s.id
""")


class Advance(NamedTuple):
    """How far a schedule is written after an extension; `extend_on` None: its rule is over."""

    schedule: Schedule
    next_sequence: int
    through: date
    extend_on: date | None


def lock(session: Session, schedule_id: UUID, payer_id: str | None) -> Schedule | None:
    """The schedule's row FOR UPDATE; None if there is none of that payer."""
    query = select(Schedule).where(Schedule.id == schedule_id).with_for_update()
    if payer_id is not None:
        query = query.where(Schedule.payer_id == payer_id)
    return next(iter(_locked(session, query)), None)


def lock_all(session: Session, ids: Sequence[UUID]) -> dict[UUID, Schedule]:
    """Several schedules' rows FOR UPDATE, locked in the order of their ids."""
    query = select(Schedule).where(Schedule.id.in_(ids)).order_by(Schedule.id).with_for_update()
    return {schedule.id: schedule for schedule in _locked(session, query)}


def advance(session: Session, advances: Sequence[Advance]) -> set[UUID]:
    """Moves the schedules on; answers those that were as they had been read."""
    if not advances:
        return set()
    return set(
        session.scalars(
            ADVANCE,
            {
                "ids": [item.schedule.id for item in advances],
                "before": [item.schedule.next_sequence for item in advances],
                "versions": [item.schedule.version for item in advances],
                "after": [item.next_sequence for item in advances],
                "through": [item.through for item in advances],
                "extend_on": [item.extend_on for item in advances],
            },
        )
    )


def outdated(session: Session, *, after: UUID | None, limit: int) -> list[UUID]:
    """Schedules, by id, that were rolled with an older version of a calendar of theirs than there is."""
    of_row = (
        select(Schedule.id)
        .join(Calendar, Calendar.code == Schedule.calendar)
        .where(Schedule.calendar_version < Calendar.version, Schedule.status == "active")
    )
    further = (
        select(Schedule.id)
        .join(FurtherCalendar, FurtherCalendar.schedule_id == Schedule.id)
        .join(Calendar, Calendar.code == FurtherCalendar.calendar)
        .where(FurtherCalendar.version < Calendar.version, Schedule.status == "active")
    )
    found = union(of_row, further).subquery()
    query = select(found.c.id).order_by(found.c.id).limit(limit)
    return list(session.scalars(query if after is None else query.where(found.c.id > after)))


def _locked(session: Session, query: Select[Schedule]) -> list[Schedule]:
    """Whoever locks a schedule means to change its events."""
    rows = list(session.scalars(query.execution_options(populate_existing=True)))
    touch(session, (schedule.payer_id for schedule in rows))
    return rows
