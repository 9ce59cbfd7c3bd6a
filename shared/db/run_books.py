"""The books of several runs at once, for lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select

from shared.db.engine import Session
from shared.db.models import Booking, Run
from shared.domain.books import Books, books


def books_of_runs(session: Session, runs: Sequence[Run]) -> list[Books]:
    """The books of each of these runs as they stand, in one statement."""
    query = (
        select(Booking.run_date, Booking.heading, Booking.currency, func.sum(Booking.count), func.sum(Booking.amount))
        .where(Booking.run_date.in_([run.date for run in runs]))
        .group_by(Booking.run_date, Booking.heading, Booking.currency)
    )
    lines: dict[date, list[tuple[str, str, int, int]]] = defaultdict(list)
    for row in session.execute(query) if runs else ():
        lines[row[0]].append((row[1], row[2], int(row[3]), int(row[4])))
    return [books(lines[run.date], closed=run.status == "closed") for run in runs]
