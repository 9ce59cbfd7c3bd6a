"""Timeline: a schedule over all its revisions, and the dated payments that it means (rules S2, S8).

A revision is in force from its nominal date on, until a later one with a later date; a later revision with an earlier
date replaces it. Its rule's bounds hold for its own dates, and those of the last rule for the whole: what was no date
when the schedule was over does not become one when it goes on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from heapq import merge
from itertools import count as numbers_from
from itertools import groupby, islice
from types import MappingProxyType
from typing import Final, NamedTuple, TypeVar

from shared.domain.calendar import Calendar, weekends_only
from shared.domain.collapsing import Dated, one_a_day
from shared.domain.grid import Grid
from shared.domain.recurrence import Rule
from shared.domain.rolling import LATE, Shift, first_working_from, last_working_before, roll

_DAY: Final = timedelta(days=1)
_STRIDE: Final = 16
_Bound = TypeVar("_Bound", date, int)
_NO_CALENDAR: Final = weekends_only()
_NOTHING_HELD: Final[Mapping[date, date]] = MappingProxyType({})
_NOTHING_STAYS: Final[Mapping[date, int | None]] = MappingProxyType({})


class Terms(NamedTuple):
    """What is paid to whom; amounts in minor units."""

    amount: int
    payee_id: str
    reference: str | None
    first_amount: int | None = None
    final_amount: int | None = None


class Revision(NamedTuple):
    """The terms in force from a nominal date on."""

    number: int
    from_date: date
    rule: Rule
    terms: Terms


class Occurrence(NamedTuple):
    """One payment that a timeline means. `nominal_date` is the grid's, `date` the day it rolls to."""

    sequence: int
    nominal_date: date
    date: date
    amount: int
    revision: Revision


