"""Facts that payers and payees are to be told of, written down in their own transaction (rule P4)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final
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
# min() knows no uuid before PostgreSQL 18; the text of a uuid sorts as the uuid does.
MISSED = """
INSERT INTO outbox (kind, date, first_id, last_id, ids)
SELECT 'missed', date, CAST(min(id::text) AS uuid), CAST(max(id::text) AS uuid), array_agg(id ORDER BY id) FROM (
  SELECT e.date, e.id, (row_number() OVER (PARTITION BY e.date ORDER BY e.id) - 1) / {most} AS piece FROM {source} e
) AS listed GROUP BY date, piece"""
FACTS = """
INSERT INTO outbox (kind, notices)
SELECT 'facts', array_agg(notice ORDER BY id) FROM (
  SELECT e.id, {notice} AS notice, (row_number() OVER (ORDER BY e.id) - 1) / {most} AS piece
  FROM {source} e WHERE {which}) AS worded
GROUP BY piece"""
MOST_FACTS: Final = 4000
"""Notices that one row stands for: many may become so in one statement, and a row holds no gigabyte."""
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


def facts_of(source: str, type_: NoticeType, which: str = "true") -> str:
    """SQL that tells the payers what has become of the events in `source`, which another part of the statement moved:
    rows with all their columns, and of them those `which`."""
    return FACTS.format(notice=event_text(type_), source=source, which=which, most=MOST_FACTS)


def missed_of(source: str) -> str:
    """SQL that tells the payers that the events in `source` were missed, in words of the hour when it is sent: a day
    that nobody could pay is missed in one statement, and the words would add half of its time to it."""
    return MISSED.format(source=source, most=MOST_FACTS)


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
