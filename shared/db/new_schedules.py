"""A new schedule with its first revision and its first events, in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, text

from shared.db.engine import Session
from shared.db.models import Schedule
from shared.domain.entries import Entry

# Each further statement costs the API and the database as much as several rows do; and what all events share is said
# once. As one literal each, an array is read faster than value by value.
INSERT: Final = text("""
WITH made AS (
  INSERT INTO schedule (id, payer_id, payee_id, start_date, end_date, is_recurring, amount, first_amount, final_amount,
    currency, frequency, rule, reference, pay_late, retry_days, status, revision, version, next_sequence,
    written_through, extend_on, calendar, calendar_version)
  VALUES (:id, :payer_id, :payee_id, :start_date, :end_date, :is_recurring, :amount, :first_amount, :final_amount,
    :currency, :frequency, :rule, :reference, :pay_late, CAST(:retry_days AS smallint[]), :status, :revision, :version,
    :next_sequence, :written_through, :extend_on, :calendar, :calendar_version)
  RETURNING created_at),
first AS (
  INSERT INTO schedule_revision (schedule_id, revision, from_nominal_date, rule, amount, first_amount, final_amount,
    payee_id, reference)
  VALUES (:id, :revision, :start_date, :rule, :amount, :first_amount, :final_amount, :payee_id, :reference)),
dated AS (
  INSERT INTO event (date, id, schedule_id, payer_id, payee_id, amount, currency, reference, nominal_date, sequence,
    revision, status)
  SELECT date, event_id, :id, :payer_id, :payee_id, minor, :currency, :reference, nominal_date, sequence, :revision,
    event_status
  FROM unnest(CAST(:dates AS date[]), CAST(:event_ids AS uuid[]), CAST(:amounts AS bigint[]),
    CAST(:nominal_dates AS date[]), CAST(:sequences AS int[]), CAST(:statuses AS text[]))
    AS one (date, event_id, minor, nominal_date, sequence, event_status))
SELECT created_at FROM made
""").bindparams(bindparam("rule", type_=Schedule.__table__.c.rule.type))
COLUMNS: Final = tuple(column.name for column in Schedule.__table__.columns if column.name != "created_at")


def insert(session: Session, schedule: Schedule, entries: Sequence[Entry]) -> None:
    """Writes a schedule that has all but `created_at`, which it gets, and the events, which have their ids.

    Its first revision, and that of all these events, says what its row says.
    """
    values: dict[str, Any] = {column: getattr(schedule, column) for column in COLUMNS}
    values |= {
        "dates": _literal(entry.date for entry in entries),
        "event_ids": _literal(entry.id for entry in entries),
        "amounts": _literal(entry.amount for entry in entries),
        "nominal_dates": _literal(entry.nominal_date for entry in entries),
        "sequences": _literal(entry.sequence for entry in entries),
        "statuses": _literal(entry.status for entry in entries),
    }
    schedule.created_at = session.scalars(INSERT, values).one()


def _literal(values: Iterable[object]) -> str:
    """An array of what needs no quotes: dates, ids, numbers and words of ours."""
    return f"{{{','.join(map(str, values))}}}"
