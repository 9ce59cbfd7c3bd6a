"""All sends of one call's payments within one budget, and what they come to together."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from shared.domain.payments import Outcome, OutcomeKind, Payment, outcome_after
from shared.log import get_logger
from worker_service.gateway.budget import Budget
from worker_service.gateway.classify import contradiction
from worker_service.gateway.classify_batch import BatchReading, for_all
from worker_service.gateway.gate import OPEN, Gate
from worker_service.gateway.resending import SENDS_MAX, Waits, resending, wants_resend

Call: TypeAlias = Callable[[Sequence[Payment]], BatchReading]
"""One call to the provider for some payments."""

log = get_logger(__name__)


class Delivery:
    """Payments that go to the provider in one call; those still undecided go again, in a smaller one.

    `earlier`: what sends of their keys before this came to (rule K3). `keyed`: the provider honours keys. `gate`:
    asked before every send.
    """

    def __init__(
        self,
        payments: Sequence[Payment],
        earlier: Mapping[str, Outcome],
        *,
        keyed: bool,
        sends_max: int = SENDS_MAX,
        gate: Gate = OPEN,
    ) -> None:
        self.payments = payments
        self.outcomes: dict[str, Outcome] = {}
        self.sends = 0
        self.strays = 0
        self.refused: Sequence[Payment] = ()
        self.refusal: str | None = None
        self._earlier = earlier
        self._keyed = keyed
        self._sends_max = sends_max
        self._gate = gate
        self._undecided = payments
        self._kinds: set[OutcomeKind] = set()
        self._undecided_kinds: set[OutcomeKind] = set()

    def deliver(self, call: Call, budget: Budget) -> None:
        """Sends until each payment is decided, or the budget or the number of sends is used up."""
        waits = self._send(call, budget)
        if waits and self._sends_max > 1:
            resending(budget, self._sends_max)(self._steps(waits, call, budget).__next__)

    def kinds(self) -> set[OutcomeKind]:
        """What the latest send of each payment came to by itself, whatever came before."""
        return self._kinds | self._undecided_kinds

    def _steps(self, waits: Waits, call: Call, budget: Budget) -> Iterator[Waits]:
        """The first send has been made: most payments need no other, nor what surrounds it."""
        while True:
            yield waits
            waits = self._send(call, budget)

    def _send(self, call: Call, budget: Budget) -> Waits:
        if not budget.open():
            return []
        sent = self._gate.let_through(self._undecided, budget)
        if len(sent) < len(self._undecided):
            self._kinds |= self._undecided_kinds
        if not sent:
            return []
        self.sends += 1
        reading = _guarded(call, sent)
        self.strays += reading.strays
        self.refusal = reading.refusal
        if reading.refused and self._keyed:
            self.refused = sent
        return self._record(sent, reading)

    def _record(self, sent: Sequence[Payment], reading: BatchReading) -> Waits:
        self._undecided, self._undecided_kinds = again, kinds = [], set()
        waits = []
        for payment in sent:
            key = payment.key
            latest = reading.outcomes[key]
            self.outcomes[key] = outcome_after(self.outcomes.get(key) or self._earlier.get(key), latest)
            if self.refused or not wants_resend(latest, keyed=self._keyed):
                self._kinds.add(latest.kind)
                continue
            again.append(payment)
            kinds.add(latest.kind)
            waits.append(latest.retry_after_seconds or 0.0)
        return waits


def _guarded(call: Call, payments: Sequence[Payment]) -> BatchReading:
    """A fault of our own must not cost the other payments their outcomes; for these nobody knows what left."""
    try:
        return call(payments)
    except Exception as error:  # noqa: BLE001 - the edge of a thread; the message may hold personal data
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("a call failed by our own fault", error=type(error).__name__, at=f"{place.name}:{place.lineno}")
        return for_all(contradiction("a fault of ours"), payments)
