"""One payment as the provider sees it: its key, its bytes, and what can become of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha1
from json.encoder import encode_basestring_ascii as _encode
from typing import NamedTuple
from uuid import UUID

from shared.domain.money import format_amount

SOFT_DECLINES = frozenset({"insufficient_funds", "limit_exceeded"})
"""Declines that may be tried again another day; every other code is hard (provider contract)."""

_VARIANT = dict(zip("0123456789abcdef", 4 * "89ab", strict=True))
"""RFC 9562, 4.1: of the four bits the first two are 10."""


def payment_key(event_id: UUID | str, attempt: int) -> str:
    """The idempotency key of an event's `attempt` (1, 2, …): uuid5 in the event's namespace, as its canonical text.

    It depends on nothing else, so no crash, time-out, redelivery or resend can change it (rule K1). Written out
    after RFC 9562, 5.5, because `uuid.uuid5` and the texts around it take ten times as long, for each payment.
    """
    namespace = event_id.hex if isinstance(event_id, UUID) else event_id.replace("-", "")
    digest = sha1(bytes.fromhex(namespace) + b"%d" % attempt, usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{_VARIANT[digest[16]]}{digest[17:20]}-{digest[20:32]}"


class Payment(NamedTuple):
    """What is asked of the provider: made from the event's own frozen columns and nothing else (rule K2).

    `amount` is the decimal text with exactly the currency's decimals; an absent reference is "".
    """

    event_id: str
    attempt: int
    key: str
    payer_id: str
    payee_id: str
    amount: str
    currency: str
    reference: str

    def single_body(self) -> bytes:
        """The body of a single call. The same payment gives the same bytes at every send."""
        return b"{%s}" % self._fields_json().encode()

    def batch_entry(self) -> bytes:
        """This payment within the `payments` array of a batch call."""
        return b'{"idempotencyKey":"%s",%s}' % (self.key.encode(), self._fields_json().encode())

    def _fields_json(self) -> str:
        return (
            f'"payerId":{_encode(self.payer_id)},"payeeId":{_encode(self.payee_id)}'
            f',"amount":"{self.amount}","currency":"{self.currency}","reference":{_encode(self.reference)}'
        )


def make(
    event_id: str, attempt: int, payer_id: str, payee_id: str, amount: int, currency: str, reference: str
) -> Payment:
    """The payment of an event's `attempt`; `amount` in minor units."""
    key, text = payment_key(event_id, attempt), format_amount(amount, currency)
    return Payment(event_id, attempt, key, payer_id, payee_id, text, currency, reference)


def batch_body(payments: Sequence[Payment]) -> bytes:
    """The body of a batch call."""
    return b'{"payments":[%s]}' % b",".join(payment.batch_entry() for payment in payments)


class OutcomeKind(StrEnum):
    """What one call, or all calls of one key together, prove about a payment.

    PAID, DECLINED: the provider said so for this key.
    NOT_SENT: no byte of ours can have reached the provider; the key may be used again.
    THROTTLED, MISCONFIGURED: a request was sent and proven not executed; paying again takes a new key (K5).
    AMBIGUOUS: anything else. It may have paid. Only the provider or a person can say (K3).
    """

    PAID = "paid"
    DECLINED = "declined"
    NOT_SENT = "not_sent"
    THROTTLED = "throttled"
    MISCONFIGURED = "misconfigured"
    AMBIGUOUS = "ambiguous"


PROVEN = frozenset({OutcomeKind.PAID, OutcomeKind.DECLINED})
"""Outcomes that settle a payment for good."""


class Outcome(NamedTuple):
    """What became of a payment.

    `code`: the decline's code, or a short reason for the log. `provider_ref`: the provider's payment id, when
    paid. `retry_after_seconds`: how long the provider asked us to stay away. `alert`: somebody must look now
    (rule K8, a refused key, a wrong set-up). `resend`: False where a resend would be wrong whatever the mode
    (rule K8). `soft`: a decline that may be tried again another day; the code alone does not say so, for a
    payment refused as malformed is hard whatever its code. A named tuple: one is made for every payment.
    """

    kind: OutcomeKind
    code: str | None = None
    provider_ref: str | None = None
    retry_after_seconds: float | None = None
    alert: bool = False
    resend: bool = True
    soft: bool = False

    @property
    def proven(self) -> bool:
        return self.kind in PROVEN


def combine(ambiguous_before: bool, latest: Outcome) -> Outcome:
    """The outcome of a key from that of its latest send (rule K3).

    Once one send of a key was ambiguous, only a proven answer counts: a later *not sent*, *throttled* or
    refusal of our set-up says nothing about the earlier send.
    """
    if ambiguous_before and not latest.proven and latest.kind is not OutcomeKind.AMBIGUOUS:
        return Outcome(
            OutcomeKind.AMBIGUOUS,
            code=f"{latest.kind} after an ambiguous send",
            retry_after_seconds=latest.retry_after_seconds,
            alert=latest.alert,
            resend=latest.resend,
        )
    return latest


def outcome_after(earlier: Outcome | None, latest: Outcome) -> Outcome:
    """The outcome of a key from what all its sends so far came to, and its latest send (rules K3, K5).

    *Not sent* does not undo an earlier send that reached the provider: that key was used.
    """
    if earlier is None:
        return latest
    reached = earlier.kind in (OutcomeKind.THROTTLED, OutcomeKind.MISCONFIGURED)
    if reached and latest.kind is OutcomeKind.NOT_SENT:
        return earlier
    return combine(earlier.kind is OutcomeKind.AMBIGUOUS, latest)


class AnswerKind(StrEnum):
    """What asking about a key said. NOT_FOUND is *never paid* only when asked at a time that counts."""

    PAID = "paid"
    DECLINED = "declined"
    PROCESSING = "processing"
    NOT_FOUND = "not_found"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to asking about a key; `code`, `provider_ref`, `alert` and `soft` as in `Outcome`."""

    kind: AnswerKind
    code: str | None = None
    provider_ref: str | None = None
    alert: bool = False
    soft: bool = False
