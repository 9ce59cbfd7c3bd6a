"""What our own clock shows at an instant of the database's: workers on several hosts share no other."""

from __future__ import annotations

import math
from typing import Final

DRIFT: Final = 1e-4
"""By so much of the time that passes two clocks may run apart; what is kept at its time by NTP runs at half of it."""


class DatabaseClock:
    """Bounds of the difference, from all answers so far: a slow one says little, and costs nothing of what was known.

    Pure: times are arguments, in seconds.
    """

    def __init__(self) -> None:
        self._least, self._most = -math.inf, math.inf
        self._noted_at = 0.0

    def note(self, at: float, *, asked_at: float, answered_at: float) -> None:
        """The database's clock showed `at` between these two times of ours. Bounds that contradict those before
        replace them: a clock was set."""
        drift = DRIFT * (answered_at - self._noted_at)
        least, most = max(self._least - drift, asked_at - at), min(self._most + drift, answered_at - at)
        if least > most:
            least, most = asked_at - at, answered_at - at
        self._least, self._most, self._noted_at = least, most, answered_at

    def ours(self, at: float) -> tuple[float, float]:
        """The first and the last time that our clock may show at that instant of the database's."""
        return at + self._least, at + self._most
