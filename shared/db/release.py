"""A worker's release: what it claimed and was proven not executed goes back to its batch (rule C5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from shared.db.bookings import book, line
from shared.db.parts import Claim
from shared.db.returns import Returned, give_back, of_returned
from shared.domain.books import Heading


def release(session: Session, claim: Claim, ids: Sequence[str], *, key_used: bool, today: date) -> set[str]:
    """Gives claimed events back; answers those that could not be. The caller holds run and batch."""
    if not ids:
        return set()
    returned = give_back(
        session,
        event_date=claim.span.date,
        batch_id=claim.batch_id,
        before="processing",
        ids=[UUID(event_id) for event_id in ids],
        key_used=key_used,
        today=today,
    )
    book(session, _lines(claim, returned))
    return set(ids) - {str(event.id) for event in returned}


def _lines(claim: Claim, returned: Sequence[Returned]) -> list[dict[str, object]]:
    """In flight by the batch, as they were claimed; what left the run, or is due with another amount, each by name."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    lines = []
    for event in returned:
        total = sums[event.currency]
        total[0] -= 1
        total[1] -= event.claimed_amount
        lines += of_returned(claim.run_date, event)
    in_flight = [
        line(claim.run_date, Heading.IN_FLIGHT, currency, amount, count=count, batch_id=claim.batch_id)
        for currency, (count, amount) in sums.items()
    ]
    return in_flight + lines
