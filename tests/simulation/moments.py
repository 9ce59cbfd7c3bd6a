"""Virtual time: whole seconds since midnight of the first day. London is on UTC then."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from shared.domain.days import BusinessNow, business_time

FIRST_DAY = date(2026, 3, 2)
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
ZONE = ZoneInfo("Europe/London")
DAY_SECONDS = 86_400

OPENS_AT = 9 * 60
RETRY_AT = 17 * 60 + 52
CUTOFF_AT = 18 * 60
BEGINS_AT = 17 * 3600 + 50 * 60
"""A day's story begins ten minutes before its cut-off and two before what was declined is tried again."""

Seconds = int


@cache
def instant(seconds: float) -> datetime:
    """The moment in UTC."""
    return MIDNIGHT + timedelta(seconds=seconds)


@cache
def business(seconds: Seconds) -> BusinessNow:
    """What the moment is for the business."""
    return business_time(instant(seconds), ZONE, opens_at=OPENS_AT, cutoff_at=CUTOFF_AT, retry_at=RETRY_AT)


@cache
def day(number: int) -> date:
    """The day so many days after the first."""
    return FIRST_DAY + timedelta(days=number)


def next_day(seconds: Seconds) -> Seconds:
    """When the story of the next day begins."""
    return (seconds // DAY_SECONDS + 1) * DAY_SECONDS + BEGINS_AT
