"""Whether a day was paid as its books say, and as the bank's journal says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from shared.db import runs
from shared.db.bookings import books_of
from shared.domain.books import OUTCOMES, Heading
from tests.benchmarks.filling import engine_for
from tests.town import Town

MADE = """
SELECT count(*) AS count, coalesce(sum(amount), 0)::bigint AS amount FROM transaction WHERE date = CAST(:day AS date)
"""


def begin_close(url: str, day: date) -> None:
    """As an operator does once nothing is left; the dispatcher's next tick closes."""
    with engine_for(url) as engine, Session(engine) as session, session.begin():
        runs.begin_close(session, day, "the day is paid")


def check(town: Town, day: date, events: int) -> dict[str, int]:
    """The closed books by heading, in events. Raises AssertionError where books, transactions and journal differ."""
    with engine_for(town.environment["DATABASE_URL"]) as engine, Session(engine) as session:
        run, books = runs.get(session, day), books_of(session, day, closed=True)
    (made,) = town.rows(MADE, day=str(day))
    journal = town.bank.summary()
    counts = {str(heading): books.tallies[heading].count for heading in (Heading.DUE, *OUTCOMES)}
    assert (run.status, run.off) == ("closed", None)
    assert books.balanced, counts
    assert counts[Heading.DUE] == events == sum(counts[heading] for heading in OUTCOMES), counts
    paid = books.tallies[Heading.PAID]
    assert (made.count, made.amount) == (paid.count, paid.amounts["GBP"]), (made, paid)
    assert (journal["effectivePayments"], Decimal(journal["sums"]["GBP"]) * 100) == (made.count, made.amount), journal
    assert journal["doubles"]["count"] == journal["notIdentical"]["count"] == 0, journal
    return counts
