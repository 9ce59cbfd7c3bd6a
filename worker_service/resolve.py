"""The resolver: sends again or asks about what stayed unknown, until the provider says what happened (rule K4)."""

from __future__ import annotations

import time

from shared.db import attempts, claims, proofs, runs
from shared.db.attempts import OpenAttempt
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.retrying import transact
from shared.domain.money import format_amount
from shared.domain.payments import Answer, AnswerKind, Outcome, OutcomeKind, Payment, payment_key
from shared.log import get_logger
from worker_service.pay import receive
from worker_service.service import Service

log = get_logger(__name__)

BATCH = 100
"""Attempts of one tick; the next tick takes the next ones."""


def resolve_due(service: Service) -> int:
    """Goes through the attempts whose time has come; answers how many it settled.

    Their next time is committed before anything is sent, so a resolver that dies is not followed by another at
    once. Each is a transaction of its own: one that cannot be written stops no other.
    """
    provider = service.settings.provider
    due = transact(
        service.sessions,
        lambda session: attempts.claim_due(session, provider=provider.name, most=BATCH),
    )
    until = time.monotonic() + service.settings.lease_seconds
    settled = 0
    for attempt in due:
        if time.monotonic() >= until:
            break
        settled += _resolve(service, attempt)
    if due:
        log.info("unknowns looked at", count=len(due), settled=settled)
    return settled


def _resolve(service: Service, attempt: OpenAttempt) -> bool:
    if transact(service.sessions, lambda session: _may_send(service, session, attempt)):
        return _send(service, attempt)
    return _ask(service, attempt)


def _may_send(service: Service, session: Session, attempt: OpenAttempt) -> bool:
    """Whether a resend is right now: it is a payment (rule K6), and the provider must still know the key (K4)."""
    provider = service.settings.provider
    window = provider.key_window_seconds - service.settings.lease_seconds
    if provider.mode != "key" or not attempt.sendable or attempt.first_sent_seconds_ago >= window:
        return False
    now = business_now(session, service.settings.business)
    if not claims.may_pay(session, now.today, now):
        return False
    attempts.sent_again(session, attempt.event_id, attempt.number)
    return True


def _send(service: Service, attempt: OpenAttempt) -> bool:
    payment = _payment(attempt)
    last_start = time.monotonic() + service.settings.lease_seconds - service.settings.provider.timeout_seconds
    results = service.gateway.make_payments([payment], last_start=last_start, ambiguous_before=frozenset({payment.key}))
    outcome = results.outcomes.get(payment.key, Outcome(OutcomeKind.AMBIGUOUS))
    if outcome.alert:
        log.error("provider answer", alert=True, key=payment.key, reason=outcome.code)
    if not outcome.resend:
        transact(service.sessions, lambda session: attempts.forbid_resend(session, attempt.event_id, attempt.number))
    if not outcome.proven:
        return False
    paid = outcome.kind is OutcomeKind.PAID
    return _receive(service, attempt, paid=paid, code=outcome.code, provider_ref=outcome.provider_ref)


def _ask(service: Service, attempt: OpenAttempt) -> bool:
    payment = _payment(attempt)
    answer = service.gateway.ask(payment.key, payment.amount)
    if answer.alert:
        log.error("provider answer", alert=True, key=payment.key, reason=answer.code)
    if answer.kind in (AnswerKind.PAID, AnswerKind.DECLINED):
        paid = answer.kind is AnswerKind.PAID
        return _receive(service, attempt, paid=paid, code=answer.code, provider_ref=answer.provider_ref)
    if not counts_as_never_paid(service, attempt, answer):
        return False

    def work(session: Session) -> bool:
        gate = runs.enter(session, business_now(session, service.settings.business))
        return proofs.never_paid(
            session,
            gate,
            event_id=attempt.event_id,
            event_date=attempt.event_date,
            number=attempt.number,
        )

    return transact(service.sessions, work)


def counts_as_never_paid(service: Service, attempt: OpenAttempt, answer: Answer) -> bool:
    """A not-found proves something only after the provider's processing time and within its memory."""
    provider = service.settings.provider
    return (
        answer.kind is AnswerKind.NOT_FOUND
        and attempt.last_sent_seconds_ago >= provider.processing_seconds
        and attempt.first_sent_seconds_ago + provider.timeout_seconds < provider.record_seconds
    )


def _receive(service: Service, attempt: OpenAttempt, *, paid: bool, code: str | None, provider_ref: str | None) -> bool:
    proof = proofs.Proof(
        attempt.event_id,
        attempt.event_date,
        attempt.number,
        paid=paid,
        code=None if paid else code or "declined",
        provider_ref=provider_ref,
    )
    return receive(service, proof) is proofs.Reception.APPLIED


def _payment(attempt: OpenAttempt) -> Payment:
    return Payment(
        str(attempt.event_id),
        attempt.number,
        payment_key(attempt.event_id, attempt.number),
        attempt.payer_id,
        attempt.payee_id,
        format_amount(attempt.amount, attempt.currency),
        attempt.currency,
        attempt.reference,
    )
