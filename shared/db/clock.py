"""Business time: the database's clock in the business time zone, read in the transaction that decides (D1)."""

from __future__ import annotations

import dataclasses
import math

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.domain.days import BusinessNow, business_time
from shared.settings import BusinessClock


def business_now(session: Session, clock: BusinessClock) -> BusinessNow:
    """The business time of this transaction; `BUSINESS_DATE` freezes it, otherwise the database's clock says."""
    instant = clock.frozen or session.execute(text("SELECT clock_timestamp()")).scalar_one()
    now = business_time(
        instant, clock.zone, opens_at=clock.opens_at, cutoff_at=clock.cutoff_at, retry_at=clock.retry_at
    )
    return dataclasses.replace(now, seconds_to_cutoff=math.inf) if clock.frozen else now
