"""A process that plans, pays, extends, resolves and closes a few days, and dies where `CRASH_AT` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import text

from shared.db.publishing import Ready
from shared.db.retrying import transact
from shared.settings import read_settings
from worker_service import dispatch, pay, resolve
from worker_service.extend import extend_through
from worker_service.service import Service

ROUNDS = 6
DUE = text("UPDATE attempt SET next_at = now() WHERE state = 'open' AND asks < 9")


def work(environment: Mapping[str, str], days: Sequence[str]) -> None:
    """All that workers and the dispatcher do, until nothing is left to be done of these days."""
    first = Service.connect(read_settings({**environment, "BUSINESS_DATE": days[0]}))
    for day in days:
        service = Service(read_settings({**environment, "BUSINESS_DATE": day}), first.engine)
        for _ in range(ROUNDS):
            if not one_round(service):
                break
    first.close()


def one_round(service: Service) -> int:
    """One tick, its batches and the resolver; how much there was to do."""
    ready: list[Ready] = []
    dispatch.tick(service, ready.extend)
    extend_through(service, ready[0].run_date if ready else service.settings.business.frozen.date())  # type: ignore[union-attr]
    for batch in ready:
        pay.pay_batch(service, batch.id)
    transact(service.sessions, lambda session: session.execute(DUE))
    return len(ready) + resolve.resolve_due(service)
