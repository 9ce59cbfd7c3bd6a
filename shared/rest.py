"""Rest: which open events of a schedule are paused, after its pauses changed (rules S4, S9)."""

from __future__ import annotations

from shared.db import entries, outbox, plans
from shared.db.engine import Session
from shared.db.entries import Move
from shared.db.models import Schedule
from shared.db.runs import Gate
from shared.domain.entries import Entry, Window, changed, covered, settled_status
from shared.domain.lifecycle import EDITABLE, EventStatus
from shared.domain.notices import NoticeType


def settle_pauses(session: Session, gate: Gate, schedule: Schedule) -> None:
    """Pauses what a window covers now and brings back what none does; the schedule, locked by the caller, moves on.

    A paused event whose date has passed stays paused for good; a retry on a day that is covered is dropped for good,
    and its payer, who was told that day, hears so.
    """
    windows = plans.read_pauses(session, schedule)
    moves = list[Move]()
    for entry in entries.lock(session, schedule, statuses=EDITABLE | {EventStatus.FAILED}):
        after = _settled(entry, windows, gate)
        if after != entry:
            moves.append((entry, after))
    entries.apply(session, gate, moves)
    _tell_dropped(session, [after for before, after in moves if before.waits_for_retry])
    schedule.version += 1
    session.flush()


def _tell_dropped(session: Session, declined: list[Entry]) -> None:
    for day in sorted({entry.date for entry in declined}):
        ids = [entry.id for entry in declined if entry.date == day and entry.id is not None]
        outbox.tell_of_events(session, NoticeType.FAILED, day, ids)


def _settled(entry: Entry, windows: list[Window], gate: Gate) -> Entry:
    if entry.status in EDITABLE:
        return changed(entry, status=settled_status(entry.status, entry.date, windows, gate.next_open_date))
    if entry.retry_on is not None and covered(entry.retry_on, windows):
        return changed(entry, retry_on=None)
    return entry
