"""Days: what an instant is in the business time zone, and the instant of a local time (rules D1, D2).

A time of day is whole minutes since midnight, 0 to 1440: "24:00" is a time like any other, and times compare.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class BusinessNow:
    """The moment a transaction decides by: an aware instant, its local day, and what the hours of that day say.

    `seconds_to_cutoff` is infinite on a frozen clock. `retry_from`: when what was declined today may be tried again.
    """

    instant: datetime
    today: date
    opened: bool
    past_cutoff: bool
    seconds_to_cutoff: float
    retry_from: datetime

    @property
    def in_hours(self) -> bool:
        """Whether payments may be sent: from the opening on, before the cut-off (rules C2, D5)."""
        return self.opened and not self.past_cutoff

    def may_pay(self, run_date: date, *, is_paying: bool) -> bool:
        """Whether the events of that run may be claimed and sent now (rule C2)."""
        return is_paying and run_date == self.today and self.in_hours

    @property
    def tomorrow(self) -> date:
        return self.today + timedelta(days=1)

    def next_open_date(self, *, run_accepts: bool) -> date:
        """The first date that events may still be given (rule D2); not today when its run closes or is closed."""
        return self.today if run_accepts and not self.past_cutoff else self.tomorrow


def business_time(
    instant: datetime, zone: ZoneInfo, *, opens_at: Minutes, cutoff_at: Minutes, retry_at: Minutes
) -> BusinessNow:
    """What an aware instant is in the business time zone. Raises ValueError for one without a time zone.

    Instants are compared, not the clock's figures: in an hour that the clock repeats they fall back behind a cut-off
    that was passed, and the day would open again.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    today = instant.astimezone(zone).date()
    left = (local_instant(today, cutoff_at, zone) - instant).total_seconds()
    opened = instant >= local_instant(today, opens_at, zone)
    return BusinessNow(instant, today, opened, left <= 0, left, local_instant(today, retry_at, zone))


def local_instant(day: date, at: Minutes, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, of a local time of day (rule D1).

    A time that a clock change skips is the first instant after it; of a time that comes twice, the first.
    """
    local = datetime.combine(day, time(), tzinfo=zone) + timedelta(minutes=at)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    return _change_between(local.replace(fold=1).astimezone(UTC), instant, zone)


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
