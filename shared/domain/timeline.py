"""Timeline: a schedule over all its revisions, and the dated payments that it means (rules S2, S8).

A revision is in force from its nominal date on, until a later one with a later date; a later revision with an earlier
date replaces it. The bounds are the schedule's, not a revision's: those of the last rule hold for the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import islice
from types import MappingProxyType
from typing import Final, NamedTuple

from shared.domain.calendar import Calendar, weekends_only
from shared.domain.collapsing import Dated, one_a_day
from shared.domain.grid import Grid
from shared.domain.recurrence import Rule
from shared.domain.rolling import LATE, Shift, first_working_from, last_working_before, roll

_DAY: Final = timedelta(days=1)
_NO_CALENDAR: Final = weekends_only()
_NOTHING_HELD: Final[Mapping[date, date]] = MappingProxyType({})


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
        """Whether it is a nominal date of the rule in force (rules C6, S5)."""
        return next((day for day, _ in self.nominal_dates(nominal_date)), None) == nominal_date

    def nominal_dates(self, since: date = date.min) -> Iterator[tuple[date, Revision]]:
        """The nominal dates on or after `since`, within the bounds, each with its revision."""
        end_date, count = self.last.rule.end_date, self.last.rule.count
        number = 0 if count is None else self.number_before(since)
        for revision, until in self._spans(since):
            for day in self._grid(revision.rule).dates_from(max(since, revision.from_date)):
                if until is not None and day >= until:
                    break
                if (end_date is not None and day > end_date) or (count is not None and number >= count):
                    return
                number += 1
                yield day, revision

    def number_before(self, on: date) -> int:
        """How many nominal dates lie before `on`, over all revisions; `count` and `endDate` are not asked."""
        total = 0
        for revision, until in self._spans(date.min):
            last = on if until is None else min(on, until)
            if last > revision.from_date:
                grid = self._grid(revision.rule)
                total += grid.count_before(last) - grid.count_before(revision.from_date)
        return total

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
    ) -> Iterator[Occurrence]:
        """The payments whose nominal date is `since` or later, numbered from `sequence`.

        Dates that come by the day and roll onto one day are one payment: the one that holds it, else the one that
        needs no shift, else the earliest. The first amount belongs to sequence 1, the final one to the last payment
        that remains (rule S8). Whoever writes them now says the next open date: a date that rolls before it becomes
        the first working day from it on (rule D2). An extension names none.
        """
        nominal_dates = self.nominal_dates(self.reach_back(since))
        rolled = (self._roll(day, revision, next_open) for day, revision in nominal_dates)
        remaining = (kept for kept in one_a_day(rolled, held) if kept.nominal_date >= since)
        current = next(remaining, None)
        while current is not None:
            following = next(remaining, None)
            terms = current.revision.terms
            amount = terms.amount
            if sequence == 1 and terms.first_amount is not None:
                amount = terms.first_amount
            elif following is None and terms.final_amount is not None:
                amount = terms.final_amount
            yield Occurrence(sequence, current.nominal_date, current.date, amount, current.revision)
            current, sequence = following, sequence + 1

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

    def _roll(self, day: date, revision: Revision, next_open: date | None) -> Dated:
        rule = revision.rule
        if not rule.needs_calendar:
            return Dated(day, day, revision)
        calendar = self.calendar_of(revision)
        rolled = roll(day, rule.convention, calendar)
        if next_open is not None and rolled < next_open <= day:
            rolled = first_working_from(next_open, calendar)
        return Dated(day, rolled, revision)

    def _spans(self, since: date) -> Iterator[tuple[Revision, date | None]]:
        """The revisions in force after `since`, each with the day on which the next one begins."""
        following = (*(revision.from_date for revision in self.revisions[1:]), None)
        for revision, until in zip(self.revisions, following, strict=True):
            if until is None or until > since:
                yield revision, until

    def _grid(self, rule: Rule) -> Grid:
        grid = self._grids.get(rule)
        if grid is None:
            calendar = self.calendars[rule.calendar] if rule.needs_calendar else _NO_CALENDAR
            grid = self._grids[rule] = rule.grid(calendar)
        return grid
