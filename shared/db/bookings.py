"""The lines of the books (rule D6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from shared.db.models import Booking, Run
from shared.domain.books import Books, Heading, books

Line = tuple[str, str, int, int]
"""Heading, currency, count and minor units."""


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


def stands(session: Session, run_date: date, event_id: UUID, heading: Heading) -> bool:
    """Whether a run's lines of that event by name leave it under a heading."""
    query = select(func.sum(Booking.count)).where(
        Booking.run_date == run_date, Booking.event_id == event_id, Booking.heading == heading
    )
    return (session.scalar(query) or 0) > 0


def books_of(session: Session, run_date: date, *, closed: bool) -> Books:
    """The books of one run as they stand."""
    return books(_lines(session, [run_date])[run_date], closed=closed)


def books_of_runs(session: Session, runs: Sequence[Run]) -> list[Books]:
    """The books of each of these runs as they stand, in one statement."""
    lines = _lines(session, [run.date for run in runs])
    return [books(lines[run.date], closed=run.status == "closed") for run in runs]


def _lines(session: Session, days: Sequence[date]) -> dict[date, list[Line]]:
    query = (
        select(Booking.run_date, Booking.heading, Booking.currency, func.sum(Booking.count), func.sum(Booking.amount))
        .where(Booking.run_date.in_(days))
        .group_by(Booking.run_date, Booking.heading, Booking.currency)
    )
    found: dict[date, list[Line]] = defaultdict(list)
    for row in session.execute(query):
        found[row[0]].append((row[1], row[2], int(row[3]), int(row[4])))
    return found
