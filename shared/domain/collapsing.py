"""Collapsing: dates that come by the day and roll onto one day are one payment, also where two rules meet."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shared.domain.timeline import Revision


class Dated(NamedTuple):
    """A nominal date, the day it rolls to, and the revision in force."""

    nominal_date: date
    date: date
    revision: Revision


def one_a_day(
    dates: Iterable[Dated], held: Mapping[date, date], staying: Collection[date] = frozenset()
) -> Iterator[Dated]:
    """Those that remain, in order: of a day the date that needs no shift, else the earliest.

    `held`: days that have their payment already, with its nominal date; no other falls onto them. `staying`: nominal
    dates whose payment remains on whatever day it stands. Dates that come by the week or month all remain.
    """
    chosen: dict[date, date] = {}
    waiting: deque[Dated] = deque()
    for item in dates:
        # Only a date up to the day itself can still take it from an earlier one.
        while waiting and waiting[0].date < item.nominal_date:
            yield from _if_chosen(waiting.popleft(), chosen, staying)
        if item.revision.rule.collapses:
            chosen.setdefault(item.date, held.get(item.date, item.nominal_date))
            if item.nominal_date == item.date and item.date not in held:
                chosen[item.date] = item.nominal_date
        waiting.append(item)
    for item in waiting:
        yield from _if_chosen(item, chosen, staying)


def _if_chosen(item: Dated, chosen: Mapping[date, date], staying: Collection[date]) -> Iterator[Dated]:
    by_itself = not item.revision.rule.collapses or item.nominal_date in staying
    if by_itself or chosen[item.date] == item.nominal_date:
        yield item
