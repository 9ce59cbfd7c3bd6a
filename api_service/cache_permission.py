"""Whether this process may answer from the cache now (see `shared.db.cache_closure`)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from shared.db import cache_closure
from shared.db.cache_closure import CLOSED_SECONDS, LOOK_SECONDS, Closure
from shared.db.engine import Session, Sessions
from shared.db.errors import perform
from shared.log import get_logger

log = get_logger(__name__)

LOOK_AGAIN_SECONDS: Final = LOOK_SECONDS / 2
"""From then on one thread looks again, while the others still go by what was seen."""
MARGIN_SECONDS: Final = 0.05
LONG_ENOUGH_SECONDS: Final = CLOSED_SECONDS / 2


class Seen(NamedTuple):
    """What the database said, and when it was asked, by this process's monotonic clock.

    `known_since`: when this process first heard of that closure, which was committed then.
    """

    closure: Closure
    asked_at: float
    known_since: float


class Permission:
    """One process's leave to use the cache, good for LOOK_SECONDS from when the database was asked."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._seen: Seen | None = None
        self._turn = threading.Lock()

    def granted(self) -> bool:
        """Whether an answer may come from the cache. Raises Unavailable when the database does not say."""
        seen = self._seen
        if seen is None or _age(seen) >= LOOK_AGAIN_SECONDS:
            seen = self._look(wait=seen is None or _age(seen) >= LOOK_SECONDS) or seen
        # Looked up by a slow database, it may be too old already.
        return seen is not None and seen.closure.closed_yet <= 0 and _age(seen) < LOOK_SECONDS

    def withdraw(self) -> None:
        """Returns when no process answers any more with what was kept before. Raises Unavailable when it cannot.

        Comes after the commit of what changed: then a closure in force means that what is kept later knows of it.
        """
        seen = self._seen
        if seen is None or seen.closure.closed_yet - _age(seen) <= LONG_ENOUGH_SECONDS:
            seen = self._ask(cache_closure.close)
        # Others may have looked just before the closure was committed, which was before we heard of it.
        wait_seconds = seen.known_since + LOOK_SECONDS + MARGIN_SECONDS - time.monotonic()
        if wait_seconds > 0:
            log.warning("the cache is closed", seconds=CLOSED_SECONDS)
            time.sleep(wait_seconds)

    def _look(self, *, wait: bool) -> Seen | None:
        """Asks the database; those that waited for their turn find what the first one saw. None: not our turn.

        Nobody waits for long: a frozen database is asked by all at once for what they want of it, not one by one.
        """
        if not self._turn.acquire(timeout=LOOK_SECONDS if wait else 0):
            return None
        try:
            seen = self._seen
            return self._ask(cache_closure.look) if seen is None or _age(seen) >= LOOK_AGAIN_SECONDS else seen
        finally:
            self._turn.release()

    def _ask(self, question: Callable[[Session], Closure]) -> Seen:
        asked_at = time.monotonic()
        closure = perform(self._sessions, question)
        before = self._seen
        same = before is not None and before.closure.closed_at == closure.closed_at
        known_since = before.known_since if before is not None and same else time.monotonic()
        self._seen = Seen(closure, asked_at, known_since)
        return self._seen


def _age(seen: Seen) -> float:
    return time.monotonic() - seen.asked_at
