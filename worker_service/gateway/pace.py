"""Keeping to a rate that all workers share: a call begins only in a slot that was reserved for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from worker_service.gateway.budget import Budget

LATE_SECONDS: Final = 0.05
"""A slot is used at most so long after its time; then it is thrown away, lest calls that were late crowd together."""
ON_THE_WAY_SECONDS: Final = 0.05
"""By so much calls may differ in what passes between their start here and their arrival there."""
CHUNK_SECONDS: Final = 0.1
"""Slots are reserved at most so far apart in one go: what is not used of them is lost to all."""


class Reserved(NamedTuple):
    """`slots` of them, the first at `first_at` on this host's monotonic clock; 0: look again then."""

    first_at: float
    slots: int


Reserve: TypeAlias = Callable[[int], Reserved]
"""Reserves so many slots for this worker. It raises nothing: without an answer nothing is free."""


def interval_seconds(max_rps: float) -> float:
    """Between two slots, so that in no second more than `max_rps` calls arrive, however late within the limits.

    One more than fit into a second must span more than a second: `calls * interval - late - on the way >= 1`. Below
    one a second, two must be 1 / max_rps apart.
    """
    loose = LATE_SECONDS + ON_THE_WAY_SECONDS
    return (1.0 + loose) / int(max_rps) if max_rps >= 1 else 1.0 / max_rps + loose


class Slots:
    """This worker's reserved slots, in order. Pure: time is an argument, on one clock."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._most = max(1, int(CHUNK_SECONDS / interval))
        self._next_at = 0.0
        self._left = 0
        self._used = 0
        self.wanted = 1
        """How many to reserve next: twice as many as were used, while all of them were."""

    def add(self, reserved: Reserved) -> None:
        """Takes over reserved slots; any that were left are thrown away."""
        self._next_at, self._left, self._used = reserved.first_at, reserved.slots, 0

    def take(self, now: float) -> float | None:
        """The next slot that is not past, also one that lies ahead; None: there is none."""
        while self._left:
            at = self._next_at
            self._next_at += self._interval
            self._left -= 1
            if now <= at + LATE_SECONDS:
                self._used += 1
                self.wanted = min(self._most, max(self.wanted, 2 * self._used))
                return at
            self.wanted = max(1, self._used)
        return None


class Pace:
    """Slots for the threads of one worker, reserved a few at a time."""

    def __init__(self, reserve: Reserve, max_rps: float) -> None:
        self._reserve = reserve
        self._slots = Slots(interval_seconds(max_rps))
        self._lock = threading.Lock()

    def wait(self, budget: Budget) -> bool:
        """Waits for a slot, and is in time for it; False: none comes while calls may begin."""
        while True:
            at, free = self._take()
            wait_seconds = at - time.monotonic()
            if wait_seconds > 0:
                if not budget.allows(wait_seconds):
                    return False
                budget.wait(wait_seconds)
            if not budget.open():
                return False
            if free and time.monotonic() <= at + LATE_SECONDS:
                return True

    def _take(self) -> tuple[float, bool]:
        """When, and whether that is a slot, or only the time to look again."""
        with self._lock:
            at = self._slots.take(time.monotonic())
            if at is not None:
                return at, True
            reserved = self._reserve(self._slots.wanted)
            if not reserved.slots:
                return reserved.first_at, False
            self._slots.add(reserved)
            at = self._slots.take(time.monotonic())
            return (reserved.first_at, False) if at is None else (at, True)
