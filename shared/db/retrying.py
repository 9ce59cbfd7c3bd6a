"""Transactions that are tried again when PostgreSQL says that trying again is the mend."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from shared.db import touched
from shared.db.engine import Sessions

T = TypeVar("T")

DatabaseError = DBAPIError
"""What the driver raises, for callers that only report it."""

SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"
LOCK_NOT_AVAILABLE = "55P03"
QUERY_CANCELED = "57014"
TRIES = 5
PAUSE_SECONDS_MAX = 2.0


class Again(Exception):
    """What was read before the locks were taken has changed; the transaction runs again from its start."""


def transact(sessions: Sessions, work: Callable[[Session], T], *, patience_seconds: float = 0.0) -> T:
    """Runs `work` in a transaction and commits; runs it again after a serialisation failure or a deadlock.

    With patience, also after a time-out, a lost connection, a full or a starting server, until so many seconds have
    passed.
    A commit that raised may have happened: give patience only to work that looks before it writes.
    """
    give_up_at = time.monotonic() + patience_seconds
    tries = 0
    while True:
        tries += 1
        try:
            with sessions() as session:
                try:
                    with session.begin():
                        return work(session)
                finally:
                    touched.tell(session)
        except Again:
            if tries >= TRIES:
                raise
        except DBAPIError as error:
            patient = time.monotonic() < give_up_at and (is_passing(error) or is_conflict(error))
            if not patient and not (is_conflict(error) and tries < TRIES):
                raise
        time.sleep(random.uniform(0, min(PAUSE_SECONDS_MAX, 0.02 * 2**tries)))  # noqa: S311 - only jitter


def is_conflict(error: DBAPIError) -> bool:
    """Whether another transaction was in the way, and this one may simply run again."""
    return getattr(error.orig, "pgcode", None) in (SERIALIZATION_FAILURE, DEADLOCK_DETECTED)


def is_passing(error: DBAPIError) -> bool:
    """Whether it may be over soon: a time-out, a server that is gone (08), shuts down (57P) or is full (53)."""
    code = getattr(error.orig, "pgcode", None) or ""
    passing = code in (LOCK_NOT_AVAILABLE, QUERY_CANCELED) or code[:3] == "57P" or code[:2] in ("08", "53")
    return error.connection_invalidated or not code or passing
