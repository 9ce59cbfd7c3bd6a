"""What becomes of a claimed or unknown event that was proven not paid (rule C6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Day  # noqa: N812 - an event has a field named date
from datetime import timedelta
from typing import NamedTuple

from shared.domain.books import Heading
from shared.domain.entries import Window, covered
from shared.domain.lifecycle import CancelReason, EventStatus
from shared.domain.timeline import Occurrence, Timeline


@dataclass(frozen=True, slots=True)
class Fate:
    """The status an event returns to; with a `heading` it leaves the run, booked there, and without one it waits again.

    `retried`: it keeps the day on which it is tried again.
    """

    status: EventStatus
    cancel_reason: CancelReason | None = None
    heading: Heading | None = None
    retried: bool = False


class Returning(NamedTuple):
    """What a returning event has of its own; `revision` is the one whose terms it took."""

    nominal_date: Day
    date: Day
    sequence: int
    revision: int
    overridden: bool
    retry_on: Day | None = None


SCHEDULED = Fate(EventStatus.SCHEDULED)
PAUSED = Fate(EventStatus.PAUSED, None, Heading.WITHDRAWN)
SCHEDULE_CANCELLED = Fate(EventStatus.CANCELLED, CancelReason.SCHEDULE_CANCELLED, Heading.WITHDRAWN)
SUPERSEDED = Fate(EventStatus.CANCELLED, CancelReason.SUPERSEDED, Heading.WITHDRAWN)
MISSED = Fate(EventStatus.MISSED, None, Heading.MISSED)
TRIED_AGAIN = Fate(EventStatus.FAILED, None, None, retried=True)
DECLINED = Fate(EventStatus.FAILED, None, Heading.DECLINED)


def fate(
    event: Returning, *, cancelled: bool, timeline: Timeline, pauses: Sequence[Window], pay_late: int, today: Day
) -> Fate:
    """The fate of an event whose schedule stands as given; the caller holds the schedule's lock.

    `pay_late` is in calendar days, inclusive. A declined event that was tried again goes back to waiting for that,
    counted from its retry day (rule D5); a rule change leaves it alone (rule S4).
    """
    if cancelled:
        return SCHEDULE_CANCELLED
    if event.retry_on is not None:
        over = event.retry_on + timedelta(days=pay_late) < today
        return DECLINED if over or covered(event.retry_on, pauses) else TRIED_AGAIN
    if not belongs(event.nominal_date, event.revision, timeline):
        return SUPERSEDED
    if event.date + timedelta(days=pay_late) < today:
        return MISSED
    return PAUSED if covered(event.date, pauses) else SCHEDULED


class Becomes(NamedTuple):
    """What a returning event becomes; `terms`: the payment whose terms it takes, None: it keeps its own."""

    fate: Fate
    terms: Occurrence | None


def becomes(
    event: Returning, *, cancelled: bool, timeline: Timeline, pauses: Sequence[Window], pay_late: int, today: Day
) -> Becomes:
    """The fate of an event, as `fate` says, and the terms with which it is paid if it still is to be."""
    decided = fate(event, cancelled=cancelled, timeline=timeline, pauses=pauses, pay_late=pay_late, today=today)
    is_open = decided.status in (EventStatus.SCHEDULED, EventStatus.PAUSED)
    return Becomes(decided, new_terms(event, timeline) if is_open else None)


def belongs(nominal_date: Day, revision: int, timeline: Timeline) -> bool:
    """Whether an event still has its place in the schedule: it took the revision in force, or that gives its date.

    One that was kept through a new rule has taken it, although the rule does not give its date.
    """
    in_force = timeline.in_force(nominal_date)
    return (in_force is not None and revision >= in_force.number) or timeline.gives(nominal_date)


def new_terms(event: Returning, timeline: Timeline) -> Occurrence | None:
    """The payment whose terms the event takes on its return; None where it keeps its own (rules S2, C6)."""
    in_force = timeline.in_force(event.nominal_date)
    if event.overridden or in_force is None or event.revision >= in_force.number:
        return None
    own_day = {event.date: event.nominal_date}
    occurrence = next(timeline.occurrences(event.nominal_date, event.sequence, held=own_day), None)
    return occurrence if occurrence is not None and occurrence.nominal_date == event.nominal_date else None
