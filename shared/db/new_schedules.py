"""A new schedule with its first revision and its first events, in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import TextClause, bindparam, text

from shared.db.arrays import array_literal
from shared.db.audit import Act
from shared.db.engine import Session
from shared.db.live_schedules import COUNT
from shared.db.models import Audit, Schedule
from shared.domain.entries import Entry

# Each further statement costs the API and the database as much as several rows do; and what all events share is said
# once. As one literal each, an array is read faster than value by value.
ROWS: Final = """
WITH made AS (
  INSERT INTO schedule (id, payer_id, payee_id, start_date, end_date, is_recurring, amount, first_amount, final_amount,
    currency, frequency, rule, reference, pay_late, retry_days, status, revision, version, next_sequence,
    written_through, extend_on, calendar, calendar_version)
  SELECT :id, :payer_id, :payee_id, :start_date, :end_date, :is_recurring, :amount, :first_amount, :final_amount,
    :currency, :frequency, :rule, :reference, :pay_late, CAST(:retry_days AS smallint[]), :status, :revision, :version,
    :next_sequence, :written_through, :extend_on, :calendar, :calendar_version
  {if_allowed}
  RETURNING created_at),
first AS (
  INSERT INTO schedule_revision (schedule_id, revision, from_nominal_date, rule, amount, first_amount, final_amount,
    payee_id, reference)
  SELECT :id, :revision, :start_date, :rule, :amount, :first_amount, :final_amount, :payee_id, :reference FROM made),
dated AS (
  INSERT INTO event (date, id, schedule_id, payer_id, payee_id, amount, currency, reference, nominal_date, sequence,
    revision, status)
  SELECT date, event_id, :id, :payer_id, :payee_id, minor, :currency, :reference, nominal_date, sequence, :revision,
    event_status
  FROM made, unnest(CAST(:dates AS date[]), CAST(:event_ids AS uuid[]), CAST(:amounts AS bigint[]),
    CAST(:nominal_dates AS date[]), CAST(:sequences AS int[]), CAST(:statuses AS text[]))
    AS one (date, event_id, minor, nominal_date, sequence, event_status)){audited}
SELECT created_at FROM made
"""
IF_ALLOWED: Final = f"WHERE :enough = 0 OR ({COUNT}) < :enough"
AUDITED: Final = """,
audited AS (
  INSERT INTO audit (actor, request_id, action, subject, subject_id, payer_id, after)
  SELECT :actor, :request_id, 'schedule.created', 'schedule', CAST(:id AS text), :payer_id, :after FROM made)"""
JSON: Final = bindparam("rule", type_=Schedule.__table__.c.rule.type)
INSERT: Final = text(ROWS.format(if_allowed="", audited="")).bindparams(JSON)
INSERT_ASKED: Final = text(ROWS.format(if_allowed=IF_ALLOWED, audited=AUDITED)).bindparams(
    JSON, bindparam("after", type_=Audit.__table__.c.after.type)
)
COLUMNS: Final = tuple(column.name for column in Schedule.__table__.columns if column.name != "created_at")


class Asked(NamedTuple):
    """Who asks for a schedule, and what the audit keeps of it as JSON. It is written unless its payer has `most`
    already that pay today or later (0: no limit)."""

    act: Act
    after: Mapping[str, Any]
    most: int
    today: date


class TooMany(Exception):
    """The payer has as many schedules as it may; nothing was written."""


def insert(session: Session, schedule: Schedule, entries: Sequence[Entry]) -> None:
    """Writes a schedule that has all but `created_at`, which it gets, and the events, which have their ids.

    Its first revision, and that of all these events, says what its row says.
    """
    _insert(session, INSERT, schedule, entries, {})


def insert_asked(session: Session, schedule: Schedule, entries: Sequence[Entry], asked: Asked) -> None:
    """The same with the row of the audit. Raises TooMany."""
    more = {
        "actor": asked.act.actor,
        "request_id": asked.act.request_id,
        "after": asked.after,
        "enough": asked.most,
        "today": asked.today,
    }
    _insert(session, INSERT_ASKED, schedule, entries, more)


def _insert(
    session: Session, statement: TextClause, schedule: Schedule, entries: Sequence[Entry], more: Mapping[str, Any]
) -> None:
    values: dict[str, Any] = {column: getattr(schedule, column) for column in COLUMNS}
    values |= {
        "dates": array_literal(entry.date for entry in entries),
        "event_ids": array_literal(entry.id for entry in entries),
        "amounts": array_literal(entry.amount for entry in entries),
        "nominal_dates": array_literal(entry.nominal_date for entry in entries),
        "sequences": array_literal(entry.sequence for entry in entries),
        "statuses": array_literal(entry.status for entry in entries),
        **more,
    }
    created_at = session.scalar(statement, values)
    if created_at is None:
        raise TooMany
    schedule.created_at = created_at
