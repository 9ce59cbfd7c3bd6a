"""What the calls of one part say of the provider as a whole, while they are made."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from shared.domain.payments import PROVEN, OutcomeKind, Payment
from worker_service.gateway.brake import Brake
from worker_service.gateway.budget import Budget
from worker_service.gateway.classify_batch import BatchReading
from worker_service.gateway.delivery import Call, Delivery
from worker_service.gateway.refusals import Refusals
from worker_service.gateway.slow_parties import SlowParties
from worker_service.gateway.trouble import Trouble, TroubleKind

SLOW_SECONDS: Final = 1.0
"""A send that takes so long, or must be waited after for so long, counts by itself: three of them park the worker.
Quick ones count when the resends are over, for a blip is what resends are for."""

_ORDER = (TroubleKind.SETUP, TroubleKind.REFUSALS, TroubleKind.DOWN)


class Diagnosis:
    """Listens to a part's calls, from all threads, and ends its budget when going on makes no sense.

    A refusal of our set-up alone does not: it may be one payment's rubbish, and the others are still paid (rule C8).
    If it is everybody's, the brake ends it.
    """

    def __init__(
        self, brake: Brake, refusals: Refusals, slow: SlowParties, budget: Budget, *, timeout_seconds: float
    ) -> None:
        self._brake = brake
        self._slow = slow
        self._refusals = refusals
        self._budget = budget
        self._slow_seconds = min(SLOW_SECONDS, timeout_seconds / 2)
        self._found: dict[TroubleKind, Trouble] = {}

    @property
    def trouble(self) -> Trouble | None:
        """The gravest that was found."""
        return next((self._found[kind] for kind in _ORDER if kind in self._found), None)

    def deliver(self, delivery: Delivery, call: Call) -> None:
        """Makes the delivery by `call`, and listens."""
        listened = _Listened(self, call)
        delivery.deliver(listened, self._budget)
        if not delivery.sends:
            return
        kinds = delivery.kinds()
        if OutcomeKind.MISCONFIGURED in kinds:
            self._found.setdefault(TroubleKind.SETUP, Trouble(TroubleKind.SETUP, _setup_reason(delivery)))
        if not kinds.isdisjoint(PROVEN) and self._refusals.heard(delivery.refusal):
            self._end(Trouble(TroubleKind.REFUSALS, f"payment after payment is refused: {delivery.refusal}"))
        if not listened.counted:
            self._count(delivery.payments, kinds, listened.asked_seconds)

    def heard(self, payments: Sequence[Payment], reading: BatchReading, seconds: float) -> tuple[bool, float | None]:
        """One send took so long; whether it was counted, and how long the provider asks to wait."""
        first = next(iter(reading.outcomes.values()))
        if len(payments) == 1:
            timed_out = first.kind is OutcomeKind.AMBIGUOUS and seconds >= self._slow_seconds
            self._slow.heard(payments[0], timed_out=timed_out)
        asked = first.retry_after_seconds  # what asks us to wait says so of the whole call
        if max(seconds, asked or 0.0) < self._slow_seconds:
            return False, asked
        self._count(payments, {outcome.kind for outcome in reading.outcomes.values()}, asked)
        return True, asked

    def _count(self, payments: Sequence[Payment], kinds: set[OutcomeKind], asked_seconds: float | None) -> None:
        if self._brake.heard(payments, kinds, asked_seconds):
            reason = f"calls in a row came to: {', '.join(sorted(kinds))}"
            self._end(Trouble(TroubleKind.DOWN, reason, self._brake.asked_seconds))

    def _end(self, trouble: Trouble) -> None:
        self._found.setdefault(trouble.kind, trouble)
        self._budget.stop()


class _Listened:
    """A call that is listened to; `counted`: whether its latest send was."""

    __slots__ = ("_call", "_diagnosis", "asked_seconds", "counted")

    def __init__(self, diagnosis: Diagnosis, call: Call) -> None:
        self.counted = False
        self.asked_seconds: float | None = None
        self._diagnosis = diagnosis
        self._call = call

    def __call__(self, payments: Sequence[Payment]) -> BatchReading:
        began = time.monotonic()
        reading = self._call(payments)
        seconds = time.monotonic() - began
        self.counted, self.asked_seconds = self._diagnosis.heard(payments, reading, seconds)
        return reading


def _setup_reason(delivery: Delivery) -> str:
    outcomes = delivery.outcomes.values()
    found = next((outcome for outcome in outcomes if outcome.kind is OutcomeKind.MISCONFIGURED), None)
    return (found.code if found else None) or "our set-up was refused"
