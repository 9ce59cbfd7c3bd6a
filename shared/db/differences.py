"""What is off in a run's books when it closes (rule D6): named, never a reason to stop the next day."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from sqlalchemy import text

from shared.db.bookings import books_of
from shared.db.engine import Session
from shared.domain.books import Books, Heading

NAMED_MOST = 100

PAID = text("SELECT currency, count(*), sum(amount) FROM transaction WHERE date = :day GROUP BY currency")

SUSPECTS = text("""
(SELECT id FROM event
 WHERE date IN (SELECT date FROM batch WHERE run_date = :day) AND status = 'processing' LIMIT :most)
UNION
(SELECT event_id FROM transaction t
 WHERE t.date = :day AND NOT EXISTS (
   SELECT FROM event e WHERE e.date = t.event_date AND e.id = t.event_id AND e.transaction_id = t.id) LIMIT :most)
UNION
(SELECT id FROM event e
 WHERE e.date IN (SELECT date FROM batch WHERE run_date = :day) AND e.status = 'paid' AND NOT EXISTS (
   SELECT FROM transaction t WHERE t.payer_id = e.payer_id AND t.id = e.transaction_id) LIMIT :most)
LIMIT :most
""")


def find(session: Session, day: date) -> dict[str, Any] | None:
    """What does not add up in a run that is being closed: None, or sums by currency and the events at fault.

    Counts and minor units are how much the books have more than there is.
    """
    books = books_of(session, day, closed=True)
    transactions = _transactions(session, day, books)
    if books.balanced and not transactions:
        return None
    suspects = session.scalars(SUSPECTS, {"day": day, "most": NAMED_MOST})
    return {
        "unexplained": {"count": books.waiting.count, "amounts": books.waiting.nonzero_amounts()},
        "transactions": transactions,
        "events": sorted(str(event_id) for event_id in suspects),
    }


def _transactions(session: Session, day: date, books: Books) -> dict[str, int]:
    """Where the day's transactions are not what is booked as paid and adjusted; `count` is over all currencies."""
    excess: Counter[str] = Counter()
    for heading in (Heading.PAID, Heading.ADJUSTED):
        excess["count"] += books.tallies[heading].count
        excess.update(books.tallies[heading].amounts)
    for currency, count, amount in session.execute(PAID, {"day": day}):
        excess["count"] -= count
        excess[currency] -= int(amount)
    return {name: number for name, number in sorted(excess.items()) if number}
