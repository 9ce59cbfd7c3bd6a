"""Rates of calls, read from the bank's own journal."""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime

from tests.bank import BankProcess

SPAN = 10
EDGES = 0.2
"""Of the time, before and after which not all workers are at work."""


def call_times(bank: BankProcess) -> list[float]:
    """When each call came, in seconds; what came in one call has one instant."""
    return sorted({datetime.fromisoformat(send["receivedAt"]).timestamp() for send in bank.sends()})


def most_in_a_second(times: Sequence[float]) -> int:
    """The most calls in any second."""
    return max(bisect_left(times, at + 1.0) - place for place, at in enumerate(times))


def usual_rate(times: Sequence[float]) -> float:
    """Calls a second in the middle case of so many in a row: on a busy machine now and then all may stand still."""
    amid = _amid(times)
    return SPAN / statistics.median(amid[place + SPAN] - at for place, at in enumerate(amid[:-SPAN]))


def mean_rate(times: Sequence[float]) -> float:
    """Calls a second while all workers are at work, with whatever held them up."""
    amid = _amid(times)
    return (len(amid) - 1) / (amid[-1] - amid[0])


def _amid(times: Sequence[float]) -> list[float]:
    edge = EDGES * (times[-1] - times[0])
    return [at for at in times if times[0] + edge <= at <= times[-1] - edge]
