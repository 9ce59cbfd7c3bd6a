"""Spreading a day's calls over the hours that are left instead of making them as fast as the provider allows."""

from __future__ import annotations

from typing import Final

SLOWEST_SECONDS: Final = 1.0
"""Between two calls at most: a provider is not relieved by more, and questions about payments wait for their turn, too.
"""
LEASE_SHARE: Final = 0.5
"""Of a lease, what batches that share the calls are to be done in: what then comes late still fits into it."""


def call_seconds(calls: int, seconds_left: float) -> float:
    """Between two calls, so that so many of them fill the time that is left; 0: there is nothing to spread."""
    if calls <= 0 or seconds_left <= 0:
        return 0.0
    return min(seconds_left / calls, SLOWEST_SECONDS)


def batches_at_once(between_seconds: float, *, calls_a_batch: int, lease_seconds: float) -> int | None:
    """How many batches workers may be at, so that none waits for its calls beyond its lease; None: any number.

    `between_seconds`: from one call to the next, over all workers. One batch is always paid, by parts.
    """
    if between_seconds <= 0:
        return None
    return max(1, int(LEASE_SHARE * lease_seconds / between_seconds / max(1, calls_a_batch)))
