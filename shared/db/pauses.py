"""Pauses: windows in which a schedule's events rest (rule S9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from shared.db.engine import Session
from shared.db.models import Pause, Schedule
from shared.domain.entries import Window
from shared.ids import new_id

SUSPENDED: Final = "suspended"
"""The reason of a pause that the product itself began (rule S10)."""

COVERS: Final = """EXISTS (SELECT FROM pause p WHERE p.schedule_id = e.schedule_id AND p.ended_at IS NULL
  AND p.from_date <= coalesce(e.retry_on, e.date)
  AND (p.until_date IS NULL OR coalesce(e.retry_on, e.date) < p.until_date))"""
"""In SQL: whether a pause covers the event `e`, or the day on which it is tried again."""


def of_schedules(session: Session, ids: Collection[UUID]) -> dict[UUID, list[Pause]]:
    """The pauses of each schedule that were not ended, by their first day; in one statement."""
    query = select(Pause).where(Pause.schedule_id.in_(ids), Pause.ended_at.is_(None))
    found: dict[UUID, list[Pause]] = defaultdict(list)
    if ids:
        for pause in session.scalars(query.order_by(Pause.from_date, Pause.id)):
            found[pause.schedule_id].append(pause)
    return found


def windows(pauses: Collection[Pause]) -> list[Window]:
    """The days that they cover."""
    return [Window(pause.from_date, pause.until_date) for pause in pauses]


def add(
    session: Session, schedule: Schedule, from_date: date, until_date: date | None, *, reason: str | None = None
) -> Pause:
    """Writes a pause of a schedule whose row the caller has locked."""
    pause = Pause(id=new_id(), schedule_id=schedule.id, from_date=from_date, until_date=until_date, reason=reason)
    session.add(pause)
    session.flush()
    return pause


def find(session: Session, schedule_id: UUID, pause_id: UUID) -> Pause | None:
    """A pause of that schedule, also one that was ended; read anew, for the caller has just locked the schedule."""
    query = select(Pause).where(Pause.id == pause_id, Pause.schedule_id == schedule_id)
    return session.scalar(query.execution_options(populate_existing=True))


def end(session: Session, pause: Pause) -> None:
    """From now on it covers nothing."""
    pause.ended_at = session.scalar(select(func.clock_timestamp()))
    session.flush()
