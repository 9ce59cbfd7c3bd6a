"""What a payment passes right before each send: whether it may be sent at all, and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from shared.domain.payments import Payment
from worker_service.gateway.budget import Budget
from worker_service.gateway.pace import Pace

MaySend: TypeAlias = Callable[[Payment], bool]
"""Whether a payment may be sent now (rules K6, P3); it must answer at once, and may be asked from any thread."""


def always(_: Payment) -> bool:
    """Nothing is held."""
    return True


class Gate:
    """Asks `may_send` of each payment, and waits for the call's slot where the rate is limited."""

    def __init__(self, may_send: MaySend = always, pace: Pace | None = None) -> None:
        self._may_send = may_send
        self._pace = pace

    def let_through(self, payments: Sequence[Payment], budget: Budget) -> Sequence[Payment]:
        """Those that may be sent now; none if no slot comes within the budget."""
        free = self._free(payments)
        if self._pace is None or not free:
            return free
        return self._free(free) if self._pace.wait(budget) else []  # asked again: a slot may be waited for

    def _free(self, payments: Sequence[Payment]) -> Sequence[Payment]:
        if self._may_send is always:
            return payments
        return [payment for payment in payments if self._may_send(payment)]


OPEN = Gate()
