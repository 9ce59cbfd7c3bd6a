"""What users were answered and may rely on."""

from __future__ import annotations

import threading
import time
from random import Random


class Promises:
    """Cancellations that were answered with 200, and when (seconds since 1970); used by several threads."""

    def __init__(self) -> None:
        self.events: dict[str, float] = {}
        self.schedules: dict[str, float] = {}
        self.faults: dict[str, int] = {}
        self.older_pages: list[str] = []
        self._taken_back: set[str] = set()
        self._lock = threading.Lock()

    def event_cancelled(self, event_id: str) -> None:
        with self._lock:
            if event_id not in self._taken_back:  # another user may be taking it back at this moment
                self.events[event_id] = time.time()

    def schedule_cancelled(self, schedule_id: str) -> None:
        with self._lock:
            self.schedules[schedule_id] = time.time()

    def take_skipped(self, rng: Random) -> str | None:
        """An event that was skipped; no longer promised, because it is about to be taken back."""
        with self._lock:
            if not self.events:
                return None
            event_id = rng.choice(sorted(self.events))
            del self.events[event_id]
            self._taken_back.add(event_id)
            return event_id

    def older_page(self, event_id: str) -> None:
        """A user was shown the event as it was before the user's own change."""
        with self._lock:
            self.older_pages.append(event_id)

    def note_fault(self, method: str, path: str, status: int) -> None:
        """Counts what was answered with a fault of ours."""
        kind = path.split("?")[0].split("/")[2]
        with self._lock:
            name = f"{status} {method} {kind}"
            self.faults[name] = self.faults.get(name, 0) + 1
