"""What the provider's word about a key means for an event that may have moved on meanwhile (rules K3, K9)."""

from __future__ import annotations

from enum import StrEnum

from shared.domain.lifecycle import AWAITING_PROOF, EventStatus


class Reception(StrEnum):
    """What a proof met: it moves the event, says what was known, or contradicts it (an alert, rule K9)."""

    APPLIED = "applied"
    KNOWN = "known"
    CONTRADICTS = "contradicts"


def reception(status: str, attempt: int, number: int, *, paid: bool, same_payment: bool) -> Reception:
    """What a proof about attempt `number` meets in an event of that status and attempt.

    `same_payment`: the event is paid, by the very payment that the proof names.
    """
    if attempt == number and status in AWAITING_PROOF:
        return Reception.APPLIED
    if paid:
        agrees = status == EventStatus.PAID and attempt == number and same_payment
    else:
        agrees = status == EventStatus.FAILED or attempt > number
    return Reception.KNOWN if agrees else Reception.CONTRADICTS


def waits_for(status: str, attempt: int, number: int) -> bool:
    """Whether an event may still be told that attempt `number` was never paid."""
    return attempt == number and status == EventStatus.UNKNOWN
