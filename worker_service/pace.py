"""Where the gateway's calls get their slots: the provider's row, on the database's clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from shared.db import call_slots, providers
from shared.db.engine import Session, Sessions
from shared.db.retrying import DatabaseError, transact
from shared.settings import ProviderSettings
from worker_service.gateway.pace import Reserve, Reserved, interval_seconds

LOOK_AGAIN_SECONDS: Final = 0.02
UNREACHABLE_SECONDS: Final = 0.5
UNSURE_SECONDS: Final = 0.02
"""An answer that took longer does not tell well enough what our clock showed when the database's was read."""


def reserving(provider: ProviderSettings, sessions: Callable[[], Sessions]) -> Reserve:
    """How this worker reserves slots at the provider's `max_rps`, in a small transaction of its own."""
    interval = interval_seconds(provider.max_rps)

    def reserve(count: int) -> Reserved:
        try:
            return transact(sessions(), lambda session: _reserve(session, provider.name, count, interval))
        except DatabaseError:  # nobody can say what is free, so nothing is
            return Reserved(time.monotonic() + UNREACHABLE_SECONDS, 0)

    return reserve


def _reserve(session: Session, name: str, count: int, interval: float) -> Reserved:
    providers.lock(session, name)  # first, so that the time for which others hold it is not taken for the answer's
    asked_at = time.monotonic()
    slots = call_slots.reserve(session, name, count=count, interval_seconds=interval)
    answered_at = time.monotonic()
    if not slots.reserved or answered_at - asked_at > UNSURE_SECONDS:
        wait = max(LOOK_AGAIN_SECONDS, slots.wait_seconds - call_slots.AHEAD_SECONDS)
        return Reserved(answered_at + wait, 0)
    return Reserved(answered_at + slots.wait_seconds, slots.reserved)
