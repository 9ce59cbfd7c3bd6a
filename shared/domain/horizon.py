"""Horizon: how far ahead the events of a schedule are written, and when more are due (rule S12).

`left(d)` is the number of written events whose nominal date is `d` or later. An extension brings `left` of
its day to `cycles_max`; the next is due on `extend_on`, the first day on which `left` is below `cycles_min`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Final, NamedTuple

from shared.domain.recurrence import Occurrence, Rule

WRITTEN_WHOLE: Final = 400
"""Bounded rules of at most so many dates are written at once; no call gives more dates than this."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """Between how many and how many cycles are kept written. Raises ValueError unless 1 ≤ min ≤ max ≤ 400."""

    cycles_min: int = 12
    cycles_max: int = 18

    def __post_init__(self) -> None:
        # With min above max every extension would leave the next one due at once, for ever.
        if not 1 <= self.cycles_min <= self.cycles_max <= WRITTEN_WHOLE:
            raise ValueError(f"cycles must fulfil 1 <= min <= max <= {WRITTEN_WHOLE}: {self}")


class Extension(NamedTuple):
    """Occurrences to write, the sequence that follows them, the day more are due (None: the rule is over)."""

    occurrences: list[Occurrence]
    next_sequence: int
    extend_on: date | None


def initial(rule: Rule, horizon: Horizon, today: date) -> Extension:
    """What a new schedule starts with: all of a bounded rule of at most 400 dates, else up to the horizon."""
    total = rule.total
    if total is not None and total <= WRITTEN_WHOLE:
        return Extension(list(rule.dates()), total + 1, None)
    return extension(rule, 1, horizon, today)


def extension(rule: Rule, next_sequence: int, horizon: Horizon, as_of: date, limit: int = WRITTEN_WHOLE) -> Extension:
    """What is to be written after `next_sequence` - 1 so that `left(as_of)` is `cycles_max`.

    Every date since the last written one comes too, however long ago that was: nothing is lost to downtime.
    At most `limit` (≥ 1) dates a call; when that cuts it short, `extend_on` is `as_of`: call again at once.
    """
    first_left = rule.first_sequence_from(as_of)
    wanted = limit if first_left is None else first_left + horizon.cycles_max - next_sequence
    occurrences = list(islice(rule.dates(next_sequence), max(min(wanted, limit), 0)))
    following = next_sequence + len(occurrences)
    if rule.date_of(following) is None:
        return Extension(occurrences, following, None)
    if first_left is None or wanted > limit:
        return Extension(occurrences, following, as_of)
    return Extension(occurrences, following, _extend_on(rule, following, horizon))


def _extend_on(rule: Rule, next_sequence: int, horizon: Horizon) -> date:
    """The day after the `cycles_min`-th date from the end of what is written."""
    last_enough = rule.date_of(next_sequence - horizon.cycles_min)
    assert last_enough is not None  # noqa: S101 - it lies before a date that the rule has
    return last_enough + timedelta(days=1)
