"""Rerolling: after a change of a calendar, the open events that it moves (rules D2, S3).

What is to be done follows from the versions that stand in the rows: a schedule that was rolled with an older version
of its calendar. So a pass that was killed, or a schedule that was written while the calendar changed, is found again.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from shared.amend import reroll
from shared.db import editing, facts, outbox, schedules
from shared.db.audit import Act
from shared.db.engine import Session, Sessions
from shared.db.plans import UNREADABLE
from shared.db.retrying import transact
from shared.domain.edits import Changes
from shared.domain.entries import Entry
from shared.domain.notices import NoticeType
from shared.log import get_logger
from shared.settings import Settings

log = get_logger(__name__)

CHUNK = 200


class Rerolled(NamedTuple):
    """What a calendar's change did to one schedule."""

    schedule_id: UUID
    payer_id: str
    changes: Changes

    def report(self) -> dict[str, Any]:
        """Event by event: moved with both dates, collapsed and created."""
        return {
            "scheduleId": str(self.schedule_id),
            "moved": [
                {
                    "id": str(after.id),
                    "nominalDate": f"{after.nominal_date}",
                    "from": f"{before.date}",
                    "to": f"{after.date}",
                }
                for before, after in self.changes.updated
            ],
            "collapsed": [f"{after.nominal_date}" for _, after in self.changes.cancelled],
            "created": [f"{entry.nominal_date}" for entry in self.changes.created],
        }


def reroll_all(sessions: Sessions, settings: Settings, act: Act, *, seconds: float | None = None) -> list[Rerolled]:
    """Rerolls every schedule whose calendar changed since it was rolled, one a transaction; those that moved.

    `seconds`: begins none after so long; what is left is found the next time. A schedule whose rule cannot be read is
    named in the log and left.
    """
    until = None if seconds is None else time.monotonic() + seconds
    moved = []
    for schedule_id in _outdated(sessions):
        if until is not None and time.monotonic() > until:
            break
        try:
            rerolled = transact(sessions, partial(_reroll, settings=settings, act=act, schedule_id=schedule_id))
        except UNREADABLE as error:
            log.error("schedule cannot be rolled anew", alert=True, schedule=str(schedule_id), reason=repr(error))
            continue
        if rerolled is not None:
            moved.append(rerolled)
            log.info("rolled anew", **rerolled.report())
    return moved


def _outdated(sessions: Sessions) -> Iterator[UUID]:
    after: UUID | None = None
    while True:
        found = transact(sessions, partial(schedules.outdated, after=after, limit=CHUNK))
        yield from found
        if len(found) < CHUNK:
            return
        after = found[-1]


def _reroll(session: Session, settings: Settings, act: Act, schedule_id: UUID) -> Rerolled | None:
    gate, schedule = editing.begin(session, settings.business, schedule_id, None)
    if schedule.status == "cancelled" or schedule.calendar is None:
        return None
    changes = reroll(session, gate, schedule)
    if not changes:
        return None
    rerolled = Rerolled(schedule.id, schedule.payer_id, changes)
    facts.of_schedule(session, act, "schedule.rerolled", schedule, before=None, after=rerolled.report())
    _tell(session, changes)
    return rerolled


def _tell(session: Session, changes: Changes) -> None:
    """Payers of what moved, went, and came (back): nobody asked for that. A new number alone is no news."""
    moved = [after for before, after in changes.updated if _as_told(before) != _as_told(after)]
    told: dict[tuple[date, NoticeType], list[UUID]] = defaultdict(list)
    for type_, several in (
        (NoticeType.CHANGED, [*moved, *changes.created]),
        (NoticeType.CANCELLED, [after for _, after in changes.cancelled]),
    ):
        for entry in several:
            if entry.id is not None:
                told[entry.date, type_].append(entry.id)
    for (day, type_), ids in sorted(told.items()):
        outbox.tell_of_events(session, type_, day, ids)


def _as_told(entry: Entry) -> tuple[object, ...]:
    return entry.date, entry.amount, entry.status
