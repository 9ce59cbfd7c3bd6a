"""The receiver of notices as all senders know it: whether it may be called, and from when on."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST_SECONDS: Final = 30.0
"""A receiver that is away is called once in so long, with what is due first."""

STANDING = text("""
SELECT failures, gone_at IS NOT NULL AS is_gone, coalesce(wait_until > clock_timestamp(), false) AS waits
FROM receiver WHERE url_hash = :url
""")
# Calls that fail together are one failure, and the longest wait among them holds. One that was made alone, to find out,
# ends the wait that it was given.
TROUBLE = text("""
INSERT INTO receiver AS r (url_hash, failures, wait_until)
VALUES (:url, :failures, clock_timestamp() + make_interval(secs => :seconds))
ON CONFLICT (url_hash) DO UPDATE SET failures = greatest(r.failures, excluded.failures),
  wait_until = CASE WHEN :failures > 1 THEN excluded.wait_until ELSE greatest(r.wait_until, excluded.wait_until) END
RETURNING extract(epoch FROM wait_until - clock_timestamp())::float
""")
ALONE = text("""
UPDATE receiver SET wait_until = clock_timestamp() + make_interval(secs => :seconds)
WHERE url_hash = :url AND gone_at IS NULL AND (wait_until IS NULL OR wait_until <= clock_timestamp())
RETURNING true
""")
NOT_CALLED = text("UPDATE receiver SET wait_until = NULL WHERE url_hash = :url")
WELL = text("UPDATE receiver SET failures = 0, wait_until = NULL WHERE url_hash = :url")
GONE = text("""
INSERT INTO receiver AS r (url_hash, gone_at) VALUES (:url, clock_timestamp())
ON CONFLICT (url_hash) DO UPDATE SET gone_at = clock_timestamp() WHERE r.gone_at IS NULL
RETURNING true
""")
GONE_SINCE = text("SELECT min(gone_at) FROM receiver WHERE :url IS NULL OR url_hash = :url")
ASK_AGAIN = text("""
DELETE FROM receiver WHERE gone_at IS NOT NULL OR wait_until > clock_timestamp() RETURNING true
""")


class Standing(NamedTuple):
    """`failures`: how often in a row it failed; `may_be_called`: whether it did not ask, or show, to be left alone."""

    failures: int
    may_be_called: bool


def standing(session: Session, url: str) -> Standing:
    """What is known of the receiver at this URL."""
    row = session.execute(STANDING, {"url": _hash(url)}).one_or_none()
    return Standing(0, True) if row is None else Standing(row.failures, not (row.is_gone or row.waits))


def call_alone(session: Session, url: str, *, seconds: float) -> bool:
    """Whether nobody else finds out meanwhile if a receiver that failed is back; nobody does for so long."""
    return session.execute(ALONE, {"url": _hash(url), "seconds": seconds}).one_or_none() is not None


def not_called(session: Session, url: str) -> None:
    """There was nothing to call it with: the next may find out."""
    session.execute(NOT_CALLED, {"url": _hash(url)})


def in_trouble(session: Session, url: str, before: Standing, retry_after_seconds: float | None) -> float:
    """A call failed that was made when it stood so; for how many seconds nobody calls it: at least as long as it asked
    for, and longer each time."""
    wait = max(min(MOST_SECONDS, 2.0 ** min(before.failures, 10)), retry_after_seconds or 0.0)
    values = {"url": _hash(url), "failures": before.failures + 1, "seconds": wait}
    seconds: float = session.execute(TROUBLE, values).scalar_one()
    return seconds


def is_well(session: Session, url: str) -> None:
    """It took a body, so that the next failure is a first one."""
    session.execute(WELL, {"url": _hash(url)})


def is_gone(session: Session, url: str) -> bool:
    """It wants no more of us; whether that is news."""
    return session.execute(GONE, {"url": _hash(url)}).one_or_none() is not None


def gone_since(session: Session, url: str | None) -> datetime | None:
    """Since when the receiver at this URL, or any where that is not known, wants no more."""
    found: datetime | None = session.scalar(GONE_SINCE, {"url": None if url is None else _hash(url)})
    return found


def ask_again(session: Session) -> bool:
    """Whoever wanted no more, or asked for a long wait, is called again; whether there was one."""
    return bool(session.execute(ASK_AGAIN).all())


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
