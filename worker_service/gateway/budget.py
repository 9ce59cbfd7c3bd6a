"""Until when calls may begin."""

from __future__ import annotations

import threading
import time


class Budget:
    """The time in which one worker's calls for one part may begin (rule C3); shared by its threads.

    `last_start` is a `time.monotonic()` value: nothing begins at or after it. `stop` ends it sooner and wakes
    whoever waits.
    """

    def __init__(self, last_start: float, stopped: threading.Event | None = None) -> None:
        self._last_start = last_start
        self._stopped = stopped or threading.Event()

    def open(self) -> bool:
        """Whether a call may begin now."""
        return time.monotonic() < self._last_start and not self._stopped.is_set()

    def allows(self, wait_seconds: float) -> bool:
        """Whether a call may still begin after waiting so long."""
        return time.monotonic() + wait_seconds < self._last_start and not self._stopped.is_set()

    def wait(self, seconds: float) -> None:
        self._stopped.wait(seconds)

    def stop(self) -> None:
        self._stopped.set()
