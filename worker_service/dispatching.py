"""What a tick of the dispatcher does: which days it plans, and how many batches workers hear of. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import takewhile

from shared.db.providers import State
from shared.domain.days import BusinessNow


def days_to_plan(unfinished: Iterable[date], now: BusinessNow) -> list[date]:
    """Of the days without a whole plan, oldest first, those that are planned now: today's not before it opens (D3)."""
    return list(takewhile(lambda day: day != now.today or now.opened, unfinished))


def is_past(day: date, now: BusinessNow) -> bool:
    """Whether a day is planned too late to be paid: what it holds is carried at once (rule D3)."""
    return day < now.today or now.past_cutoff


def room(seen: State, *, published: int, under_way: int, most: int) -> int:
    """How many more batches workers may hear of: none while the provider is shut, no more than it allows.

    `published`: and not begun; `most`: at once, also where the provider's state names no number or more.
    """
    return 0 if seen.is_shut else max(0, min(seen.allowance or most, most) - published - under_way)
