"""Days: which business day and minute an instant is, and the instant of a local time (rules D1, D2).

A time of day is whole minutes since midnight, 0 to 1440: "24:00" is a time like any other, and times compare.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

Minutes: TypeAlias = int
"""Minutes since local midnight, 0 to 1440."""

_LOCAL_TIME = re.compile(r"\A([01][0-9]|2[0-3]):([0-5][0-9])\Z")
_END_OF_DAY: Minutes = 24 * 60


def parse_local_time(text: str) -> Minutes:
    """The minutes of "00:00" to "24:00". Raises ValueError for anything else."""
    if text == "24:00":
        return _END_OF_DAY
    match = _LOCAL_TIME.match(text)
    if match is None:
        raise ValueError(f"{text!r} is not a time of day between 00:00 and 24:00")
    return int(match[1]) * 60 + int(match[2])


def business_day(now: datetime, zone: ZoneInfo) -> tuple[date, time]:
    """The local date and time of day of an aware instant. To decide by the time, take `business_minute`."""
    if now.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    local = now.astimezone(zone)
    return local.date(), local.time()


def business_minute(now: datetime, zone: ZoneInfo) -> tuple[date, Minutes]:
    """The local date of an aware instant, and the last minute of that day that has come.

    That is the clock's minute, but for an hour that the clock repeats: there the clock falls back behind a
    cut-off that was passed, and the day would open again. So `minute >= at` holds exactly from
    `local_instant(day, at, zone)` on, whatever the clock does.
    """
    today, at = business_day(now, zone)
    if not at.fold:
        return today, at.hour * 60 + at.minute
    minutes = range(_END_OF_DAY + 1)
    return today, bisect_right(minutes, now, key=lambda minute: local_instant(today, minute, zone)) - 1


def local_instant(day: date, at: Minutes, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, of a local time of day (rule D1).

    A time that a clock change skips is the first instant after it; of a time that comes twice, the first.
    """
    local = datetime.combine(day, time(), tzinfo=zone) + timedelta(minutes=at)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    return _change_between(local.replace(fold=1).astimezone(UTC), instant, zone)


def next_open_date(today: date, minutes_now: Minutes, cutoff_minutes: Minutes, run_accepts: bool) -> date:
    """The first date that events may still be given (rule D2).

    `minutes_now` as `business_minute` gives it; `run_accepts`: today's run is not closing or closed.
    """
    is_open = run_accepts and minutes_now < cutoff_minutes
    return today if is_open else today + timedelta(days=1)


def within_hours(minutes_now: Minutes, opens: Minutes, cutoff: Minutes) -> bool:
    """Whether payments may be sent: from `opens` on, before `cutoff` (rules C2, D5)."""
    return opens <= minutes_now < cutoff


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first second after `before` with the offset of `after`: the one clock change between the two."""
    seconds = range(int((after - before).total_seconds()) + 1)
    offset = after.astimezone(zone).utcoffset()
    found = bisect_left(
        seconds,
        True,
        key=lambda second: (before + timedelta(seconds=second)).astimezone(zone).utcoffset() == offset,
    )
    return before + timedelta(seconds=found)
