"""Suspending what must be, after each part and on a tick: a worker that died between leaves it to the tick (S10)."""

from __future__ import annotations

from shared.db.engine import Session
from shared.db.retrying import transact
from shared.suspension import suspend_due as suspend_some
from worker_service.service import Service


def suspend_due(service: Service) -> int:
    """Looks at all final declines that nobody has looked at; answers how many there were."""
    settings, looked_at = service.settings, 0

    def work(session: Session) -> int:
        return suspend_some(session, settings.business, after_failures=settings.suspend_after_failures)

    while count := transact(service.sessions, work):
        looked_at += count
    return looked_at
