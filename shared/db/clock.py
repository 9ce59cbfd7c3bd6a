"""Business time: the database's clock in the business time zone, read in the transaction that decides (D1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.domain.days import local_instant
from shared.settings import BusinessClock


@dataclass(frozen=True, slots=True)
class BusinessNow:
    """The moment a transaction decides by: an aware instant, its local day, and whether a run may pay now.

    `seconds_to_cutoff` is infinite on a frozen clock.
    """

    instant: datetime
    today: date
    opened: bool
    past_cutoff: bool
    seconds_to_cutoff: float

    @property
    def in_hours(self) -> bool:
        return self.opened and not self.past_cutoff

    @property
    def tomorrow(self) -> date:
        return self.today + timedelta(days=1)


def business_now(session: Session, clock: BusinessClock) -> BusinessNow:
    """The business time of this transaction; `BUSINESS_DATE` freezes it, otherwise the database's clock says."""
    instant = clock.frozen
    if instant is None:
        instant = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return business_time(instant, clock)


def business_time(instant: datetime, clock: BusinessClock) -> BusinessNow:
    """The business time at an aware instant."""
    today = instant.astimezone(clock.zone).date()
    opened = instant >= local_instant(today, clock.opens_at, clock.zone)
    left = (local_instant(today, clock.cutoff_at, clock.zone) - instant).total_seconds()
    return BusinessNow(instant, today, opened, left <= 0, math.inf if clock.frozen else left)
