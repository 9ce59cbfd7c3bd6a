"""Business time: the database's clock in the business time zone, read in the transaction that decides (D1)."""

from __future__ import annotations

import dataclasses
import math
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.domain.days import BusinessNow, business_time
from shared.settings import BusinessClock

NOTED: Final = "database's clock"
CLOCK: Final = text("SELECT clock_timestamp()")


def note(session: Session, instant: datetime) -> None:
    """What the database's clock said in this transaction just now, beside another answer: the next who asks need not
    ask again."""
    session.info[NOTED] = instant


def business_now(session: Session, clock: BusinessClock) -> BusinessNow:
    """The business time of this transaction; `BUSINESS_DATE` freezes it, otherwise the database's clock says."""
    instant = clock.frozen or session.info.pop(NOTED, None) or session.execute(CLOCK).scalar_one()
    now = business_time(
        instant, clock.zone, opens_at=clock.opens_at, cutoff_at=clock.cutoff_at, retry_at=clock.retry_at
    )
    return dataclasses.replace(now, seconds_to_cutoff=math.inf) if clock.frozen else now
