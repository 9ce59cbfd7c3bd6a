"""Requests that the counting server has not been told of yet."""

from __future__ import annotations

from typing import Final

from limits import RateLimitItem

from api_service.counters import Memory

PARTS: Final = 1000
"""A limit's thousandth is told at a time. To tell of each request took as long as all else of a cached answer, and a
process lets through at most so many more. A limit below 2,000 is exact."""


class Portions:
    """Of one process. What is not a whole portion when its window ends is never told."""

    def __init__(self) -> None:
        self._untold = Memory()
        self._refused = Memory()

    def due(self, key: str, limit: RateLimitItem) -> int:
        """How many requests are to be told with this one; 0: none yet. Who was refused in this window is told of each
        time, and so refused each time."""
        portion = 1 if self._refused.state(key)[0] else max(1, limit.amount // PARTS)
        return self._untold.gather(key, limit.get_expiry(), portion)

    def refuse(self, key: str, seconds: float) -> None:
        """Notes that one was refused, and for how long it goes on."""
        self._refused.increment(key, seconds, 1)
