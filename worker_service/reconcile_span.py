"""The time whose payments are compared with the provider's record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from shared.db import reconciliation
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.errors import perform
from shared.domain.days import local_instant
from worker_service.service import Service

CLOCKS_APART = timedelta(minutes=5)
"""By so much the provider's clock may differ from ours: at the seams of a day its statement may have another date."""


class DayToCome(Exception):
    """The day to compare has not begun."""


@dataclass(frozen=True, slots=True)
class Span:
    """A business day as instants: `start` inclusive, `end` exclusive; within `seam` of them it is unsure which day the
    provider's clock shows."""

    day: date
    start: datetime
    end: datetime
    seam: timedelta = CLOCKS_APART

    @property
    def first(self) -> date:
        """The first UTC date to read: a day more to each side, for payments at the seams."""
        return self.start.astimezone(UTC).date() - timedelta(days=1)

    @property
    def last(self) -> date:
        return (self.end - timedelta(microseconds=1)).astimezone(UTC).date() + timedelta(days=1)

    def covered(self, *, neighbours: bool) -> tuple[datetime, datetime]:
        """From when to when the record holds every payment; `neighbours`: the days to each side were read too."""
        if not neighbours:
            return self.start + self.seam, self.end - self.seam
        midnight = datetime.min.time()
        first = datetime.combine(self.first, midnight, UTC)
        return first + self.seam, datetime.combine(self.last, midnight, UTC) + timedelta(days=1) - self.seam


def span_of(service: Service, day: date | None) -> Span:
    """The instants of a business day, yesterday if None. Raises DayToCome.

    Where the business clock is frozen, payments are not made on the day that they are booked on: then it is the time
    in which its run was open.
    """
    business = service.settings.business

    def work(session: Session) -> Span:
        today = business_now(session, business).today
        asked = day or today - timedelta(days=1)
        if asked > today:
            raise DayToCome
        if business.frozen is not None:
            return Span(asked, *reconciliation.run_span(session, asked), seam=timedelta())
        start, end = (local_instant(each, 0, business.zone) for each in (asked, asked + timedelta(days=1)))
        return Span(asked, start, end)

    return perform(service.sessions, work)
