"""What is done when the provider as a whole is in trouble, or well again."""

from __future__ import annotations

from datetime import date

from shared.db import providers, runs
from shared.db.audit import PRODUCT, record
from shared.db.engine import Session
from shared.db.retrying import DatabaseError, transact
from shared.domain.errors import Conflict, NotFound
from shared.domain.payments import PROVEN
from shared.log import get_logger
from worker_service.gateway import Results, Trouble, TroubleKind
from worker_service.service import Service

log = get_logger(__name__)


def report(service: Service, run_date: date, results: Results) -> float | None:
    """Tells all workers what the calls of a part say of the provider; call it after each part, before settling.

    Answers for how many seconds the batch should wait; None: no longer than its own outcomes say. A wrong set-up pauses
    every run that is open, refusals in a row pause this one (the provider's contract). Raises nothing for a database
    that fails: what was paid must still be settled.
    """
    try:
        if results.trouble is not None:
            return _report(service, run_date, results, results.trouble)
        if results.outcomes:
            _went_well(service, results)
    except DatabaseError as error:
        log.error("provider's state not written", reason=type(error.orig).__name__)
        return providers.SHUT_FIRST_SECONDS if results.trouble is not None else None
    return None


def _report(service: Service, run_date: date, results: Results, trouble: Trouble) -> float | None:
    name = service.settings.provider.name
    if trouble.kind is TroubleKind.SETUP:
        paused = transact(service.sessions, lambda session: _pause_all(session, trouble))
        log.error("provider set-up is wrong", alert=True, provider=name, reason=trouble.reason, paused=paused)
        return None
    if trouble.kind is TroubleKind.REFUSALS:
        was_open = transact(service.sessions, lambda session: _pause(session, run_date, trouble))
        log.error("run paused", alert=True, provider=name, run=str(run_date), reason=trouble.reason, now=was_open)
        return None
    seconds = transact(
        service.sessions,
        lambda session: providers.trip(
            session,
            name,
            reason=trouble.reason,
            age_seconds=results.seconds,
            retry_after_seconds=trouble.retry_after_seconds,
        ),
    )
    log.error("provider is down", alert=True, provider=name, reason=trouble.reason, seconds=round(seconds, 1))
    return seconds


def _went_well(service: Service, results: Results) -> None:
    """While it is normal, this is one read of one row."""
    name = service.settings.provider.name
    if transact(service.sessions, lambda session: providers.state(session, name)).is_normal:
        return
    proven = sum(outcome.kind in PROVEN for outcome in results.outcomes.values())
    if 2 * proven < len(results.outcomes):  # it is still more away than there
        return
    seen = transact(service.sessions, lambda session: providers.succeeded(session, name, age_seconds=results.seconds))
    log.info("provider recovers", provider=name, allowance=seen.allowance)


def _pause_all(session: Session, trouble: Trouble) -> list[str]:
    paused = runs.pause_all(session, trouble.reason)
    for day in paused:
        _record(session, day, trouble)
    return [str(day) for day in paused]


def _pause(session: Session, run_date: date, trouble: Trouble) -> bool:
    if not runs.is_paying(session, run_date):
        return False
    try:
        runs.pause(session, run_date, trouble.reason)
    except (Conflict, NotFound):  # it closes meanwhile, so nothing of it is sent any more
        return False
    _record(session, run_date, trouble)
    return True


def _record(session: Session, day: date, trouble: Trouble) -> None:
    record(
        session,
        PRODUCT,
        "run.paused",
        subject="run",
        subject_id=day,
        payer_id=None,
        before={"status": "open"},
        after={"status": "paused", "reason": trouble.reason},
    )
