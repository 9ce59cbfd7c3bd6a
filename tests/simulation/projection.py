"""What is compared after every step: the same picture of the rows, from the database and from the model."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from shared.domain.lifecycle import EventStatus
from tests.simulation.database import Database
from tests.simulation.model.moving import Watched
from tests.simulation.model.rows import event_id, schedule_id
from tests.simulation.moments import MIDNIGHT

Picture = dict[str, dict[str, list[Any]]]


def _seconds(column: str) -> str:
    return f"extract(epoch FROM {column} - timestamptz '{MIDNIGHT.isoformat()}')::bigint"


def _table(query: str) -> str:
    return f"(SELECT coalesce(jsonb_object_agg(key, line), '{{}}') FROM ({query}) AS found (key, line))"


EVENTS = f"""SELECT id, jsonb_build_array(status, cancel_reason, batch_id, attempt, {_seconds("first_sent_at")},
  failure_code, retry_on, first_declined_on, amount, revision) FROM event"""
BATCHES = f"""SELECT id, jsonb_build_array(run_date, date, first_id, last_id, ids, status, epoch,
  {_seconds("lease_until")}, {_seconds("published_at")}, {_seconds("wait_until")}, retry, {_seconds("opens_at")}, held,
  provider, deaths) FROM batch"""
ATTEMPTS = f"""SELECT event_id || '/' || number, jsonb_build_array(state, provider, resend, asks,
  {_seconds("first_sent_at")}, {_seconds("last_sent_at")}, {_seconds("next_at")}, reason) FROM attempt
  WHERE state = 'open'
  UNION ALL SELECT event_id || '/' || number, jsonb_build_array(state) FROM attempt WHERE state <> 'open'"""
RUNS = "SELECT date, jsonb_build_array(status, closing_at IS NOT NULL) FROM run"
BOOKS = """SELECT run_date || ' ' || heading, jsonb_build_array(sum(count), sum(amount)) FROM booking
  GROUP BY run_date, heading HAVING sum(count) <> 0 OR sum(amount) <> 0"""
TRANSACTIONS = "SELECT event_id, jsonb_build_array(date, amount, provider_ref) FROM transaction"
SCHEDULES = """SELECT id, jsonb_build_array(status, revision,
  (SELECT count(*) FROM pause WHERE schedule_id = s.id AND ended_at IS NULL)) FROM schedule s"""

TABLES = {
    "events": EVENTS,
    "batches": BATCHES,
    "attempts": ATTEMPTS,
    "runs": RUNS,
    "books": BOOKS,
    "transactions": TRANSACTIONS,
    "schedules": SCHEDULES,
}
PICTURE = text(
    "SELECT jsonb_build_object(" + ", ".join(f"'{name}', {_table(query)}" for name, query in TABLES.items()) + ")"
)


def of_database(database: Database) -> Picture:
    """The rows as the database has them."""
    with database.sessions.begin() as session:
        picture: Picture = session.scalars(PICTURE).one()
    return picture


def of_model(rows: Watched) -> Picture:
    """The rows as the model has them."""
    return {
        "events": {event.text_id: _event(event) for event in rows.events},
        "batches": {str(batch.id): _batch(batch) for batch in rows.batches.values()},
        "attempts": {
            f"{event_id(number)}/{attempt}": _attempt(row) for (number, attempt), row in rows.attempts.items()
        },
        "runs": {str(run.date): [run.status, run.closing] for run in rows.runs.values()},
        "books": {f"{day} {heading}": list(line) for (day, heading), line in rows.books.items() if any(line)},
        "transactions": {
            event.text_id: [str(event.known_on), event.amount, event.reference]
            for event in rows.events
            if event.status is EventStatus.PAID
        },
        "schedules": {
            str(schedule_id(event.number)): [
                "cancelled" if event.schedule.cancelled else "active",
                event.schedule.revisions[-1].number,
                len(event.schedule.pauses),
            ]
            for event in rows.events
        },
    }


def _event(event: Any) -> list[Any]:
    return [
        str(event.status),
        event.cancel_reason and str(event.cancel_reason),
        event.batch_id,
        event.attempt,
        event.first_sent_at,
        event.failure_code,
        event.retry_on and str(event.retry_on),
        event.first_declined_on and str(event.first_declined_on),
        event.amount,
        event.revision,
    ]


def _batch(batch: Any) -> list[Any]:
    day, first, last, ids = batch.span
    return [
        str(batch.run_date),
        str(day),
        str(first),
        str(last),
        ids and [str(each) for each in ids],
        batch.status,
        batch.epoch,
        batch.lease_until,
        batch.published_at,
        batch.wait_until,
        batch.retry,
        batch.opens_at,
        batch.held,
        batch.provider,
        batch.deaths,
    ]


def _attempt(row: Any) -> list[Any]:
    if row.state != "open":
        return [row.state]
    return [
        row.state,
        row.provider,
        row.resend,
        row.asks,
        row.first_sent_at,
        row.last_sent_at,
        row.next_at,
        row.reason,
    ]
