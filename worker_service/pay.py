"""Paying one batch, part by part: claim and commit, call, settle and commit. No transaction is open during a call."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from shared.crash_points import reached
from shared.db import claims, declines, holds, runs
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.parts import Claim
from shared.db.release import release
from shared.db.retrying import transact
from shared.db.settlement import settle
from shared.db.touched import touch
from shared.db.verdicts import RetryDays, Verdict
from shared.domain.days import BusinessNow
from shared.log import get_logger
from shared.settings import Settings
from worker_service import trouble
from worker_service.decisions import Decisions, decide
from worker_service.ending import Ending, ending, left_by
from worker_service.gateway import Results
from worker_service.late_proofs import prove
from worker_service.orders import last_start, orders
from worker_service.service import Service
from worker_service.suspend import suspend_due
from worker_service.watch import RunWatch

log = get_logger(__name__)


def pay_batch(service: Service, batch_id: int, *, redelivered: bool = False) -> int:
    """Pays what a batch holds, if it may be taken now; answers how many events it settled.

    The lease counts on this host's monotonic clock from before the claim (rule C3). `redelivered`: whoever had the
    message before may have died of it (rule C8).
    """
    settings = service.settings
    _ = service.gateway  # made before anything is claimed: what cannot call the provider must not begin
    started = time.monotonic()
    if redelivered:
        transact(service.sessions, lambda session: _count_death(service, session, batch_id))
    claim = transact(service.sessions, lambda session: _take(service, session, batch_id))
    if claim is None:
        log.info("batch not taken", batch=batch_id)
        return 0
    until = last_start(settings, claim, started)
    total = 0
    with RunWatch(service, claim.run_date) as watch:
        part: Claim | None = claim
        while part is not None:
            settled, left, part = _pay_part(service, part, until, watch)
            total += settled
            part = _next(service, part) if left.more else None
    log.info("batch settled", batch=batch_id, run=str(claim.run_date), epoch=claim.epoch, settled=total)
    reached("before_suspend")
    suspend_due(service)
    return total


def _count_death(service: Service, session: Session, batch_id: int) -> None:
    settings = service.settings
    claims.count_death(session, batch_id, clock=settings.business, provider=settings.provider)


def _take(service: Service, session: Session, batch_id: int) -> Claim | None:
    settings = service.settings
    claim = claims.take(
        session,
        batch_id,
        worker=service.name,
        lease_seconds=settings.lease_seconds,
        clock=settings.business,
        provider=settings.provider,
    )
    reached("in_claim_commit")
    return claim


def _pay_part(service: Service, claim: Claim, until: float, watch: RunWatch) -> tuple[int, Ending, Claim]:
    """One part: what it settled, how it left the batch, and the claim that goes on."""
    started = time.monotonic()
    reached("after_claim")
    written = orders(service.settings, claim)
    results = Results({}, frozenset())
    if written.payments:
        results = service.gateway.make_payments(
            written.payments,
            last_start=until,
            ambiguous_before=written.sent_before,
            stopped=watch.stopped,
            may_send=watch.may_send,
        )
    decisions = decide(claim, written, results)
    decisions.wait_at_least(trouble.report(service, claim.run_date, results))
    held = [order for order in written.payments if order.key in results.not_begun and not watch.may_send(order)]
    decisions.held = bool(held)
    _alert(claim, results)
    room = time.monotonic() < until and not watch.stopped.is_set() and results.trouble is None
    last = ending(service.settings, claim, decisions, room=room)
    reached("before_settle")
    settled = settle_claim(service, claim, decisions, last)
    reached("after_settle")
    log.info(
        "part settled",
        batch=claim.batch_id,
        run=str(claim.run_date),
        claimed=len(claim.fresh),
        doubtful=len(claim.doubtful),
        settled=settled,
        given_back=len(decisions.never_sent) + len(decisions.key_used),
        seconds=round(time.monotonic() - started, 3),
    )
    return settled, last, left_by(claim, decisions)


def _next(service: Service, claim: Claim) -> Claim | None:
    """The next part, claimed; None where the batch is no longer ours or may not be paid on: then it waits.

    A part that is empty is answered too: its settlement ends the batch.
    """
    settings = service.settings

    def work(session: Session) -> Claim | None:
        part = claims.next_part(
            session, replace(claim, fresh=[], doubtful=[]), clock=settings.business, provider=settings.provider
        )
        if part is None:
            claims.finish(session, claim, wait_seconds=0.0)
        return part

    return transact(service.sessions, work)


def settle_claim(service: Service, claim: Claim, decisions: Decisions, last: Ending | None = None) -> int:
    """Writes the decisions if the batch is still ours; what came too late is kept as proof (rules C2, K9).

    A commit that raised may have happened. Looking again tells: the batch is no longer held then, and the proofs meet
    what they themselves wrote.
    """
    left = last or ending(service.settings, claim, decisions, room=False)
    settled = transact(
        service.sessions,
        lambda session: settle_part(service.settings, session, claim, decisions, left),
        patience_seconds=service.settings.lease_seconds,
    )
    if settled is None or settled < len(decisions.verdicts):
        log.warning("settlement overtaken", batch=claim.batch_id, epoch=claim.epoch)
        prove(service, claim, decisions.verdicts)
    return settled or 0


def settle_part(settings: Settings, session: Session, claim: Claim, decisions: Decisions, left: Ending) -> int | None:
    """Writes what was decided of a part, in the caller's transaction; how many of the decided events moved, None: it
    is not ours."""
    run = runs.share(session, claim.run_date)
    if not claims.hold(session, claim):
        return None
    now = business_now(session, settings.business)
    # Before the settlement, because schedules are locked before events (rule C2).
    retries = _retries(session, claim, decisions, now, day_0=run is not None and run.is_paying)
    kept = release(session, claim, decisions.never_sent, key_used=False, today=now.today)
    kept |= release(session, claim, decisions.key_used, key_used=True, today=now.today)
    verdicts = decisions.verdicts | dict.fromkeys(kept, Verdict("unknown", None, "its schedule cannot be read"))
    touch(session, (event.payer_id for event in (*claim.fresh, *claim.doubtful)))
    settled = settle(session, claim, verdicts, provider=settings.provider.name, retries=retries)
    if not left.more:
        # A hold that ended meanwhile woke the batches that waited then; this one still was ours.
        freed = left.held and not holds.active(session)
        wait_seconds = 0.0 if freed else left.wait_seconds
        held = left.held and not freed
        claims.finish(session, claim, wait_seconds=wait_seconds, held=held, gives_way=left.gives_way)
    reached("in_settle_commit")
    return settled - len(kept)  # of the decisions: a proof that came too late must not be hidden by what was kept


def _retries(session: Session, claim: Claim, decisions: Decisions, now: BusinessNow, *, day_0: bool) -> RetryDays:
    """The retry days of what was softly declined (rule S11)."""
    soft = [event_id for event_id, verdict in decisions.verdicts.items() if verdict.soft]
    if not soft:
        return RetryDays()
    own_day = day_0 and claim.run_date == now.today
    days = declines.retried(session, claim.span.date, soft, now, day_0=own_day)
    return RetryDays(days, dict.fromkeys(soft, now.today), now.retry_from)


def _alert(claim: Claim, results: Results) -> None:
    """Says at once what somebody must look at (rule K8, a wrong set-up)."""
    messages: Sequence[str] = results.alerts
    for message in messages:
        log.error("provider answer", alert=True, batch=claim.batch_id, reason=message)
    for key, outcome in results.outcomes.items():
        if outcome.alert:
            log.error("provider answer", alert=True, batch=claim.batch_id, key=key, reason=outcome.code)
