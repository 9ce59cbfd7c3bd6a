"""What the answer to asking about a key says. Pure; when it was asked, and so whether it counts, the caller knows."""

from __future__ import annotations

from typing import Any

from shared.domain.payments import Answer, AnswerKind, OutcomeKind
from worker_service.calling.reply import Reply
from worker_service.gateway.classify import read_decline, read_success
from worker_service.gateway.reading import UnreadableBody, read_json


def classify_answer(reply: Reply, key: str, amount: str) -> Answer:
    """The answer about `key`, a payment of `amount`."""
    if reply.status in (401, 403):
        return Answer(AnswerKind.NO_ANSWER, code=f"status {reply.status}", alert=True)
    if reply.status not in (200, 404):
        return Answer(AnswerKind.NO_ANSWER, code=f"status {reply.status}")
    try:
        found = read_json(reply.body)
    except UnreadableBody:
        return Answer(AnswerKind.NO_ANSWER, code="unreadable body")
    if type(found) is not dict:
        return Answer(AnswerKind.NO_ANSWER, code=f"status {reply.status}")
    if reply.status == 404:
        return _not_found(found, key)
    return _found(found, key, amount)


def _not_found(found: dict[str, Any], key: str) -> Answer:
    """Only this body means that the provider looked for our key; any other 404 may be a proxy's."""
    if found.get("code") == "payment_not_found" and found.get("idempotencyKey") == key:
        return Answer(AnswerKind.NOT_FOUND)
    return Answer(AnswerKind.NO_ANSWER, code="status 404")


def _found(found: dict[str, Any], key: str, amount: str) -> Answer:
    if found.get("idempotencyKey") not in (None, key) or found.get("amount") not in (None, amount):
        return Answer(AnswerKind.NO_ANSWER, code="another payment echoed", alert=True)
    status = found.get("status")
    if status == "processing":
        return Answer(AnswerKind.PROCESSING)
    outcome = None
    if found.get("idempotencyKey") and status == "succeeded":
        outcome = read_success(found, amount)
    elif found.get("idempotencyKey") and status == "declined":
        outcome = read_decline(found)
    if outcome is None or not outcome.proven:
        return Answer(AnswerKind.NO_ANSWER, code="answer not understood", alert=True)
    if outcome.kind is OutcomeKind.PAID:
        return Answer(AnswerKind.PAID, provider_ref=outcome.provider_ref)
    return Answer(AnswerKind.DECLINED, code=outcome.code, soft=outcome.soft)
