"""Paying one batch: claim and commit, call, settle and commit. No transaction is open during a call."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from shared.db import claims, runs
from shared.db.claims import Claim, ClaimedEvent
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.release import release
from shared.db.retrying import transact
from shared.db.settlement import Verdict, settle
from shared.domain.payments import Payment, make
from shared.log import get_logger
from shared.settings import CALL_MARGIN_SECONDS
from worker_service.decisions import Decisions, decide
from worker_service.gateway import Results
from worker_service.late_proofs import prove
from worker_service.service import Service
from worker_service.watch import RunWatch

log = get_logger(__name__)


def pay_batch(service: Service, batch_id: int) -> int:
    """Pays what a batch holds, if it may be taken now; answers how many events it settled.

    The lease counts on this host's monotonic clock from before the claim (rule C3).
    """
    settings = service.settings
    started = time.monotonic()
    claim = transact(
        service.sessions,
        lambda session: claims.take(
            session,
            batch_id,
            worker=service.name,
            lease_seconds=settings.lease_seconds,
            clock=settings.business,
        ),
    )
    if claim is None:
        log.info("batch not taken", batch=batch_id)
        return 0
    own = settings.lease_seconds - settings.provider.timeout_seconds - CALL_MARGIN_SECONDS
    last_start = started + min(own, claim.seconds_to_cutoff)  # after the cut-off nothing is sent (rule D5)
    payments = [payment_of(event) for event in [*claim.fresh, *sendable(service, claim.doubtful)]]
    before = frozenset(payment.key for payment in payments[len(claim.fresh) :])
    results = Results({}, frozenset())
    if payments:
        with RunWatch(service, claim.run_date) as stopped:
            results = service.gateway.make_payments(
                payments, last_start=last_start, ambiguous_before=before, stopped=stopped
            )
    decisions = decide(claim, payments, results)
    _alert(claim, results)
    settled = settle_claim(service, claim, decisions)
    log.info(
        "batch settled",
        batch=batch_id,
        run=str(claim.run_date),
        epoch=claim.epoch,
        claimed=len(claim.fresh),
        doubtful=len(claim.doubtful),
        settled=settled,
        given_back=len(decisions.never_sent) + len(decisions.key_used),
        seconds=round(time.monotonic() - started, 3),
    )
    return settled


def payment_of(event: ClaimedEvent) -> Payment:
    """The payment of a claimed event, made from its frozen columns alone (rule K2)."""
    return make(event.id, event.attempt, event.payer_id, event.payee_id, event.amount, event.currency, event.reference)


def sendable(service: Service, doubtful: Iterable[ClaimedEvent]) -> list[ClaimedEvent]:
    """Those of an earlier holder's events that may be sent again (rules K4, K6); the others become unknown.

    A resend is a payment: not after a cancellation, and not when the provider may have forgotten the key before
    our last call begins.
    """
    provider = service.settings.provider
    window = provider.key_window_seconds - service.settings.lease_seconds
    return [event for event in doubtful if provider.mode == "key" and event.wanted and event.sent_seconds_ago < window]


def settle_claim(service: Service, claim: Claim, decisions: Decisions) -> int:
    """Writes the decisions if the batch is still ours; what came too late is kept as proof (rules C2, K9).

    A commit that raised may have happened. Looking again tells: the batch is no longer held then, and the proofs
    meet what they themselves wrote.
    """
    settled = transact(
        service.sessions,
        lambda session: _settle(service, session, claim, decisions),
        patience_seconds=service.settings.lease_seconds,
    )
    if settled is None or settled < len(decisions.verdicts):
        log.warning("settlement overtaken", batch=claim.batch_id, epoch=claim.epoch)
        prove(service, claim, decisions.verdicts)
    return settled or 0


def _settle(service: Service, session: Session, claim: Claim, decisions: Decisions) -> int | None:
    runs.share(session, claim.run_date)
    if not claims.hold(session, claim):
        return None
    # Before the settlement, because schedules are locked before events (rule C2).
    today = business_now(session, service.settings.business).today
    kept = release(session, claim, decisions.never_sent, key_used=False, today=today)
    kept |= release(session, claim, decisions.key_used, key_used=True, today=today)
    verdicts = decisions.verdicts | dict.fromkeys(kept, Verdict("unknown", None, "its schedule cannot be read"))
    settled = settle(session, claim, verdicts, provider=service.settings.provider.name)
    claims.finish(session, claim, wait_seconds=decisions.wait_seconds if decisions.leftover else None)
    return settled


def _alert(claim: Claim, results: Results) -> None:
    """Says at once what somebody must look at (rule K8, a wrong set-up)."""
    messages: Sequence[str] = results.alerts
    for message in messages:
        log.error("provider answer", alert=True, batch=claim.batch_id, reason=message)
    for key, outcome in results.outcomes.items():
        if outcome.alert:
            log.error("provider answer", alert=True, batch=claim.batch_id, key=key, reason=outcome.code)
