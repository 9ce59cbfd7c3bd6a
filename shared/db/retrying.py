"""Transactions that are tried again when PostgreSQL says that trying again is the mend."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from shared.db.engine import Sessions

T = TypeVar("T")

DatabaseError = DBAPIError
"""What the driver raises, for callers that only report it."""

SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"
TRIES = 5
PAUSE_SECONDS_MAX = 2.0


def transact(sessions: Sessions, work: Callable[[Session], T], *, patience_seconds: float = 0.0) -> T:
    """Runs `work` in a transaction and commits; runs it again after a serialisation failure or a deadlock.

    With patience, also after a lost connection or a server that starts up, until so many seconds have passed.
    A commit that raised may have happened: give patience only to work that looks before it writes.
    """
    give_up_at = time.monotonic() + patience_seconds
    tries = 0
    while True:
        tries += 1
        try:
            with sessions.begin() as session:
                return work(session)
        except DBAPIError as error:
            again = tries < TRIES if is_conflict(error) else time.monotonic() < give_up_at and is_lost(error)
            if not again:
                raise
        time.sleep(random.uniform(0, min(PAUSE_SECONDS_MAX, 0.02 * 2**tries)))  # noqa: S311 - only jitter


def is_conflict(error: DBAPIError) -> bool:
    """Whether another transaction was in the way, and this one may simply run again."""
    return getattr(error.orig, "pgcode", None) in (SERIALIZATION_FAILURE, DEADLOCK_DETECTED)


def is_lost(error: DBAPIError) -> bool:
    """Whether the server went away, shut the connection (class 57P), or cannot be reached (class 08)."""
    code = getattr(error.orig, "pgcode", None) or ""
    return error.connection_invalidated or not code or code[:3] == "57P" or code[:2] == "08"
