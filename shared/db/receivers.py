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
# Calls that fail together are one failure: each but the first finds a wait that is not over.
TROUBLE = text("""
INSERT INTO receiver AS r (url_hash, failures, wait_until)
VALUES (:url, 1, clock_timestamp() + make_interval(secs => greatest(:asked, 1)))
ON CONFLICT (url_hash) DO UPDATE SET
  failures = r.failures + CASE WHEN r.wait_until > clock_timestamp() THEN 0 ELSE 1 END,
  wait_until = greatest(r.wait_until,
    clock_timestamp() + make_interval(secs => greatest(:asked, least(:most, power(2, least(r.failures, 10))))))
RETURNING extract(epoch FROM wait_until - clock_timestamp())::float
""")
WELL = text("""
UPDATE receiver SET failures = 0, wait_until = NULL
WHERE url_hash = :url AND failures > 0 AND (wait_until IS NULL OR wait_until <= clock_timestamp())
""")
GONE = text("""
INSERT INTO receiver AS r (url_hash, gone_at) VALUES (:url, clock_timestamp())
ON CONFLICT (url_hash) DO UPDATE SET gone_at = clock_timestamp() WHERE r.gone_at IS NULL
RETURNING true
""")
GONE_SINCE = text("SELECT min(gone_at) FROM receiver WHERE :url IS NULL OR url_hash = :url")
ASK_AGAIN = text("DELETE FROM receiver WHERE gone_at IS NOT NULL")


class Standing(NamedTuple):
    """`failures`: how often in a row it failed; `may_be_called`: whether it did not ask, or show, to be left alone."""

    failures: int
    may_be_called: bool


def standing(session: Session, url: str) -> Standing:
    """What is known of the receiver at this URL."""
    row = session.execute(STANDING, {"url": _hash(url)}).one_or_none()
    return Standing(0, True) if row is None else Standing(row.failures, not (row.is_gone or row.waits))


def in_trouble(session: Session, url: str, retry_after_seconds: float | None) -> float:
    """It failed; for how many seconds nobody calls it: at least as long as it asked for, and longer each time."""
    values = {"url": _hash(url), "asked": retry_after_seconds or 0.0, "most": MOST_SECONDS}
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


def ask_again(session: Session) -> None:
    """Whoever wanted no more is called again."""
    session.execute(ASK_AGAIN)


def _hash(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()
