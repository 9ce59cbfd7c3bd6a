"""What the answer to a batch call proves, payment by payment. Pure; one result decides nothing for another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from shared.domain.payments import Outcome, OutcomeKind, Payment
from worker_service.calling.reply import Reply
from worker_service.gateway.classify import ambiguous, classify_call, contradiction, read_decline, read_success
from worker_service.gateway.reading import UnreadableBody, read_results

WHOLE_CALL_REFUSALS = frozenset({400, 402, 404, 405, 413, 415, 422})
"""They decline nobody: the provider did not take the call as a batch."""


class BatchReading(NamedTuple):
    """An outcome for every payment of the call.

    `refused`: the call as a whole was refused, so single calls may get further. `strays`: results for keys that
    were not in it (rule K8). `refusal`: the code with which a single call was refused as such, not just declined.
    """

    outcomes: dict[str, Outcome]
    refused: bool = False
    strays: int = 0
    refusal: str | None = None


def classify_batch(reply: Reply, payments: Sequence[Payment]) -> BatchReading:
    """The outcomes of one batch call for `payments`, whose keys differ."""
    try:
        return _by_status(reply, payments)
    except UnreadableBody:
        return for_all(ambiguous(reply, "unreadable body"), payments)


def for_all(outcome: Outcome, payments: Sequence[Payment]) -> BatchReading:
    """One outcome for every payment of a call."""
    return BatchReading(dict.fromkeys([payment.key for payment in payments], outcome))


def _by_status(reply: Reply, payments: Sequence[Payment]) -> BatchReading:
    whole_call = classify_call(reply)
    if whole_call is not None:
        return for_all(whole_call, payments)
    if reply.status == 200:
        return _by_result(read_results(reply.body), payments)
    return for_all(ambiguous(reply), payments)._replace(refused=reply.status in WHOLE_CALL_REFUSALS)


def _by_result(results: list[object], payments: Sequence[Payment]) -> BatchReading:
    waiting = {payment.key: payment for payment in payments}
    outcomes: dict[str, Outcome] = {}
    strays = 0
    for found in results:
        if type(found) is not dict or type(key := found.get("idempotencyKey")) is not str:
            continue
        payment = waiting.get(key)
        if payment is None:
            strays += 1
        elif key in outcomes:
            outcomes[key] = contradiction("key twice in one answer")
        else:
            outcomes[key] = _read_result(found, payment)
    if len(outcomes) < len(waiting):
        missing = contradiction("an unknown key in its place") if strays else _MISSING
        outcomes = {key: outcomes.get(key, missing) for key in waiting}
    return BatchReading(outcomes, strays=strays)


_MISSING = Outcome(OutcomeKind.AMBIGUOUS, "missing in the answer")
_IN_NO_ROW = Outcome(OutcomeKind.AMBIGUOUS, "result not understood")
_ERROR = Outcome(OutcomeKind.AMBIGUOUS, "error in the answer")


def _read_result(found: dict[str, Any], payment: Payment) -> Outcome:
    status = found.get("status")
    if status == "succeeded":
        return read_success(found, payment.amount) or _IN_NO_ROW
    if found.get("amount") not in (None, payment.amount):
        return contradiction("another amount echoed")
    if status == "declined":
        return read_decline(found) or _IN_NO_ROW
    return _ERROR if status == "error" else _IN_NO_ROW
