"""Facts that payers and payees are to be told of, written down in their own transaction (rule P4)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db.arrays import array_literal
from shared.db.notice_texts import event_text, schedule_text
from shared.db.touched import NOTICES
from shared.domain.notices import NoticeType, Role

EVENTS = """
INSERT INTO outbox (kind, notices)
SELECT 'facts', array_agg({notices} ORDER BY e.id) FROM event e
WHERE e.date = :date AND e.id = ANY(CAST(:ids AS uuid[])) HAVING count(*) > 0
"""
SCHEDULE = """
INSERT INTO outbox (kind, notices) SELECT 'facts', ARRAY[{notice}] FROM schedule s WHERE s.id = :schedule
"""


def tells(session: Session) -> bool:
    """Whether anybody is told; where nobody is, nothing is written and nothing piles up."""
    return bool(session.info.get(NOTICES))


def tell_of_events(session: Session, type_: NoticeType, day: date, ids: Collection[UUID]) -> None:
    """What events of one date have become, as they stand now: to their payers, and of a payment to their payees."""
    if not (ids and tells(session)):
        return
    session.flush()
    statement = EVENTS.format(notices=event_text(type_))
    session.execute(text(statement), {"date": day, "ids": array_literal(ids)})
    if type_ == NoticeType.PAID:
        statement = EVENTS.format(notices=event_text(type_, Role.PAYEE))
        session.execute(text(statement), {"date": day, "ids": array_literal(ids)})


def tell_of_schedule(
    session: Session, type_: NoticeType, schedule_id: UUID, *, changed: UUID | None = None, version: int
) -> None:
    """What a schedule has become, as it stands now. `changed`: what of it, if it has a name of its own (a pause), and
    which version of that it is now: no other change may have both."""
    if not tells(session):
        return
    session.flush()
    values = {"schedule": schedule_id, "changed": str(changed or schedule_id), "version": str(version)}
    session.execute(text(SCHEDULE.format(notice=schedule_text(type_))), values)
