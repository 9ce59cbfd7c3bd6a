"""What becomes of a claimed or unknown event that was proven not paid (rule C6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from shared.domain.books import Heading
from shared.domain.lifecycle import CancelReason, EventStatus
from shared.domain.recurrence import Rule


@dataclass(frozen=True, slots=True)
class Fate:
    """The status an event returns to; anything but `scheduled` leaves the run, booked under `heading`."""

    status: EventStatus
    cancel_reason: CancelReason | None = None
    heading: Heading | None = None


SCHEDULED = Fate(EventStatus.SCHEDULED)
SCHEDULE_CANCELLED = Fate(EventStatus.CANCELLED, CancelReason.SCHEDULE_CANCELLED, Heading.WITHDRAWN)
SUPERSEDED = Fate(EventStatus.CANCELLED, CancelReason.SUPERSEDED, Heading.WITHDRAWN)
MISSED = Fate(EventStatus.MISSED, None, Heading.MISSED)


def fate(*, cancelled: bool, rule: Rule, nominal_date: date, event_date: date, pay_late: int, today: date) -> Fate:
    """The fate of an event whose schedule stands as given; the caller holds the schedule's lock.

    `pay_late` is in calendar days, inclusive.
    """
    if cancelled:
        return SCHEDULE_CANCELLED
    if rule.sequence_on(nominal_date) is None:
        return SUPERSEDED
    if event_date + timedelta(days=pay_late) < today:
        return MISSED
    return SCHEDULED
