"""Whether answers may come from the cache: closed for a while when a change could not be told to it.

Whoever answers from the cache looks here once in `LOOK_SECONDS`. So `LOOK_SECONDS` after it was closed nobody answers
from it any more, wherever the cache can still be reached from.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import text

from shared.db.engine import Session

LOOK_SECONDS: Final = 1.0
CLOSED_SECONDS: Final = 15.0
"""Longer than LOOK_SECONDS and the age of any answer: what was kept before is too old when it is opened again."""

LOOK = text("""
SELECT closed_at, extract(epoch FROM closed_until - clock_timestamp())::float AS closed_yet FROM cache_closure
""")
CLOSE = text("""
UPDATE cache_closure SET closed_until = clock_timestamp() + make_interval(secs => :seconds),
  closed_at = CASE WHEN closed_until > clock_timestamp() THEN closed_at ELSE clock_timestamp() END
RETURNING closed_at, extract(epoch FROM closed_until - clock_timestamp())::float AS closed_yet
""")


class Closure(NamedTuple):
    """When it was closed last, which names the closure, and in how many seconds it is open; negative: it is."""

    closed_at: datetime
    closed_yet: float


def look(session: Session) -> Closure:
    """How it stands now."""
    return Closure(*session.execute(LOOK).one())


def close(session: Session) -> Closure:
    """Closes it for CLOSED_SECONDS from now; one that is closed stays closed from when it was."""
    return Closure(*session.execute(CLOSE, {"seconds": CLOSED_SECONDS}).one())
