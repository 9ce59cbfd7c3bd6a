"""Where the gateway's calls get their slots: the provider's row, on the database's clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from shared.db import call_slots, providers, spreads
from shared.db.engine import Session, Sessions
from shared.db.retrying import DatabaseError, transact
from shared.settings import Settings
from worker_service.database_clock import DatabaseClock
from worker_service.gateway.pace import LATE_SECONDS, Reserve, Reserved, interval_seconds, slots_at_once

LOOK_AGAIN_SECONDS: Final = 0.02
UNREACHABLE_SECONDS: Final = 0.5
AT_WILL: Final = 1000
"""So many slots, all of them now, while nothing limits the calls."""
SPREAD_LOOK_SECONDS: Final = 5.0
"""How long a worker believes what is left of the day; on the heaviest one the sum takes some 30 ms."""


def reserving(settings: Settings, sessions: Callable[[], Sessions]) -> Reserve | None:
    """How this worker reserves slots, in a small transaction of its own; None where nothing limits its calls."""
    if not settings.provider.max_rps and settings.provider.spread_until is None:
        return None
    return _Reserving(settings, sessions)


class _Reserving:
    """Slots at the provider's `max_rps`, farther apart while the day's calls are spread. One thread asks at a time."""

    def __init__(self, settings: Settings, sessions: Callable[[], Sessions]) -> None:
        self._settings = settings
        self._sessions = sessions
        self._fastest = interval_seconds(settings.provider.max_rps) if settings.provider.max_rps else 0.0
        self._spread = 0.0
        self._looked_at = float("-inf")
        self._clock = DatabaseClock()

    def __call__(self, count: int) -> Reserved:
        try:
            interval = max(self._fastest, self._spread_seconds())
            if not interval:
                return Reserved(time.monotonic(), AT_WILL)
            slots = transact(self._sessions(), lambda session: self._reserve(session, count, interval))
        except DatabaseError:  # nobody can say what is free, so nothing is
            return Reserved(time.monotonic() + UNREACHABLE_SECONDS, 0)
        return self._ours(slots, interval)

    def _reserve(self, session: Session, count: int, interval: float) -> call_slots.Slots:
        name = self._settings.provider.name
        providers.lock(session, name)  # first, so that the time for which others hold it is not taken for the answer's
        asked_at = time.monotonic()
        count = min(count, slots_at_once(interval))  # a worker that has none yet cannot know
        slots = call_slots.reserve(session, name, count=count, interval_seconds=interval)
        self._clock.note(slots.asked_at, asked_at=asked_at, answered_at=time.monotonic())
        return slots

    def _ours(self, slots: call_slots.Slots, interval: float) -> Reserved:
        """The slots on our clock: never before their time, and never later than they may be used."""
        soonest, latest = self._clock.ours(slots.first_at)
        # Where calls are farther apart than they must be, one that is later by that much exceeds nothing.
        late_seconds = LATE_SECONDS + interval - self._fastest - (latest - soonest)
        if slots.reserved and late_seconds > 0:
            return Reserved(latest, slots.reserved, interval, late_seconds)
        return Reserved(max(time.monotonic() + LOOK_AGAIN_SECONDS, soonest - call_slots.AHEAD_SECONDS), 0)

    def _spread_seconds(self) -> float:
        if self._settings.provider.spread_until is None:
            return 0.0
        if time.monotonic() - self._looked_at > SPREAD_LOOK_SECONDS:
            self._spread = transact(self._sessions(), lambda session: spreads.call_seconds(session, self._settings))
            self._looked_at = time.monotonic()
        return self._spread
