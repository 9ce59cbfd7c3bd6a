"""Facts: what somebody changed of a schedule or of one event is audited and told to its payer, in the transaction of
the change (rule P4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.db import audit, outbox
from shared.db.audit import Act, Action
from shared.db.engine import Session
from shared.db.models import Pause, Schedule
from shared.domain.entries import Entry
from shared.domain.notices import NoticeType

NOTICES: Final[Mapping[Action, NoticeType]] = {
    "schedule.updated": NoticeType.CHANGED,
    "schedule.cancelled": NoticeType.CANCELLED,
    "schedule.paused": NoticeType.PAUSED,
    "schedule.resumed": NoticeType.CHANGED,
    "schedule.suspended": NoticeType.SUSPENDED,
    "event.updated": NoticeType.CHANGED,
    "event.skipped": NoticeType.CANCELLED,
    "event.given_up": NoticeType.CANCELLED,
    "event.restored": NoticeType.CHANGED,
    "event.retried": NoticeType.FAILED,
}
"""How a payer hears of it. A new schedule is no news to whoever made it; what a resolution comes to is told where the
event's outcome is written, and what a calendar moves, event by event."""

Values = Mapping[str, Any] | None


def of_schedule(
    session: Session,
    act: Act,
    action: Action,
    schedule: Schedule,
    *,
    before: Values,
    after: Values,
    pause: Pause | None = None,
) -> None:
    """`before` and `after` are for the audit. `pause`: the one that began or ended, if that is what changed."""
    audit.record(
        session,
        act,
        action,
        subject="schedule",
        subject_id=schedule.id,
        payer_id=schedule.payer_id,
        before=before,
        after=after,
    )
    if action not in NOTICES:
        return
    if pause is None:
        changed, version = schedule.id, schedule.version
    else:
        changed, version = pause.id, 1 if pause.ended_at is None else 2
    outbox.tell_of_schedule(session, NOTICES[action], schedule.id, changed=changed, version=version)


def of_event(session: Session, act: Act, action: Action, event: Entry, *, before: Values, after: Values) -> None:
    """Of an event as it stands now, with its date; `before` and `after` are for the audit."""
    audit.record(
        session,
        act,
        action,
        subject="event",
        subject_id=event.id,
        payer_id=event.payer_id,
        before=before,
        after=after,
    )
    if action in NOTICES and event.id is not None:
        outbox.tell_of_events(session, NOTICES[action], event.date, [event.id])
