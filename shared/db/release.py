"""A worker's release: what it claimed and was proven not executed goes back to its batch (rule C5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from shared.db.bookings import book, line
from shared.db.claims import Claim
from shared.db.returns import Returned, give_back
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
    sums: dict[tuple[Heading, str], list[int]] = defaultdict(lambda: [0, 0])
    for event in returned:
        _add(sums[Heading.IN_FLIGHT, event.currency], -1, -event.amount)
        if event.fate.heading is not None:
            _add(sums[event.fate.heading, event.currency], 1, event.amount)
    return [
        line(claim.run_date, heading, currency, amount, count=count, batch_id=claim.batch_id)
        for (heading, currency), (count, amount) in sums.items()
    ]


def _add(total: list[int], count: int, amount: int) -> None:
    total[0] += count
    total[1] += amount
