"""What the answer to a single call proves. Pure; what is in no row of the provider's table is ambiguous."""

from __future__ import annotations

from typing import Any

from shared.domain.payments import SOFT_DECLINES, Outcome, OutcomeKind, Payment
from shared.domain.retries import NO_DECLINE
from worker_service.calling.reply import Failure, Reply
from worker_service.calling.retry_after import retry_after_seconds
from worker_service.gateway.reading import UnreadableBody, claims_json, is_code, is_reference, read_json

SUCCESSES = frozenset({200, 201})
REFUSALS = frozenset({400, 404, 422})
SETUP_FAULTS = frozenset({400, 404, 405, 410, 415, 422})
KEY_REUSED = "key_reused"


def classify_single(reply: Reply, payment: Payment) -> Outcome:
    """The outcome of one single call for `payment`."""
    try:
        return classify_call(reply, payment.key) or _by_body(reply, payment)
    except UnreadableBody:
        return ambiguous(reply, "unreadable body")


def classify_call(reply: Reply, key: str | None = None) -> Outcome | None:
    """What an answer says about everything in the call; None: look further. `key`: that of a single call.

    Raises UnreadableBody.
    """
    if reply.status == 429:
        return Outcome(OutcomeKind.THROTTLED, "status 429", retry_after_seconds=retry_after_seconds(reply.headers))
    if reply.status in (401, 403):
        return Outcome(OutcomeKind.MISCONFIGURED, f"status {reply.status}", alert=True)
    if reply.status == 503:
        return _overloaded(reply, key)
    return None


def classify_failure(failure: Failure) -> Outcome:
    """Not sent only if provably no byte left; everything after the first byte is ambiguous."""
    return Outcome(OutcomeKind.AMBIGUOUS if failure.sent else OutcomeKind.NOT_SENT, code=failure.reason)


def ambiguous(reply: Reply, reason: str | None = None) -> Outcome:
    """In no row: it may have paid."""
    return Outcome(
        OutcomeKind.AMBIGUOUS,
        reason or f"status {reply.status}",
        retry_after_seconds=retry_after_seconds(reply.headers),
    )


def contradiction(reason: str) -> Outcome:
    """The answer speaks of something else than was sent: not resent, somebody looks at once (rule K8)."""
    return Outcome(OutcomeKind.AMBIGUOUS, reason, alert=True, resend=False)


def read_success(found: dict[str, Any], payment_amount: str) -> Outcome | None:
    """Paid, if a body that echoes our key says so whole; None if it is in no row."""
    amount = found.get("amount")
    if amount != payment_amount:
        return None if amount is None else contradiction("another amount echoed")
    reference = found.get("paymentId")
    return Outcome(OutcomeKind.PAID, None, reference) if is_reference(reference) else None


def read_decline(found: dict[str, Any]) -> Outcome | None:
    """Declined, if a body that echoes our key gives a code; None if it is in no row."""
    code = found.get("code")
    if not is_code(code):
        return None
    if code == KEY_REUSED:
        return contradiction(KEY_REUSED)
    # A word of ours would say that it was never declined: its key would be used again, and nothing ever suspended.
    return Outcome(OutcomeKind.DECLINED, f"provider_{code}" if code in NO_DECLINE else code, soft=code in SOFT_DECLINES)


def _by_body(reply: Reply, payment: Payment) -> Outcome:
    status = reply.status
    faulty = status in SETUP_FAULTS
    if not (faulty or status in SUCCESSES or status == 402):
        return ambiguous(reply)
    if faulty and not claims_json(reply.body):
        return _setup_fault(reply)
    found = read_json(reply.body)
    if type(found) is not dict:
        return _setup_fault(reply) if faulty else ambiguous(reply)
    echo = found.get("idempotencyKey")
    if echo is not None and echo != payment.key:
        return contradiction("another key echoed")
    if faulty:
        return _refusal(reply, found, echo is not None)
    if found.get("amount") not in (None, payment.amount):
        return contradiction("another amount echoed")
    return (_verdict(status, found, payment) if echo else None) or ambiguous(reply)


def _verdict(status: int, found: dict[str, Any], payment: Payment) -> Outcome | None:
    if status in SUCCESSES and found.get("status") == "succeeded":
        return read_success(found, payment.amount)
    if status == 402 and found.get("status") == "declined":
        return read_decline(found)
    return None


def _refusal(reply: Reply, found: dict[str, Any], echoed: bool) -> Outcome:
    """A body with our key and a code refuses the payment, for good; without it our set-up is wrong."""
    if not echoed or type(found.get("code")) is not str:
        return _setup_fault(reply)
    outcome = read_decline(found) if reply.status in REFUSALS else None
    return outcome._replace(soft=False) if outcome else ambiguous(reply)


def _setup_fault(reply: Reply) -> Outcome:
    return Outcome(OutcomeKind.MISCONFIGURED, f"status {reply.status}", alert=True)


def _overloaded(reply: Reply, key: str | None) -> Outcome:
    """503 is proven not executed only with both marks of the contract; a proxy's own 503 may come after all."""
    found = read_json(reply.body)
    if type(found) is not dict or found.get("code") != "overloaded" or not reply.headers.get("Retry-After"):
        return ambiguous(reply)
    if key is not None and found.get("idempotencyKey", key) != key:
        return contradiction("another key echoed")
    return Outcome(OutcomeKind.THROTTLED, "overloaded", retry_after_seconds=retry_after_seconds(reply.headers))