@dataclass(frozen=True, slots=True)
class Timeline:
    """The revisions in force, by rising `from_date`, and the calendars that their rules name."""

    revisions: tuple[Revision, ...]
    calendars: Mapping[str, Calendar]
    _grids: dict[Rule, Grid] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, revisions: Iterable[Revision], calendars: Mapping[str, Calendar]) -> Timeline:
        """The timeline of all revisions there ever were; those that were replaced are left out."""
        in_force: list[Revision] = []
        for revision in sorted(revisions, key=lambda revision: revision.number, reverse=True):
            if not in_force or revision.from_date < in_force[-1].from_date:
                in_force.append(revision)
        return cls(tuple(reversed(in_force)), calendars)

    @property
    def last(self) -> Revision:
        """The revision that goes on for ever, or to the end."""
        return self.revisions[-1]

    @property
    def bounded(self) -> bool:
        """Whether the schedule says where it ends."""
        return self.last.rule.bounded

    def in_force(self, nominal_date: date) -> Revision | None:
        """The revision whose terms a nominal date has; None before the first (rule S2)."""
        found = None
        for revision in self.revisions:
            if revision.from_date > nominal_date:
                break
            found = revision
        return found

    def gives(self, nominal_date: date) -> bool:
        """Whether it is a nominal date of the rule in force, and not only kept from an earlier one (rule C6)."""
        revision = self.in_force(nominal_date)
        return revision is not None and self.has(nominal_date) and self.on_grid(nominal_date, revision.rule)

    def has(self, nominal_date: date) -> bool:
        """Whether it is one of the schedule's nominal dates."""
        return next((day for day, _ in self.nominal_dates(nominal_date)), None) == nominal_date

    def nominal_dates(
        self, since: date = date.min, staying: Collection[date] = frozenset()
    ) -> Iterator[tuple[date, Revision]]:
        """The nominal dates on or after `since`, within the bounds, each with its revision; `staying` among them."""
        counted = any(self._count(revision) is not None for revision, _ in self._spans(since))
        number = self.number_before(since) if counted else 0
        for revision, until in self._spans(since):
            first, end_date, count = max(since, revision.from_date), self._end_date(revision), self._count(revision)
            for day in self._dates(revision.rule, first, staying):
                after_end = end_date is not None and day > end_date
                if after_end or (until is not None and day >= until) or (count is not None and number >= count):
                    break
                number += 1
                yield day, revision

    def number_before(self, on: date) -> int:
        """How many nominal dates lie before `on`, over all revisions."""
        total = 0
        for revision, until in self._spans(date.min):
            number = self._number_in_span(revision, on if until is None else min(on, until))
            count = self._count(revision)
            total = total + number if count is None else max(total, min(total + number, count))
        return total

    def at_most_between(self, first: date, last: date) -> int:
        """No fewer than the nominal dates from `first` through `last`; said at once, however far apart they are."""
        total = 0
        for revision, until in self._spans(first):
            rule, since = revision.rule, max(first, revision.from_date)
            through = _least(last, self._end_date(revision), None if until is None else until - _DAY) or last
            number = self._grid(rule).at_most_between(max(since, rule.opens or since), through)
            number += sum(since <= day <= through for day in rule.kept)
            total += _least(number, self._count(revision)) or 0
        return total

    def last_date(self) -> date | None:
        """The last nominal date of a schedule that says where it ends; None if it has none.

        An end date is stepped back from: from the first date on, a rule may give millions.
        """
        first, end_date, days = self.revisions[0].from_date, self.last.rule.end_date, 1
        while end_date is not None and (end_date - first).days > days:
            found = self._last_from(end_date - timedelta(days=days))
            if found is not None:
                return found
            days *= _STRIDE
        return self._last_from(first)

    def has_at_most(self, most: int) -> bool:
        """Whether it gives no more than `most` nominal dates."""
        if not self.bounded:
            return False
        return len(list(islice(self.nominal_dates(), most + 1))) <= most

    def occurrences(
        self,
        since: date = date.min,
        sequence: int = 1,
        *,
        next_open: date | None = None,
        held: Mapping[date, date] = _NOTHING_HELD,
        staying: Mapping[date, int | None] = _NOTHING_STAYS,
        taken: Collection[int] = frozenset(),
        written: Collection[date] | None = None,
    ) -> Iterator[Occurrence]:
        """The payments whose nominal date is `since` or later, numbered from `sequence` but for what is `taken`.

        Dates that come by the day and roll onto one day are one payment: the one that holds it, else the one that
        needs no shift, else the earliest. Those of the nominal dates `staying` remain on whatever day they stand, with
        the number that is theirs for good if there is one. The first amount belongs to sequence 1, the final one to the
        last payment that remains (rule S8). Whoever writes them now says the next open date: a date that rolls before
        it becomes the first working day from it on (rule D2). An extension names none. Whoever edits them says which
        nominal dates are `written`: of those before the next open date, no other is a payment.
        """
        nominal_dates = self.nominal_dates(self.reach_back(since), staying)
        rolled = (self._roll(day, revision, next_open) for day, revision in nominal_dates)
        lapsed = date.min if written is None or next_open is None else next_open
        remaining = (
            item
            for item in one_a_day(rolled, held, staying)
            if item.nominal_date >= since and (item.nominal_date >= lapsed or item.nominal_date in (written or ()))
        )
        used = {*taken, *staying.values()}
        free = (number for number in numbers_from(sequence) if number not in used)
        current = next(remaining, None)
        while current is not None:
            following = next(remaining, None)
            sequence = staying.get(current.nominal_date) or next(free)
            terms = current.revision.terms
            amount = terms.amount
            if sequence == 1 and terms.first_amount is not None:
                amount = terms.first_amount
            elif following is None and terms.final_amount is not None:
                amount = terms.final_amount
            yield Occurrence(sequence, current.nominal_date, current.date, amount, current.revision)
            current = following

    def reach_back(self, since: date) -> date:
        """From where dates may fall onto one day with those from `since` on; itself where none do.

        Between a date and the day it rolls to, nobody works: two such stretches back, no date meets one after `since`.
        """
        rules = (revision.rule for revision in self.revisions if revision.rule.collapses)
        places = {rule.calendar for rule in rules if rule.needs_calendar}
        for _ in range(2):
            since = min((last_working_before(since, self.calendars[code]) for code in places), default=since)
        return since

    def shift_of(self, occurrence: Occurrence) -> Shift | None:
        """Why a payment is not made on its nominal date; None if it is."""
        if occurrence.date == occurrence.nominal_date:
            return None
        rule, calendar = occurrence.revision.rule, self.calendar_of(occurrence.revision)
        reason = calendar.why_closed(occurrence.nominal_date) or "the day has passed"
        by_rule = roll(occurrence.nominal_date, rule.convention, calendar)
        return Shift(rule.convention if occurrence.date == by_rule else LATE, reason)

    def calendar_of(self, revision: Revision) -> Calendar:
        """The calendar that a revision's dates follow."""
        return self.calendars[revision.rule.calendar]

    def on_grid(self, nominal_date: date, rule: Rule) -> bool:
        """Whether a rule of this timeline's calendars gives a date by itself."""
        return next(self._grid(rule).dates_from(nominal_date), None) == nominal_date

    def rolled(self, nominal_date: date) -> date:
        """The day to which the rule in force on a nominal date rolls it."""
        return self._roll(nominal_date, self.in_force(nominal_date) or self.revisions[0], None).date

    def _roll(self, day: date, revision: Revision, next_open: date | None) -> Dated:
        rule = revision.rule
        if not rule.needs_calendar:
            return Dated(day, day, revision)
        calendar = self.calendar_of(revision)
        rolled = roll(day, rule.convention, calendar)
        if next_open is not None and rolled < next_open <= day:
            rolled = first_working_from(next_open, calendar)
        return Dated(day, rolled, revision)

    def _last_from(self, since: date) -> date | None:
        return next((day for day, _ in deque(self.nominal_dates(since), maxlen=1)), None)

    def _spans(self, since: date) -> Iterator[tuple[Revision, date | None]]:
        """The revisions in force after `since`, each with the day on which the next one begins."""
        following = (*(revision.from_date for revision in self.revisions[1:]), None)
        for revision, until in zip(self.revisions, following, strict=True):
            if until is None or until > since:
                yield revision, until

    def _number_in_span(self, revision: Revision, stop: date) -> int:
        end_date, rule, first = self._end_date(revision), revision.rule, revision.from_date
        if end_date is not None and end_date < stop:
            stop = end_date + _DAY
        opens = max(first, rule.opens or first)
        kept = sum(first <= day < stop and (day < opens or not self.on_grid(day, rule)) for day in rule.kept)
        grid = self._grid(rule)
        # A count bounds the walk, too: to the calendar's end there are two million working days.
        return kept + grid.count_between(opens, stop, self._count(revision))

    def _end_date(self, revision: Revision) -> date | None:
        return _least(revision.rule.end_date, self.last.rule.end_date)

    def _count(self, revision: Revision) -> int | None:
        return _least(revision.rule.count, self.last.rule.count)

    def _dates(self, rule: Rule, first: date, staying: Collection[date]) -> Iterator[date]:
        grid = self._grid(rule).dates_from(max(first, rule.opens or first))
        others = sorted({day for day in (*rule.kept, *staying) if day >= first})
        return (day for day, _ in groupby(merge(grid, others))) if others else grid

    def _grid(self, rule: Rule) -> Grid:
        grid = self._grids.get(rule)
        if grid is None:
            calendar = self.calendars[rule.calendar] if rule.needs_calendar else _NO_CALENDAR
            grid = self._grids[rule] = rule.grid(calendar)
        return grid


def _least(*bounds: _Bound | None) -> _Bound | None:
    return min((bound for bound in bounds if bound is not None), default=None)
