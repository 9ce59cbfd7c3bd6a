"""Payers and payees of whom no call comes back in time, so that they hold nobody else up (rule C8)."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

from shared.domain.payments import Payment
from worker_service.gateway.gate import MaySend, always

IN_A_ROW: Final = 2
REMEMBERED_SECONDS: Final = 600.0
"""After which a party that was slow is taken for one like any other."""
REMEMBERED_MOST: Final = 1000
"""Of more it is not their doing, but the provider's."""

_Party: TypeAlias = tuple[str, str]


class SlowParties:
    """Counts time-outs in a row, for payer and payee, over all parts of a process; shared by its threads.

    Any other answer for one of theirs clears them.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._times: dict[_Party, deque[float]] = {}

    def heard(self, payment: Payment, *, timed_out: bool) -> None:
        """A call for this payment ended."""
        if not timed_out and not self._times:
            return
        with self._lock:
            for party in _parties(payment):
                if timed_out:
                    self._times.setdefault(party, deque(maxlen=IN_A_ROW)).append(self._clock())
                else:
                    self._times.pop(party, None)
            if len(self._times) > REMEMBERED_MOST:
                self._times.clear()

    def includes(self, payment: Payment) -> bool:
        """Whether the last calls of its payer, or of its payee, all timed out not long ago."""
        return bool(self._times) and any(self._is_slow(party) for party in _parties(payment))

    def spared(self, may_send: MaySend) -> MaySend:
        """`may_send`, but not for theirs."""
        if may_send is always:
            return lambda payment: not self.includes(payment)
        return lambda payment: not self.includes(payment) and may_send(payment)

    def _is_slow(self, party: _Party) -> bool:
        times = self._times.get(party)
        return times is not None and len(times) == IN_A_ROW and self._clock() - times[-1] < REMEMBERED_SECONDS


def _parties(payment: Payment) -> tuple[_Party, _Party]:
    return ("payer", payment.payer_id), ("payee", payment.payee_id)
