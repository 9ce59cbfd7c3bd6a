"""Preview: what a schedule would pay, without saving it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice
from typing import NamedTuple

from shared.domain.rolling import Shift
from shared.domain.timeline import Occurrence, Timeline


class Previewed(NamedTuple):
    """A payment that would be made, and why it is not on its nominal date."""

    occurrence: Occurrence
    shift: Shift | None


def preview(timeline: Timeline, limit: int, *, next_open: date | None = None) -> Iterator[Previewed]:
    """The first `limit` payments of a timeline, also those in the past; `next_open` as in `Timeline.occurrences`."""
    for occurrence in islice(timeline.occurrences(next_open=next_open), limit):
        yield Previewed(occurrence, timeline.shift_of(occurrence))
