"""Keeping to a rate that all workers share: a call begins only in a slot that was reserved for it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from worker_service.gateway.budget import Budget

LATE_SECONDS: Final = 0.02
"""A slot is used at most so long after its time; then it is thrown away, lest calls that were late crowd together."""
ON_THE_WAY_SECONDS: Final = 0.01
"""By so much calls may differ in what passes between their start here and their arrival there."""
CHUNK_SECONDS: Final = 0.1
"""Slots are reserved at most so far apart in one go: what is not used of them is lost to all."""


class Reserved(NamedTuple):
    """`slots` of them, `interval` seconds apart, the first at `first_at` on this host's monotonic clock; 0: look again
    then. Each may be used for `late_seconds`."""

    first_at: float
    slots: int
    interval: float = 0.0
    late_seconds: float = LATE_SECONDS


Reserve: TypeAlias = Callable[[int], Reserved]
"""Reserves so many slots for this worker. It raises nothing: without an answer nothing is free."""


def interval_seconds(max_rps: float) -> float:
    """Between two slots, so that in no second more than `max_rps` calls arrive, however late within the limits.

    One more than fit into a second must span more than a second: `calls * interval - late - on the way >= 1`. That
    leaves 97 % of the rate. Below one a second, two must be 1 / max_rps apart.
    """
    loose = LATE_SECONDS + ON_THE_WAY_SECONDS
    return (1.0 + loose) / int(max_rps) if max_rps >= 1 else 1.0 / max_rps + loose


def slots_at_once(interval: float) -> int:
    """How many slots so many seconds apart may be reserved in one go."""
    return max(1, int(CHUNK_SECONDS / interval))


class Slots:
    """This worker's reserved slots, in order. Pure: time is an argument, on one clock."""

    def __init__(self) -> None:
        self._reserved = Reserved(0.0, 0)
        self._next_at = 0.0
        self._left = 0

    def add(self, reserved: Reserved) -> None:
        """Takes over reserved slots; any that were left are thrown away."""
        self._reserved = reserved
        self._next_at, self._left = reserved.first_at, reserved.slots

    def take(self, now: float) -> float | None:
        """The next slot that is not past, also one that lies ahead; None: there is none."""
        while self._left:
            at = self._next_at
            self._next_at += self._reserved.interval
            self._left -= 1
            if now <= self.until(at):
                return at
        return None

    def until(self, at: float) -> float:
        """How late the slot of that time may be used."""
        return at + self._reserved.late_seconds

    def wanted(self, waiting: int) -> int:
        """How many to reserve for so many threads that wait for one now.

        In the time of a slot that is reserved here and not used nobody else sends: none is reserved for a thread that
        may not be back from its call by then.
        """
        interval = self._reserved.interval
        return min(waiting, slots_at_once(interval)) if interval else waiting


class Pace:
    """Slots for the threads of one worker, reserved for all that wait at once."""

    def __init__(self, reserve: Reserve) -> None:
        self._reserve = reserve
        self._slots = Slots()
        self._waiting: deque[None] = deque()
        self._lock = threading.Lock()

    def wait(self, budget: Budget) -> bool:
        """Waits for a slot, and is in time for it; False: none comes while calls may begin."""
        while True:
            at, until = self._take()
            wait_seconds = at - time.monotonic()
            if wait_seconds > 0:
                if not budget.allows(wait_seconds):
                    return False
                budget.wait(wait_seconds)
            if not budget.open():
                return False
            if until is not None and time.monotonic() <= until:
                return True

    def _take(self) -> tuple[float, float | None]:
        """When, and until when that slot may be used; None: it is only the time to look again."""
        self._waiting.append(None)
        with self._lock:
            try:
                at = self._slots.take(time.monotonic())
                if at is None:
                    reserved = self._reserve(self._slots.wanted(len(self._waiting)))
                    if not reserved.slots:
                        return reserved.first_at, None
                    self._slots.add(reserved)
                    at = self._slots.take(time.monotonic())
                return (reserved.first_at, None) if at is None else (at, self._slots.until(at))
            finally:
                self._waiting.pop()
