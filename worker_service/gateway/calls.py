"""The provider's requests: what is sent where, and the outcome of each. Headers are prepared once."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from shared.domain.payments import Answer, AnswerKind, OutcomeKind, Payment, batch_body
from worker_service.calling.reply import Failure
from worker_service.calling.transport import Transport
from worker_service.gateway.classify import REFUSALS, classify_failure, classify_single
from worker_service.gateway.classify_answer import classify_answer
from worker_service.gateway.classify_batch import BatchReading, classify_batch, for_all

CAP_BYTES = 64 * 1024
CAP_BYTES_A_PAYMENT = 1024


class Calls:
    """The calls of one provider. They share no state, so any thread may use them with its own transport."""

    def __init__(self, token: str | None) -> None:
        self._asking = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "payday",
        }
        if token is not None:
            self._asking["Authorization"] = f"Bearer {token}"
        self._paying = {**self._asking, "Content-Type": "application/json"}

    def make_payment(self, transport: Transport, payments: Sequence[Payment]) -> BatchReading:
        """One send of one payment."""
        (payment,) = payments
        body = payment.single_body()
        headers = {**self._paying, "Content-Length": str(len(body)), "Idempotency-Key": payment.key}
        reply = transport.exchange("POST", "/payments", headers, body, CAP_BYTES)
        if isinstance(reply, Failure):
            return for_all(classify_failure(reply), payments)
        outcome = classify_single(reply, payment)
        if outcome.kind is OutcomeKind.AMBIGUOUS:
            transport.drop()  # what is left of an answer like that would be read as the next payment's
        refused = outcome.kind is OutcomeKind.DECLINED and reply.status in REFUSALS
        return BatchReading({payment.key: outcome}, refusal=outcome.code if refused else None)

    def make_batch(self, transport: Transport, payments: Sequence[Payment]) -> BatchReading:
        """One send of several payments."""
        body = batch_body(payments)
        headers = {**self._paying, "Content-Length": str(len(body))}
        cap = CAP_BYTES + CAP_BYTES_A_PAYMENT * len(payments)
        reply = transport.exchange("POST", "/payments/batch", headers, body, cap)
        if isinstance(reply, Failure):
            return for_all(classify_failure(reply), payments)
        reading = classify_batch(reply, payments)
        if reading.strays or all(outcome.kind is OutcomeKind.AMBIGUOUS for outcome in reading.outcomes.values()):
            transport.drop()
        return reading

    def ask(self, transport: Transport, key: str, amount: str) -> Answer:
        """What the provider knows of `key`."""
        reply = transport.exchange("GET", f"/payments/{quote(key, safe='')}", self._asking, None, CAP_BYTES)
        if isinstance(reply, Failure):
            return Answer(AnswerKind.NO_ANSWER, code=reply.reason)
        answer = classify_answer(reply, key, amount)
        if answer.alert:
            transport.drop()
        return answer
