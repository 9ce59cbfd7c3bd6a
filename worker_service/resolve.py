"""The resolver: sends again or asks about what stayed unknown, until the provider says what happened (rule K4)."""

from __future__ import annotations

import time
from dataclasses import dataclass

from shared.crash_points import reached
from shared.db import attempts, claims, left_unknown, proofs, providers, runs
from shared.db.attempts import OpenAttempt
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.retrying import transact
from shared.domain.days import BusinessNow
from shared.domain.money import format_amount
from shared.domain.payments import AnswerKind, Outcome, OutcomeKind, Payment, make, payment_key
from shared.log import get_logger
from worker_service import trouble
from worker_service.late_proofs import receive
from worker_service.resolving import counts_as_never_paid, pays_again, send_seconds
from worker_service.service import Service
from worker_service.watch import RunWatch

log = get_logger(__name__)

TICK_SECONDS = 10.0
"""A tick begins no attempt after so long: a provider that hangs must not fill the pool with resolvers."""


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt, taken at `taken_at` on this host's monotonic clock.

    `send_seconds`: counted from then, how long its key may be sent again; None: it is only asked about.
    """

    attempt: OpenAttempt
    now: BusinessNow
    taken_at: float
    send_seconds: float | None

    @property
    def seconds_held(self) -> float:
        return time.monotonic() - self.taken_at


def resolve_due(service: Service) -> int:
    """Takes the attempts whose time has come one by one; answers how many it settled.

    The next time is committed before anything is sent, so a resolver that dies is not followed by another at once.
    One that cannot be written stops no other.
    """
    if service.settings.provider.mode == "none":
        return 0  # it can neither be sent a key again nor asked: a person resolves what is unknown (rule K4)
    until = time.monotonic() + TICK_SECONDS
    looked_at = settled = 0
    while time.monotonic() < until:
        task = _take(service)
        if task is None:
            break
        looked_at += 1
        reached("after_take")
        try:
            settled += _resolve(service, task)
        except Exception as error:  # noqa: BLE001 - it stays unknown and comes again; the others have their turn
            name = type(error).__name__
            log.error("unknown not resolved", alert=True, event_id=str(task.attempt.event_id), reason=name)
    if looked_at:
        log.info("unknowns looked at", count=looked_at, settled=settled)
    return settled


def tell_unknown(service: Service) -> int:
    """Tells the payers of what nobody could say anything of for an hour; answers of how many payments."""
    told = 0
    while count := transact(service.sessions, left_unknown.tell_unknown):
        told += count
    return told


def _take(service: Service) -> Task | None:
    """Decides in one transaction which attempt is next and whether it is sent or asked about."""
    settings, taken_at = service.settings, time.monotonic()

    def work(session: Session) -> Task | None:
        if providers.is_shut(session, settings.provider.name):
            return None
        now = business_now(session, settings.business)
        paying = claims.may_pay(session, now.today, now)
        attempt = attempts.take_due(session, provider=settings.provider.name, held_seconds=2 * settings.lease_seconds)
        if attempt is None:
            return None
        seconds = send_seconds(settings, attempt, now) if paying else None
        if seconds is not None:
            last = seconds + settings.provider.timeout_seconds
            attempts.may_be_sent_for(session, attempt.event_id, attempt.number, last)
        return Task(attempt, now, taken_at, seconds)

    return transact(service.sessions, work)


def _resolve(service: Service, task: Task) -> bool:
    if task.send_seconds is not None:
        return _send(service, task, task.taken_at + task.send_seconds)
    return _ask(service, task)


def _send(service: Service, task: Task, last_start: float) -> bool:
    attempt, payment = task.attempt, _payment(task.attempt)
    with RunWatch(service, task.now.today) as watch:
        results = service.gateway.make_payments(
            [payment],
            last_start=last_start,
            ambiguous_before=frozenset({payment.key}),
            stopped=watch.stopped,
            may_send=watch.may_send,
        )
    trouble.report(service, task.now.today, results)
    outcome = results.outcomes.get(payment.key, Outcome(OutcomeKind.AMBIGUOUS))
    if outcome.alert:
        log.error("provider answer", alert=True, key=payment.key, reason=outcome.code)
    if not outcome.resend:
        transact(service.sessions, lambda session: attempts.forbid_resend(session, attempt.event_id, attempt.number))
    if not outcome.proven:
        return False
    paid = outcome.kind is OutcomeKind.PAID
    return _receive(
        service, attempt, paid=paid, code=outcome.code, provider_ref=outcome.provider_ref, soft=outcome.soft
    )


def _ask(service: Service, task: Task) -> bool:
    attempt = task.attempt
    # No payment is written here: what it is that kills whoever writes it must not keep us from asking (rule C8).
    key = payment_key(attempt.event_id, attempt.number)
    answer = service.gateway.ask(key, format_amount(attempt.amount, attempt.currency))
    if answer.alert:
        log.error("provider answer", alert=True, key=key, reason=answer.code)
    if answer.kind in (AnswerKind.PAID, AnswerKind.DECLINED):
        paid = answer.kind is AnswerKind.PAID
        return _receive(
            service, attempt, paid=paid, code=answer.code, provider_ref=answer.provider_ref, soft=answer.soft
        )
    if not counts_as_never_paid(service.settings.provider, attempt, answer, seconds_held=task.seconds_held):
        return False

    def work(session: Session) -> bool:
        gate = runs.enter(session, business_now(session, service.settings.business), attempt.event_date)
        return proofs.never_paid(session, gate, attempt, again=pays_again(service.settings.provider))

    return transact(service.sessions, work)


def _receive(
    service: Service, attempt: OpenAttempt, *, paid: bool, code: str | None, provider_ref: str | None, soft: bool
) -> bool:
    proof = proofs.Proof(
        attempt.event_id,
        attempt.event_date,
        attempt.number,
        paid=paid,
        code=None if paid else code or "declined",
        provider_ref=provider_ref,
        soft=soft,
    )
    return receive(service, proof) is proofs.Reception.APPLIED


def _payment(attempt: OpenAttempt) -> Payment:
    return make(
        str(attempt.event_id),
        attempt.number,
        attempt.payer_id,
        attempt.payee_id,
        attempt.amount,
        attempt.currency,
        attempt.reference,
    )
