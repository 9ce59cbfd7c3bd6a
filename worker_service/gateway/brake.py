"""The brake: a provider that refuses everybody must not hold a worker for its whole lease."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from shared.domain.payments import OutcomeKind, Payment

REFUSED = frozenset({OutcomeKind.NOT_SENT, OutcomeKind.THROTTLED, OutcomeKind.MISCONFIGURED})
PARTIES_MIN = 3
"""So many payers and so many payees must be refused before it is the provider's doing, not theirs (rule C8)."""


class Brake:
    """Counts calls in a row that ended refused, without any other outcome between; shared by all threads.

    It is on from `calls` of them, if nobody could be reached at all or if they concern at least PARTIES_MIN
    payers and payees: a provider may throttle or refuse one payer alone, and then the others are still paid.
    """

    def __init__(self, calls: int) -> None:
        self.on = False
        self._calls = calls
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._reached = False
        self._payers: set[str] = set()
        self._payees: set[str] = set()

    def heard(self, payments: Sequence[Payment], kinds: set[OutcomeKind]) -> None:
        """One call and its resends ended in `kinds`."""
        if kinds <= REFUSED:
            self._refused(payments, kinds)
        elif self._in_a_row:
            with self._lock:
                self._in_a_row, self._reached = 0, False
                self._payers, self._payees = set(), set()

    def _refused(self, payments: Sequence[Payment], kinds: set[OutcomeKind]) -> None:
        with self._lock:
            self._in_a_row += 1
            self._reached = self._reached or kinds != {OutcomeKind.NOT_SENT}
            self._payers.update(payment.payer_id for payment in payments)
            self._payees.update(payment.payee_id for payment in payments)
            everybody = not self._reached or min(len(self._payers), len(self._payees)) >= PARTIES_MIN
            if self._in_a_row >= self._calls and everybody:
                self.on = True
