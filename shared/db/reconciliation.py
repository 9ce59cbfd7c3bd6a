"""Our side of a comparison with the provider's record: transactions, open attempts, and events by their keys."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from shared.db.engine import Session, Sessions
from shared.db.errors import perform
from shared.domain.payments import payment_key
from shared.domain.reconciliation import Booked

PAGE = 10_000
STREAMED = 5000
AHEAD = 1
"""So many keys beyond its attempt are tried of an event: a database that was restored has forgotten them."""

# By the key of the month's table, a page a transaction: no snapshot is held while a long day is read.
TRANSACTIONS = text("""
SELECT e.id, e.date, e.attempt, t.payer_id, t.payee_id, t.amount, t.currency, t.provider_ref,
  coalesce(e.first_sent_at >= :since AND t.created_at < :until, false) AS covered, t.id AS last
FROM transaction t JOIN event e ON e.date = t.event_date AND e.id = t.event_id
WHERE t.date = :day AND t.id > :after ORDER BY t.id LIMIT :most
""")

OPEN_ATTEMPTS = text("""
SELECT e.id, e.date, e.attempt, a.number, e.status, e.payer_id, e.payee_id, e.amount, e.currency
FROM attempt a JOIN event e ON e.date = a.event_date AND e.id = a.event_id
WHERE a.state = 'open' AND a.provider = :provider AND a.number = e.attempt AND e.status IN ('processing', 'unknown')
  AND a.event_id > :after ORDER BY a.event_id LIMIT :most
""")

OF_PAYERS = text("""
SELECT id, date, attempt, status, payer_id, payee_id, amount, currency, batch_id IS NOT NULL AS has_batch,
  transaction_id
FROM event WHERE payer_id = ANY(CAST(:payers AS text[])) AND date BETWEEN :first AND :last
""")

REFERENCES = text("""
SELECT id, provider_ref FROM transaction
WHERE payer_id = ANY(CAST(:payers AS text[])) AND id = ANY(CAST(:ids AS uuid[]))
""")

RUN_SPAN = text("""
SELECT coalesce(opened_at, clock_timestamp() - interval '1 day'), coalesce(closed_at, clock_timestamp())
FROM run WHERE date = :day
UNION ALL SELECT clock_timestamp() - interval '1 day', clock_timestamp() LIMIT 1
""")

SEARCHED = (timedelta(days=400), timedelta(days=40))
"""So long before and after its payment an event may stand: `payLate`, retries, and a resolver that asks for months."""


def run_span(session: Session, day: date) -> tuple[datetime, datetime]:
    """From when to when the run of a day paid, on the database's clock; the last day where there was no run."""
    start, end = session.execute(RUN_SPAN, {"day": day}).one()
    return start, end


def transactions(sessions: Sessions, day: date, *, since: datetime, until: datetime) -> Iterator[Booked]:
    """Every key of the events that were paid on a day; `covered` are those sent and settled from `since` to `until`."""
    where = {"day": day, "since": since, "until": until}

    def page(session: Session, after: dict[str, object]) -> list[Any]:
        return [*session.execute(TRANSACTIONS, {**where, **after})]

    for row in _pages(sessions, page):
        event = (str(row.id), row.date.isoformat(), row.attempt, "paid")
        terms = (row.payer_id, row.payee_id, row.amount, row.currency)
        for number in range(1, row.attempt + 1):
            yield Booked(payment_key(row.id, number), number, *event, *terms, row.provider_ref, row.covered)


def open_attempts(sessions: Sessions, provider: str) -> Iterator[Booked]:
    """The keys for whose outcome events still wait, of this provider (rule K7)."""

    def page(session: Session, after: dict[str, object]) -> list[Any]:
        return [*session.execute(OPEN_ATTEMPTS, {"provider": provider, **after})]

    for row in _pages(sessions, page):
        key = payment_key(row.id, row.number)
        yield Booked(key, row.number, str(row.id), row.date.isoformat(), row.attempt, row.status, *row[5:])


def by_keys(
    session: Session, keys: Collection[str], payers: Collection[str], days: tuple[date, date]
) -> dict[str, Booked]:
    """The events of these payers that have one of the keys, as they stand; `days`: when the payments were made."""
    where = {"payers": sorted(payers), "first": days[0] - SEARCHED[0], "last": days[1] + SEARCHED[1]}
    rows = session.execute(OF_PAYERS, where, execution_options={"yield_per": STREAMED})
    found = [
        (key, number, row)
        for row in rows
        for number in range(1, row.attempt + AHEAD + 1)
        if (key := payment_key(row.id, number)) in keys
    ]
    ids = [row.transaction_id for _, _, row in found if row.transaction_id is not None]
    named = {"payers": sorted({row.payer_id for _, _, row in found}), "ids": ids}
    references = {row.id: row.provider_ref for row in session.execute(REFERENCES, named)} if ids else {}
    return {key: _booked(key, number, row, references.get(row.transaction_id)) for key, number, row in found}


def _booked(key: str, number: int, row: Any, reference: str | None) -> Booked:
    event = (str(row.id), row.date.isoformat(), row.attempt, row.status)
    terms = (row.payer_id, row.payee_id, row.amount, row.currency)
    return Booked(key, number, *event, *terms, reference, has_batch=row.has_batch)


def _pages(sessions: Sessions, read: Callable[[Session, dict[str, object]], list[Any]]) -> Iterator[Any]:
    """All rows, page by page; the last column of a row, or its id, is where the next page begins."""
    after = UUID(int=0)
    while True:
        page = {"after": after, "most": PAGE}
        rows = perform(sessions, lambda session, page=page: read(session, page))  # type: ignore[misc]
        yield from rows
        if len(rows) < PAGE:
            return
        after = getattr(rows[-1], "last", rows[-1].id)
