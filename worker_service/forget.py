"""Forgetting: what was kept for a time, and whose time is over."""

from __future__ import annotations

from datetime import date

from shared.db import idempotency, upcoming
from shared.db.retrying import transact
from worker_service.service import Service


def forget_keys(service: Service) -> int:
    """Removes every idempotency key past its time, so many in one transaction; how many.

    However many requests a week ago brought: what one upkeep leaves, the next would have on top of its own.
    """
    total = removed = transact(service.sessions, idempotency.purge)
    while removed == idempotency.PURGED_AT_ONCE:
        removed = transact(service.sessions, idempotency.purge)
        total += removed
    return total


def forget_upcoming(service: Service, today: date) -> None:
    """Removes the dates that have passed from those that payers were told of ahead."""
    transact(service.sessions, lambda session: upcoming.forget(session, today))
