"""The lines of the books (rule D6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from shared.db.models import Booking
from shared.domain.books import Books, Heading, books


def line(
    run_date: date,
    heading: Heading,
    currency: str,
    amount: int,
    *,
    count: int = 1,
    event_id: UUID | None = None,
    batch_id: int | None = None,
    original_date: date | None = None,
) -> dict[str, Any]:
    """A line for `count` events that come to `amount` minor units; negative ones take them out again."""
    return {
        "run_date": run_date,
        "heading": heading,
        "currency": currency,
        "count": count,
        "amount": amount,
        "event_id": event_id,
        "batch_id": batch_id,
        "original_date": original_date,
    }


def book(session: Session, lines: Sequence[dict[str, Any]]) -> None:
    """Writes lines in one statement."""
    if lines:
        session.execute(insert(Booking), lines)


def books_of(session: Session, run_date: date, *, closed: bool) -> Books:
    """The books of a run as they stand."""
    query = (
        select(Booking.heading, Booking.currency, func.sum(Booking.count), func.sum(Booking.amount))
        .where(Booking.run_date == run_date)
        .group_by(Booking.heading, Booking.currency)
    )
    lines = [(row[0], row[1], int(row[2]), int(row[3])) for row in session.execute(query)]
    return books(lines, closed=closed)
