"""Rest: which open events of a schedule are paused, after its pauses changed (rules S4, S9)."""

from __future__ import annotations

from shared.db import entries, plans
from shared.db.engine import Session
from shared.db.models import Schedule
from shared.db.runs import Gate
from shared.domain.entries import Entry, Window, changed, covered, settled_status
from shared.domain.lifecycle import EDITABLE, EventStatus


def settle_pauses(session: Session, gate: Gate, schedule: Schedule) -> None:
    """Pauses what a window covers now and brings back what none does; the schedule, locked by the caller, moves on.

    A paused event whose date has passed stays paused for good; a retry on a day that is covered is dropped for good.
    """
    windows = plans.read_pauses(session, schedule)
    moves = []
    for entry in entries.lock(session, schedule, statuses=EDITABLE | {EventStatus.FAILED}):
        after = _settled(entry, windows, gate)
        if after != entry:
            moves.append((entry, after))
    entries.apply(session, gate, moves)
    schedule.version += 1
    session.flush()


def _settled(entry: Entry, windows: list[Window], gate: Gate) -> Entry:
    if entry.status in EDITABLE:
        return changed(entry, status=settled_status(entry.status, entry.date, windows, gate.next_open_date))
    if entry.retry_on is not None and covered(entry.retry_on, windows):
        return changed(entry, retry_on=None)
    return entry
