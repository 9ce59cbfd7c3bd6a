"""Retries: on which days a declined payment is tried again (rule S11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from shared.domain.calendar import Calendar
from shared.domain.entries import Window, covered

DAYS_MOST: Final = 20
"""The latest working day after a first decline on which it may be tried again."""
TIMES_MOST: Final = 10
SEARCHED_DAYS: Final = 90
"""So many calendar days hold DAYS_MOST working days of every calendar; beyond, a calendar works on no day."""

RESOLVED: Final = "resolved_not_paid"
"""The code of an event that a person resolved as failed: it is never tried again (rule P2)."""
NOT_EXECUTED: Final = "not_executed"
"""The provider proved that it never paid, and is not to be asked to pay again."""
QUARANTINED: Final = "quarantined"
"""It could not even be sent (rule C8)."""

RETRY_OVER: Final = "retry_over"
"""Why an event is looked at again that was declined before: its retry was dropped, or came too late."""

NO_DECLINE: Final = frozenset({RESOLVED, NOT_EXECUTED, QUARANTINED})
"""Codes of failed events that the provider did not decline: they suspend nothing (rule S10)."""


@dataclass(frozen=True, slots=True)
class Declined:
    """A soft decline. `first_on`: the business date of the first one; `next_event`: when its schedule pays again."""

    days: Sequence[int]
    first_on: date
    next_event: date | None


def retry_day(
    declined: Declined, calendar: Calendar, pauses: Sequence[Window], *, today: date, day_0: bool
) -> date | None:
    """The day on which it is tried again, or None.

    `days` count working days of the calendar from the first decline and rise; 0 is the same day, if `day_0`: before
    RETRY_AT, while that day's run is open. A retry that would not come strictly before the next event is dropped, as
    is one on a day that a pause covers.
    """
    same_day = day_0 and today == declined.first_on
    day = next((day for day in _days(declined, calendar) if day > today or (day == today and same_day)), None)
    if day is None or (declined.next_event is not None and day >= declined.next_event) or covered(day, pauses):
        return None
    return day


def _days(declined: Declined, calendar: Calendar) -> Iterator[date]:
    wanted, worked = list(declined.days), 0
    if wanted[:1] == [0]:
        yield declined.first_on
    for offset in range(1, SEARCHED_DAYS + 1):
        day = declined.first_on + timedelta(days=offset)
        if calendar.is_working(day):
            worked += 1
            if worked in wanted:
                yield day
