"""Amending: what a schedule's events become when its terms, its rule, its bounds or its calendar change.

One way for all of them: the timeline says what is wanted from a seam on, and what is stored is brought to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import count, islice, takewhile
from uuid import UUID

from shared.db import calendars, entries, followed, plans
from shared.db.engine import Session
from shared.db.models import Schedule
from shared.db.plans import Plan
from shared.db.runs import Gate
from shared.domain.edits import Changes, Edit, Staying, first_collapsed, reconcile, staying
from shared.domain.entries import Entry
from shared.domain.errors import Conflict, FieldProblem, Invalid
from shared.domain.horizon import Horizon, Reach, is_far_ahead, reach
from shared.domain.lifecycle import EDITABLE, CancelReason
from shared.domain.revising import Revised, ScheduleChange, revise
from shared.domain.rule_check import gives_no_date
from shared.domain.timeline import Occurrence, Timeline
from shared.extending import extend
from shared.materialise import blank, set_terms


def amend(
    session: Session,
    gate: Gate,
    schedule: Schedule,
    change: ScheduleChange,
    horizon: Horizon,
    *,
    dry_run: bool = False,
) -> Changes:
    """Changes a schedule whose row the caller holds, or only says what would change.

    Raises Invalid as `revise` does. What an extension still owes is written first, under the terms it was owed by;
    after a dry run the caller rolls that back.
    """
    owed = _catch_up(session, gate, schedule, horizon)
    plan = _with_calendars(session, plans.read(session, [schedule])[schedule.id], change)
    standpoint = entries.standpoint(session, schedule, gate.next_open_date)
    before, revised = plan.timeline, revise(plan.timeline, change, standpoint, schedule.revision)
    plan = replace(plan, timeline=Timeline.of([*before.revisions, *revised.added], before.calendars))
    _check_goes_on(before, plan.timeline, change, revised)
    goal = _goal(plan.timeline, schedule, horizon, gate.now.today, revised)
    edit = Edit(
        replaces=revised.new_rule,
        overridden=change.overridden,
        retermed=revised.retermed,
        seam=revised.seam,
        through=goal.through,
    )
    if revised.added:
        changes, wanted = _reconciled(session, gate, schedule, plan, edit)
    else:
        changes, wanted = Changes(kept=entries.lock(session, schedule, statuses=EDITABLE)), []
    whole = {name: value for name, value in change.whole.items() if value != getattr(schedule, name)}
    if dry_run:
        return _without_ids(changes, owed)
    if not (revised.added or whole):
        return changes
    schedule.version += 1
    for name, value in whole.items():
        setattr(schedule, name, value)
    if revised.added:
        plans.add_revisions(session, schedule, revised.added)
        set_terms(schedule, plan.timeline.last)
        # What lies before the seam is still rolled with the older versions: it is to be found.
        rolled = followed.read(session, schedule)
        versions = {code: rolled.get(code, version) for code, version in plan.followed.items()}
        followed.write(session, schedule, rolled, versions)
        schedule.extend_on = goal.extend_on
        if wanted:
            schedule.written_through, schedule.next_sequence = wanted[-1].nominal_date, wanted[-1].sequence + 1
        changes.created = entries.apply(session, gate, changes.moved, changes.created)
        calendars.keep(session, plan.loaded.values(), gate.now.today)
    session.flush()
    return changes


def reroll(session: Session, gate: Gate, schedule: Schedule) -> Changes:
    """Rolls the open events of a schedule anew after its calendar changed; those edited by themselves stay.

    The caller holds the schedule's row. Nominal dates stay what they are, so nothing is paid twice (rule S3).
    """
    plan = plans.read(session, [schedule])[schedule.id]
    first = entries.standpoint(session, schedule, gate.next_open_date).first_editable
    # Also before the first open event: the dates that collapsed there come back when their days are opened again.
    seam = min(first or gate.next_open_date, gate.next_open_date)
    edit = Edit(reason=CancelReason.COLLAPSED, seam=seam, through=schedule.written_through)
    changes, wanted = _reconciled(session, gate, schedule, plan, edit)
    changes.created = entries.apply(session, gate, changes.moved, changes.created)
    if changes:
        schedule.version += 1
    if wanted:  # what collapsed has no number, and what came back has one
        schedule.next_sequence = wanted[-1].sequence + 1
    followed.write(session, schedule, followed.read(session, schedule), plan.followed)
    session.flush()
    calendars.keep(session, plan.loaded.values(), gate.now.today)
    return changes


def _catch_up(session: Session, gate: Gate, schedule: Schedule, horizon: Horizon) -> set[UUID | None]:
    """Writes what an extension owes, in steps of at most 400 dates, before the rule or the terms change.

    Answers the ids of what it wrote.
    """
    today, since = gate.now.today, schedule.written_through
    if schedule.extend_on is None or schedule.extend_on > today:
        return set()
    before = {entry.id for entry in entries.lock(session, schedule, since=since)}
    while schedule.extend_on is not None and schedule.extend_on <= today:
        extend(session, gate, [schedule], horizon, today)
        session.refresh(schedule)
    return {entry.id for entry in entries.lock(session, schedule, since=since)} - before


def _without_ids(changes: Changes, unstored: set[UUID | None]) -> Changes:
    """What a dry run answers: an event that only its own extension wrote is rolled back, and its id means nothing."""

    def bare(entry: Entry) -> Entry:
        return replace(entry, id=None) if entry.id in unstored else entry

    return replace(
        changes,
        updated=[(before, bare(after)) for before, after in changes.updated],
        cancelled=[(before, bare(after)) for before, after in changes.cancelled],
        kept=[bare(entry) for entry in changes.kept],
    )


def _with_calendars(session: Session, plan: Plan, change: ScheduleChange) -> Plan:
    """The plan with the calendars that it may follow after a change of its rule."""
    if not change.rule:
        return plan
    codes = {revision.rule.calendar for revision in plan.timeline.revisions}
    if "calendar" in change.rule:
        codes.add(change.rule["calendar"])
    loaded = {**plan.loaded, **calendars.read(session, codes - plan.loaded.keys())}
    days = {code: item.calendar for code, item in loaded.items()}
    return replace(plan, timeline=Timeline(plan.timeline.revisions, days), loaded=loaded)


def _check_goes_on(before: Timeline, after: Timeline, change: ScheduleChange, revised: Revised) -> None:
    """Refuses a new rule that comes to no date, such as every 30 June but its 31st, and a `from` after the end."""
    if not revised.added or next(after.nominal_dates(max(revised.seam, change.from_date or date.min)), None):
        return
    if next(after.nominal_dates(), None) is None:
        raise gives_no_date(after.last.rule)
    if change.from_date is not None and next(before.nominal_dates(change.from_date), None) is None:
        raise Invalid(FieldProblem("/from", f"lies after the last date, {before.last_date()}"))
    if revised.new_rule and next(before.nominal_dates(revised.seam), None):
        raise gives_no_date(after.last.rule)


def _goal(timeline: Timeline, schedule: Schedule, horizon: Horizon, today: date, revised: Revised) -> Reach:
    """How far events are looked at: a change of terms writes no further, new bounds take back nothing in between."""
    if not (revised.new_rule or revised.rebounded):
        return Reach(schedule.written_through, schedule.extend_on)
    goal = reach(timeline, horizon, today)
    return goal if revised.new_rule else goal._replace(through=max(goal.through, schedule.written_through))


def _reconciled(
    session: Session, gate: Gate, schedule: Schedule, plan: Plan, edit: Edit
) -> tuple[Changes, list[Occurrence]]:
    """What becomes of the events from the seam on, or from the first date before it that collapses there; and what is
    wanted there of what is written."""
    timeline, next_open = plan.timeline, gate.next_open_date
    stored = entries.lock_to_edit(session, schedule, timeline.reach_back(edit.seam))
    stays = staying(stored, timeline, next_open, edit)
    since = first_collapsed(stored, timeline, edit.seam, next_open, stays)
    left = [entry.nominal_date for entry in stored if edit.leaves(entry, next_open)]
    far = {day for day in left if is_far_ahead(timeline, edit.through, day)}
    if far and edit.reason is not CancelReason.COLLAPSED:
        detail = f"would keep the event of {max(far)}, which lies too many dates ahead; cancel it first"
        raise Invalid(FieldProblem("/overridden", detail))
    # A calendar's change can be refused by nobody: what lies so far ahead stays as it is.
    at_hand = [entry for entry in stored if entry.nominal_date not in far]
    through = max([edit.through, *(day for day in left if day not in far)])
    found = _occurrences(session, schedule, timeline, since, next_open, stays)
    wanted = list(takewhile(lambda item: item.nominal_date <= through, found))
    changes = reconcile(at_hand, wanted, blank(schedule), plan.pauses, next_open, edit, since)
    return changes, list(takewhile(lambda item: item.nominal_date <= edit.through, wanted))


def place_of(session: Session, gate: Gate, schedule: Schedule, timeline: Timeline, skipped: Entry) -> Occurrence | None:
    """The payment that a skipped event would be among the others; None where it is none of them any more.

    Raises Conflict for one that lies too many dates ahead to be counted.
    """
    next_open, day = gate.next_open_date, skipped.nominal_date
    if is_far_ahead(timeline, schedule.written_through, day):
        raise Conflict(f"{day} lies too many dates ahead; schedule the payment anew.", code="date_too_far")
    stored = entries.lock_to_edit(session, schedule, timeline.reach_back(day))
    stays = staying(stored, timeline, next_open, Edit(seam=date.max))
    # What an extension is still to write before it has its numbers first.
    since = day if day <= schedule.written_through else schedule.written_through + timedelta(days=1)
    found = _occurrences(session, schedule, timeline, since, next_open, stays)
    return next(
        (item for item in takewhile(lambda item: item.nominal_date <= day, found) if item.nominal_date == day), None
    )


def _occurrences(
    session: Session, schedule: Schedule, timeline: Timeline, since: date, next_open: date, stays: Staying
) -> Iterator[Occurrence]:
    """The payments from a nominal date on, numbered after those before it: with those that are skipped there."""
    rows = entries.numbered_before(session, schedule, since)
    taken = {row.sequence for row in rows if not row.is_skipped}
    days = [row.nominal_date for row in rows if row.is_skipped]

    def found(day: date) -> Iterator[Occurrence]:
        return timeline.occurrences(
            day,
            next_open=next_open,
            held=stays.held,
            staying=stays.numbers,
            taken=taken,
            written=stays.written.union(days),
        )

    # A rule that changed after a date was skipped may have taken its place away.
    skipped = [day for day in days if next((item.nominal_date for item in found(day)), None) == day]
    used = taken | set(stays.numbers.values())
    taken.update(islice((number for number in count(1) if number not in used), len(skipped)))
    return found(since)
