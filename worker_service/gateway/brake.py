"""The brake: a provider that serves nobody must not hold a worker for its whole lease."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from shared.domain.payments import OutcomeKind, Payment

UNSERVED: Final = frozenset(
    {OutcomeKind.NOT_SENT, OutcomeKind.THROTTLED, OutcomeKind.MISCONFIGURED, OutcomeKind.AMBIGUOUS}
)
PARTIES_MIN: Final = 3
"""So many payers and so many payees must go unserved before it is the provider's doing, not theirs (rule C8)."""
IN_DOUBT_MIN: Final = 8
"""So many calls at least where one was ambiguous, however few go at a time: rubbish may come in a row."""


class Brake:
    """Counts calls in a row that served nobody, over all parts of a process; shared by its threads.

    It is pulled by `calls` of them, if nobody could be reached at all or if they concern at least PARTIES_MIN payers
    and payees: a provider may throttle, refuse or leave without an answer one payer alone, and then the others are
    still paid. Then the count begins anew, and until somebody is served again PARTIES_MIN are enough: the first batches
    after an outage should not take as long to fail as the one that found it.
    """

    def __init__(self, calls: int) -> None:
        self._calls = calls
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._reached = False
        self._in_doubt = False
        self._wary = False
        self._payers: set[str] = set()
        self._payees: set[str] = set()
        self._asked_seconds: float | None = None

    def heard(self, payments: Sequence[Payment], kinds: set[OutcomeKind], asked_seconds: float | None = None) -> bool:
        """One call came to `kinds`, and the provider asked us to stay away; whether that pulls the brake."""
        if kinds <= UNSERVED:
            return self._unserved(payments, kinds, asked_seconds)
        if self._in_a_row or self._wary:
            with self._lock:
                self._release()
                self._wary = False
        return False

    @property
    def asked_seconds(self) -> float | None:
        """The longest time that the provider asked us to stay away, when the brake was pulled last."""
        return self._asked_seconds

    def _unserved(self, payments: Sequence[Payment], kinds: set[OutcomeKind], asked_seconds: float | None) -> bool:
        with self._lock:
            if not self._in_a_row:
                self._asked_seconds = None
            if asked_seconds is not None:
                self._asked_seconds = max(asked_seconds, self._asked_seconds or 0.0)
            self._in_a_row += 1
            self._reached = self._reached or kinds != {OutcomeKind.NOT_SENT}
            self._in_doubt = self._in_doubt or OutcomeKind.AMBIGUOUS in kinds
            self._payers.update(payment.payer_id for payment in payments)
            self._payees.update(payment.payee_id for payment in payments)
            everybody = not self._reached or min(len(self._payers), len(self._payees)) >= PARTIES_MIN
            pulled = self._in_a_row >= self._enough() and everybody
            if pulled:
                self._release()
                self._wary = True
            return pulled

    def _enough(self) -> int:
        if self._wary:
            return min(PARTIES_MIN, self._calls)
        return max(self._calls, IN_DOUBT_MIN) if self._in_doubt else self._calls

    def _release(self) -> None:
        self._in_a_row, self._reached, self._in_doubt = 0, False, False
        self._payers, self._payees = set(), set()
