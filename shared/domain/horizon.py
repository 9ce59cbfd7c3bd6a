"""Horizon: how far ahead the events of a schedule are written, and when more are due (rule S12).

`left(d)` is the number of payments written whose nominal date is `d` or later. An extension brings `left` of its day
to `cycles_max`; the next is due on `extend_on`, the first day on which `left` is below `cycles_min`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Final, NamedTuple

from shared.domain.timeline import Occurrence, Timeline

WRITTEN_WHOLE: Final = 400
"""Bounded schedules of at most so many dates are written at once; no call gives more dates than this."""

MOST_AHEAD: Final = 4_000
"""Dates between what is written and an event that stays ahead of it: each of them is walked through at every change,
and a rule by the day has three million before the calendar ends."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """Between how many and how many cycles are kept written. Raises ValueError unless 1 ≤ min ≤ max ≤ 400."""

    cycles_min: int = 12
    cycles_max: int = 18

    def __post_init__(self) -> None:
        # With min above max every extension would leave the next one due at once, for ever.
        if not 1 <= self.cycles_min <= self.cycles_max <= WRITTEN_WHOLE:
            raise ValueError(f"cycles must fulfil 1 <= min <= max <= {WRITTEN_WHOLE}: {self}")


class Reach(NamedTuple):
    """Through which nominal date a schedule is to be written, and the day more are due (None: that is all)."""

    through: date
    extend_on: date | None


class Extension(NamedTuple):
    """Payments to write, what follows them, and through which nominal date it is written then."""

    occurrences: list[Occurrence]
    next_sequence: int
    through: date
    extend_on: date | None


def reach(timeline: Timeline, horizon: Horizon, as_of: date) -> Reach:
    """All of a bounded schedule of at most 400 dates, else `cycles_max` payments from `as_of` on."""
    if timeline.has_at_most(WRITTEN_WHOLE):
        return Reach(date.max, None)
    ahead = list(islice(timeline.occurrences(as_of), horizon.cycles_max + 1))
    if len(ahead) <= horizon.cycles_max:
        return Reach(date.max, None)
    last_enough = ahead[horizon.cycles_max - horizon.cycles_min].nominal_date
    return Reach(ahead[horizon.cycles_max - 1].nominal_date, last_enough + timedelta(days=1))


def is_far_ahead(timeline: Timeline, written_through: date, nominal_date: date) -> bool:
    """Whether too many dates come between what is written and a date to say what place it has among them."""
    return (
        nominal_date > written_through
        and timeline.at_most_between(written_through + timedelta(days=1), nominal_date) > MOST_AHEAD
    )


def extension(
    timeline: Timeline,
    written_through: date | None,
    next_sequence: int,
    horizon: Horizon,
    as_of: date,
    limit: int = WRITTEN_WHOLE,
    *,
    next_open: date | None = None,
) -> Extension:
    """What is to be written after `written_through` (None: nothing is) so that `left(as_of)` is `cycles_max`.

    Every date since the last written one comes too, however long ago that was: nothing is lost to downtime. At most
    `limit` (≥ 1) dates a call; when that cuts it short, `extend_on` is `as_of`: call again at once.
    """
    if written_through == date.max:
        return Extension([], next_sequence, written_through, None)
    wanted = reach(timeline, horizon, as_of)
    first = timeline.revisions[0].from_date if written_through is None else written_through + timedelta(days=1)
    occurrences: list[Occurrence] = []
    for occurrence in timeline.occurrences(first, next_sequence, next_open=next_open):
        if occurrence.nominal_date > wanted.through:
            break
        if len(occurrences) == limit:
            return Extension(occurrences, next_sequence + limit, occurrences[-1].nominal_date, as_of)
        occurrences.append(occurrence)
    through = occurrences[-1].nominal_date if occurrences else written_through or first
    return Extension(occurrences, next_sequence + len(occurrences), through, wanted.extend_on)
