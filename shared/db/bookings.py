"""The lines of the books (rule D6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from shared.db.models import Booking
from shared.domain.books import Books, Heading, books


def book(
    session: Session,
    run_date: date,
    heading: Heading,
    *,
    currency: str,
    amount: int,
    count: int = 1,
    event_id: UUID | None = None,
    batch_id: int | None = None,
    original_date: date | None = None,
) -> None:
    """Books `count` events that come to `amount` minor units; negative takes them out again."""
    book_all(
        session,
        [
            {
                "run_date": run_date,
                "heading": heading,
                "currency": currency,
                "count": count,
                "amount": amount,
                "event_id": event_id,
                "batch_id": batch_id,
                "original_date": original_date,
            }
        ],
    )


def book_all(session: Session, lines: Iterable[dict[str, Any]]) -> None:
    """Books many lines in one statement; each has the columns of `booking`."""
    rows = list(lines)
    if rows:
        session.execute(insert(Booking), rows)


def books_of(session: Session, run_date: date, *, closed: bool) -> Books:
    """The books of a run as they stand."""
    query = (
        select(Booking.heading, Booking.currency, func.sum(Booking.count), func.sum(Booking.amount))
        .where(Booking.run_date == run_date)
        .group_by(Booking.heading, Booking.currency)
    )
    lines = [(row[0], row[1], int(row[2]), int(row[3])) for row in session.execute(query)]
    return books(lines, closed=closed)
