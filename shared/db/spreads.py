"""How far apart the calls of today's run are, where they are spread over the day."""

from __future__ import annotations

from shared.db.bookings import books_of
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.domain import spreading
from shared.domain.books import Heading
from shared.domain.days import local_instant
from shared.settings import Settings


def call_seconds(session: Session, settings: Settings) -> float:
    """Between two calls of all workers now; 0: they are not spread, or not any more.

    What is left is what waits and what is in flight, by the run's books; the time, until `spread_until` by the
    database's clock (rule D1).
    """
    provider, clock = settings.provider, settings.business
    if provider.spread_until is None:
        return 0.0
    now = business_now(session, clock)
    books = books_of(session, now.today, closed=False)
    left = books.waiting.count + books.tallies[Heading.IN_FLIGHT].count
    until = local_instant(now.today, provider.spread_until, clock.zone)
    return spreading.call_seconds(-(-left // provider.batch_size), (until - now.instant).total_seconds())


def batches_at_once(session: Session, settings: Settings) -> int | None:
    """How many batches workers may be at while calls are spread; None: any number."""
    calls = -(-settings.batch_size // settings.provider.batch_size)
    return spreading.batches_at_once(
        call_seconds(session, settings), calls_a_batch=calls, lease_seconds=settings.lease_seconds
    )
