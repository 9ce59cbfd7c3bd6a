"""The one layer that resends (rule K4): when another send is right, how long to wait, when to stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt, stop_any
from tenacity.stop import stop_base
from tenacity.wait import wait_random_exponential

from shared.domain.payments import Outcome, OutcomeKind
from worker_service.gateway.budget import Budget

SENDS_MAX = 3
WAIT_FIRST_SECONDS = 0.25
WAIT_MAX_SECONDS = 5.0
PARKED_MAX_SECONDS = 15.0
"""Longer than this no thread waits; a payment that may only come later is better given back."""

_PROVEN_NOT_EXECUTED = frozenset({OutcomeKind.NOT_SENT, OutcomeKind.THROTTLED})
_backoff = wait_random_exponential(multiplier=WAIT_FIRST_SECONDS, max=WAIT_MAX_SECONDS)

Waits: TypeAlias = list[float]
"""For each payment that is to be sent again, how long the provider asked to wait; empty: all are decided."""


def wants_resend(latest: Outcome, *, keyed: bool) -> bool:
    """Whether a payment whose latest send came to `latest` may be sent again within the call budget.

    `keyed`: the provider honours keys, so that even an ambiguous payment may be.
    """
    if latest.kind is OutcomeKind.AMBIGUOUS:
        return keyed and latest.resend
    return latest.kind in _PROVEN_NOT_EXECUTED


def resending(budget: Budget, sends_max: int) -> Callable[[Callable[[], Waits]], Waits]:
    """Calls a step again until it returns no waits: capped exponential backoff with full jitter.

    It stops after `sends_max` steps, and at once when the next could only begin after the budget's end.
    """
    return Retrying(
        retry=retry_if_result(bool),
        wait=_wait,
        stop=stop_any(stop_after_attempt(sends_max), _NoRoom(budget)),
        sleep=lambda seconds: budget.wait(float(seconds)),
        retry_error_callback=_last,
    )


def _wait(state: RetryCallState) -> float:
    """Full jitter, so that threads that failed together do not come back together; never before Retry-After."""
    return max(_last(state)) + _backoff(state)


class _NoRoom(stop_base):
    """Stops before a wait that ends outside the budget, or is too long to be spent waiting."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget

    def __call__(self, retry_state: RetryCallState) -> bool:
        seconds = retry_state.upcoming_sleep
        return seconds > PARKED_MAX_SECONDS or not self._budget.allows(seconds)


def _last(state: RetryCallState) -> Waits:
    assert state.outcome is not None  # noqa: S101 - tenacity's own promise, told to the type checker
    waits: Waits = state.outcome.result()
    return waits
