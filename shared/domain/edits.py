"""Edits: what becomes of a schedule's events when its rule, its terms, its bounds or its calendar change.

Everything compares nominal dates (rule S3): what is stored from the seam on, against what the timeline wants there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from itertools import takewhile
from typing import Final
from uuid import UUID

from shared.domain.entries import Entry, Window, cancelled, changed, settled_status, with_terms
from shared.domain.lifecycle import EDITABLE, CancelReason, EventStatus
from shared.domain.timeline import Occurrence, Timeline


class Overridden(StrEnum):
    """What a change of the whole does to events that were edited one by one (rule S6)."""

    KEEP = "keep"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Edit:
    """How stored events are brought to what is wanted.

    `replaces`: a new rule; open events are cancelled and made anew. Otherwise those that are still wanted stay and
    are updated. `reason`: of those that are not wanted any more. `overridden`: None where rule S6's default holds.
    `retermed`: amount, payee or reference changed, so that `overridden` may say replace. `seam`: what lies before it
    only ever collapses with what comes after. `through`: no date after it is written yet.
    """

    replaces: bool = False
    reason: CancelReason = CancelReason.SUPERSEDED
    overridden: Overridden | None = None
    retermed: bool = False
    seam: date = date.min
    through: date = date.max

    def spares(self, entry: Entry, next_open: date) -> bool:
        """Whether an open event stays if its nominal date is one of the schedule's: the rule is not asked for its day.

        What was edited by itself is spared unless a new rule takes it away (rule S6); what is due already cannot be
        made anew (rule D2).
        """
        if entry.nominal_date < next_open:
            return True
        return entry.overridden and (not self._by_rule(entry) or self.overridden is Overridden.KEEP)

    def leaves(self, entry: Entry, next_open: date) -> bool:
        """Whether an event may stay open; one that a new rule takes away for certain does not."""
        return entry.status in EDITABLE and (not self._by_rule(entry) or self.spares(entry, next_open))

    def _by_rule(self, entry: Entry) -> bool:
        return self.replaces and entry.nominal_date >= self.seam


@dataclass(frozen=True, slots=True)
class Staying:
    """What stands whatever the timeline says: `numbers` has the nominal date of each event that stays, with its
    sequence if that is final, `written` those of all events that have one, and `held` the days that a payment of a
    rule by the day has for good, each with its nominal date: no other falls onto them."""

    numbers: dict[date, int | None] = field(default_factory=dict)
    held: dict[date, date] = field(default_factory=dict)
    written: set[date] = field(default_factory=set)


@dataclass(slots=True)
class Changes:
    """What an edit does, event by event: before and after, new ones, and open ones that stay as they are.

    `adopted` stay too, and from now on belong to the revision in force on their nominal date.
    """

    updated: list[tuple[Entry, Entry]] = field(default_factory=list)
    cancelled: list[tuple[Entry, Entry]] = field(default_factory=list)
    created: list[Entry] = field(default_factory=list)
    kept: list[Entry] = field(default_factory=list)
    adopted: list[tuple[Entry, Entry]] = field(default_factory=list)

    @property
    def moved(self) -> list[tuple[Entry, Entry]]:
        """Stored events that must be written."""
        return self.updated + self.cancelled + self.adopted

    def __bool__(self) -> bool:
        return bool(self.updated or self.cancelled or self.created)


FREES_ITS_DATE: Final = frozenset({CancelReason.SUPERSEDED, CancelReason.COLLAPSED, CancelReason.SCHEDULE_CANCELLED})
"""A nominal date whose event was cancelled for one of these may be made again; a skipped or given up one not."""


USED: Final = frozenset(
    {EventStatus.PROCESSING, EventStatus.PAID, EventStatus.FAILED, EventStatus.UNKNOWN, EventStatus.MISSED}
)
"""An event that is one of these, or was given up after it was one, is never taken away and keeps its number."""

HOLDS_ITS_DAY: Final = USED - {EventStatus.MISSED}
"""A day on which one of these was paid, or may be, has its payment."""


def reconcile(
    stored: Iterable[Entry],
    wanted: Sequence[Occurrence],
    model: Entry,
    pauses: Sequence[Window],
    next_open: date,
    edit: Edit,
    since: date = date.min,
) -> Changes:
    """Brings the events from a seam on to what the timeline wants there.

    `stored` are all events whose nominal date lies there, and what is open before, which is kept; `model` has the
    schedule's and payer's ids and currency. Only scheduled and paused events change (rule S4); nothing is created
    before the next open date (rule D2).
    """
    changes, occurrences = Changes(), {item.nominal_date: item for item in wanted}
    taken = set[date]()
    for entry in stored:
        if entry.status not in EDITABLE:
            if entry.cancel_reason not in FREES_ITS_DATE:
                taken.add(entry.nominal_date)
            continue
        if entry.nominal_date < since:
            changes.kept.append(entry)
            continue
        occurrence = occurrences.get(entry.nominal_date)
        if _is_cancelled(entry, occurrence, edit, next_open):
            reason = edit.reason if entry.nominal_date >= edit.seam else CancelReason.COLLAPSED
            changes.cancelled.append((entry, cancelled(entry, reason)))
            continue
        taken.add(entry.nominal_date)
        if occurrence is None:
            changes.kept.append(entry)
        elif entry.overridden and not (edit.retermed and edit.overridden is Overridden.REPLACE):
            _keep(changes, entry, occurrence)
        else:
            _update(changes, entry, occurrence, pauses, next_open)
    for item in wanted:
        if item.nominal_date not in taken and next_open <= item.nominal_date <= edit.through:
            changes.created.append(made(item, model, pauses, next_open))
    return changes


def staying(stored: Iterable[Entry], timeline: Timeline, next_open: date, edit: Edit) -> Staying:
    """What of the stored events stays whatever the timeline says; a revision that was replaced is not asked.

    One that was edited by itself has the day that its rule gives, if it still stands there; moved by its payer, it
    comes on top of that day's.
    """
    found, by_the_day = Staying(), {revision.number: revision.rule.collapses for revision in timeline.revisions}
    for entry in stored:
        if entry.cancel_reason not in FREES_ITS_DATE:
            found.written.add(entry.nominal_date)
        used = entry.status in USED or entry.cancel_reason == CancelReason.GIVEN_UP
        if not (used or (entry.status in EDITABLE and edit.spares(entry, next_open))):
            continue
        if edit.replaces and edit.seam <= entry.nominal_date < next_open and not timeline.has(entry.nominal_date):
            continue
        found.numbers[entry.nominal_date] = entry.sequence if used else None
        pays = entry.status in EDITABLE or entry.status in HOLDS_ITS_DAY
        in_place = not entry.overridden or entry.date == timeline.rolled(entry.nominal_date)
        if pays and in_place and by_the_day.get(entry.revision, True):
            found.held[entry.date] = entry.nominal_date
    return found


def first_collapsed(stored: Iterable[Entry], timeline: Timeline, seam: date, next_open: date, stays: Staying) -> date:
    """The first date before a seam whose payment falls onto the day of one after it now; without any, the seam."""

    def before(day: date) -> bool:
        return day < seam

    since = timeline.reach_back(seam)
    given = set(takewhile(before, (day for day, _ in timeline.nominal_dates(since))))
    found = timeline.occurrences(since, next_open=next_open, held=stays.held, staying=stays.numbers)
    remain = set(takewhile(before, (occurrence.nominal_date for occurrence in found)))
    lost = (entry.nominal_date for entry in stored if entry.status in EDITABLE and _may_collapse(entry, next_open))
    return min((day for day in lost if day in given - remain), default=seam)


def made(
    occurrence: Occurrence,
    model: Entry,
    pauses: Sequence[Window],
    next_open: date,
    *,
    event_id: UUID | None = None,
) -> Entry:
    """A new event, with its id if it is known; inside a pause it is paused from the beginning (rule S9)."""
    terms = occurrence.revision.terms
    return replace(
        model,
        id=event_id,
        payee_id=terms.payee_id,
        reference=terms.reference,
        amount=occurrence.amount,
        sequence=occurrence.sequence,
        nominal_date=occurrence.nominal_date,
        date=occurrence.date,
        revision=occurrence.revision.number,
        status=settled_status(EventStatus.SCHEDULED, occurrence.date, pauses, next_open),
    )


def _is_cancelled(entry: Entry, occurrence: Occurrence | None, edit: Edit, next_open: date) -> bool:
    if entry.nominal_date < edit.seam:
        return occurrence is None and _may_collapse(entry, next_open)
    if occurrence is None:
        # A calendar's change takes away neither what is due already nor what was edited by itself.
        spared = entry.overridden or entry.date < next_open
        return not (edit.reason is CancelReason.COLLAPSED and spared)
    return edit.replaces and not edit.spares(entry, next_open)


def _may_collapse(entry: Entry, next_open: date) -> bool:
    """Whether it may be left out for another of its day: what was edited by itself stays, and what is due already."""
    return not entry.overridden and entry.nominal_date >= next_open and entry.date >= next_open


def as_edited(entry: Entry, occurrence: Occurrence) -> Entry:
    """An event that was edited by itself, in its place among the others.

    The first amount belongs to the first of them (rule S8): an amount that came with its place changes with it.
    """
    terms = occurrence.revision.terms
    came_first = entry.sequence == 1 and entry.amount == terms.first_amount
    comes_first = occurrence.sequence == 1 and entry.sequence != 1 and entry.amount == terms.amount
    amount = occurrence.amount if came_first or comes_first else entry.amount
    return changed(entry, sequence=occurrence.sequence, amount=amount)


def _keep(changes: Changes, entry: Entry, occurrence: Occurrence) -> None:
    after = as_edited(entry, occurrence)
    adopted = replace(after, revision=occurrence.revision.number)
    if after != entry:
        changes.updated.append((entry, adopted))
        return
    changes.kept.append(entry)
    if adopted != entry:
        changes.adopted.append((entry, adopted))


def _update(changes: Changes, entry: Entry, occurrence: Occurrence, pauses: Sequence[Window], next_open: date) -> None:
    # What is due already, or would be, keeps its day: no date lies before the next open one (rule D2).
    moves = not entry.overridden and entry.date >= next_open and occurrence.date >= next_open
    day = occurrence.date if moves else entry.date
    after = changed(
        with_terms(entry, occurrence),
        sequence=occurrence.sequence,
        date=day,
        overridden=entry.overridden and day != occurrence.date,
        status=settled_status(entry.status, day, pauses, next_open),
    )
    if replace(after, revision=entry.revision, version=entry.version) == entry:
        _keep(changes, entry, occurrence)
    else:
        changes.updated.append((entry, replace(after, version=entry.version + 1)))
