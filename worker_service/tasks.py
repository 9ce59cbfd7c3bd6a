"""The tasks: each unpacks its arguments, calls one function, and leaves the rest recoverable."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from celery import Task

from shared.crash_points import reached
from shared.db import partitions
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.publishing import Ready
from shared.db.retrying import transact
from shared.settings import read_settings
from worker_service import calendars, dispatch, extend, forget, pay, resolve, suspend, upcoming
from worker_service.celery_app import Message, app, send
from worker_service.seal import Sealer
from worker_service.service import Service

NEEDS = frozenset({"DATABASE_URL", "CELERY_BROKER_URL", "PROVIDER_URL"})


def service() -> Service:
    """This process's service: connections are never carried over a fork."""
    return _service(os.getpid())


@lru_cache(maxsize=1)
def _service(_process: int) -> Service:
    return Service.connect(read_settings(needs=NEEDS))


@lru_cache(maxsize=1)
def _sealer(_process: int) -> Sealer:
    return Sealer(service())


@app.task(name="payday.pay", queue="pay", bind=True)  # type: ignore[untyped-decorator]
def pay_batch(self: Task, batch_id: int, run_date: str) -> None:
    """Pays one batch; `run_date` is for those who watch."""
    redelivered = (self.request.delivery_info or {}).get("redelivered")
    pay.pay_batch(service(), batch_id, redelivered=bool(redelivered))
    reached("before_ack")


@app.task(name="payday.dispatch", queue="dispatch")  # type: ignore[untyped-decorator]
def dispatch_tick() -> None:
    """One tick of the dispatcher."""
    dispatch.tick(service(), publish)


@app.task(name="payday.resolve", queue="upkeep")  # type: ignore[untyped-decorator]
def resolve_tick() -> None:
    """Looks after what is unknown, and tells of what stays so."""
    resolve.resolve_due(service())
    resolve.tell_unknown(service())


@app.task(name="payday.suspend", queue="upkeep")  # type: ignore[untyped-decorator]
def suspend_tick() -> None:
    """Looks after final declines that a worker left when it died."""
    suspend.suspend_due(service())


@app.task(name="payday.seal", queue="upkeep")  # type: ignore[untyped-decorator]
def seal_tick() -> None:
    """Seals what was added to the audit."""
    _sealer(os.getpid()).seal_due()


@app.task(name="payday.extend", queue="upkeep")  # type: ignore[untyped-decorator]
def extend_tick() -> None:
    """Tops up open-ended schedules, whether or not a run waits for it."""
    today = transact(service().sessions, _today)
    extend.extend_through(service(), today)


@app.task(name="payday.upcoming", queue="upkeep")  # type: ignore[untyped-decorator]
def upcoming_tick() -> None:
    """Tells payers of the coming days' payments, once a date."""
    upcoming.tell_upcoming(service())


@app.task(name="payday.upkeep", queue="upkeep")  # type: ignore[untyped-decorator]
def upkeep_tick() -> None:
    """Makes partitions ahead, forgets what is old, and keeps calendars and what they moved up to date."""
    today = transact(service().sessions, _today)
    transact(service().sessions, lambda session: partitions.make_ahead(session, today))
    forget.forget_keys(service())
    forget.forget_upcoming(service(), today)
    calendars.keep_up(service())


def _today(session: Session) -> date:
    return business_now(session, service().settings.business).today


def publish(batches: Sequence[Ready]) -> None:
    """Tells workers of batches. One quick try: the next tick publishes what the broker did not take."""
    send(
        pay_batch,
        [
            Message("bulk" if batch.bulk else "pay", {"batch_id": batch.id, "run_date": str(batch.run_date)})
            for batch in batches
        ],
    )
