"""Notices: who is told what, and when a receiver that does not answer hears of it again (rule P4)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from shared.domain.retries import NOT_EXECUTED, QUARANTINED, RESOLVED


class NoticeType(StrEnum):
    """What became of a payment or a schedule. The payee hears of `paid` only."""

    UPCOMING = "upcoming"
    PAID = "paid"
    FAILED = "failed"
    UNKNOWN = "unknown"
    MISSED = "missed"
    CHANGED = "changed"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    CANCELLED = "cancelled"


class Role(StrEnum):
    """Why somebody is told."""

    PAYER = "payer"
    PAYEE = "payee"


MOST_IN_BODY: Final = 500
"""Notices in one call of the receiver."""
UNKNOWN_AFTER_SECONDS: Final = 3600
"""How long the resolver tries before the payer hears that nobody knows."""

RETRY_SECONDS: Final = (60.0, 300.0, 1800.0, 7200.0, 43_200.0, 86_400.0)
"""How long a call that failed waits, by how many have failed: over a day and a half altogether, as the Standard
Webhooks specification advises."""
JITTER: Final = 0.2
"""By what part of it a wait is longer at most, so that not all come back at once."""

# In the payer's words. What the provider calls it, and what went wrong inside, are for operators.
FAILURES: Final = {
    "insufficient_funds": "not enough money in the account",
    "limit_exceeded": "the account's payment limit was reached",
    "account_closed": "the account is closed",
    "payee_invalid": "the payee's account could not be found",
    "blocked": "the bank did not allow the payment",
    NOT_EXECUTED: "the bank did not carry out the payment",
    QUARANTINED: "the payment could not be sent to the bank",
    RESOLVED: "the bank confirmed that the payment was not made",
}
ANY_FAILURE: Final = "the bank declined the payment"


def wait_seconds(failed: int, *, chance: float, retry_after: float | None = None) -> float | None:
    """How long to wait after so many failed calls (at least one), `chance` in 0..1; None: no more, it is a dead letter.

    `retry_after`: what the receiver asked for, in seconds; it lengthens the wait, by a day at most.
    """
    if failed > len(RETRY_SECONDS):
        return None
    wait = RETRY_SECONDS[failed - 1] * (1 + JITTER * chance)
    return max(wait, min(retry_after or 0.0, RETRY_SECONDS[-1]))
