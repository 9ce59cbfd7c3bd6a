"""How long a server asks us to stay away (RFC 9110, 10.2.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from shared.clock import utc_now
from worker_service.calling.reply import Headers

RETRY_AFTER_MAX_SECONDS = 300.0
"""Of a provider longer is absurd: nobody knows now what will be in an hour, and the day has a cut-off."""


def retry_after_seconds(
    headers: Headers, now: Callable[[], datetime] = utc_now, *, most: float = RETRY_AFTER_MAX_SECONDS
) -> float | None:
    """Seconds from `Retry-After`, 0 to `most`; None if absent or not understood.

    A date is measured against the answer's own `Date`, so that two clocks that disagree do no harm; without one
    against `now`.
    """
    text = headers.get("Retry-After")
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), most)
    until = _date(text)
    if until is None:
        return None
    seconds = (until - (_date(headers.get("Date", "")) or now())).total_seconds()
    return min(max(seconds, 0.0), most)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
