"""Amending: what a schedule's events become when its terms, its rule, its bounds or its calendar change.

One way for all of them: the timeline says what is wanted from a seam on, and what is stored is brought to it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import takewhile
from uuid import UUID

from shared.db import calendars, entries, followed, plans
from shared.db.engine import Session
from shared.db.models import Schedule
from shared.db.plans import Plan
from shared.db.runs import Gate
from shared.domain.edits import Changes, Edit, first_collapsed, held_days, reconcile
from shared.domain.entries import Entry
from shared.domain.horizon import Horizon, Reach, reach
from shared.domain.lifecycle import OPEN, CancelReason
from shared.domain.revising import Revised, ScheduleChange, revise
from shared.domain.rule_check import gives_no_date
from shared.domain.timeline import Occurrence, Timeline
from shared.materialise import blank, extend, set_terms


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
    plan = plans.read(session, [schedule])[schedule.id]
    standpoint = entries.standpoint(session, schedule, gate.next_open_date)
    revised = revise(plan.timeline, change, standpoint, schedule.revision)
    plan = _with_revisions(session, plan, revised)
    _check_goes_on(plan.timeline, revised)
    goal = _goal(plan.timeline, schedule, horizon, gate.now.today, revised)
    stored, wanted = _both(session, gate, schedule, plan.timeline, revised.seam, goal.through)
    if not revised.added:
        changes = Changes(kept=[entry for entry in stored if entry.status in OPEN])
    else:
        edit = Edit(
            replaces=revised.new_rule,
            overridden=change.overridden,
            retermed=revised.retermed,
            ends_on=_end(wanted, revised, goal),
            seam=revised.seam,
        )
        changes = reconcile(stored, wanted, blank(schedule), plan.pauses, gate.next_open_date, edit)
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
    stored, wanted = _both(session, gate, schedule, plan.timeline, seam, schedule.written_through)
    edit = Edit(reason=CancelReason.COLLAPSED, spares_overridden=True)
    changes = reconcile(stored, wanted, blank(schedule), plan.pauses, gate.next_open_date, edit)
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


def _with_revisions(session: Session, plan: Plan, revised: Revised) -> Plan:
    rules = [item.rule for item in revised.added if item.rule.calendar not in plan.loaded]
    loaded = {**plan.loaded, **plans.read_calendars(session, rules)}
    days = {code: item.calendar for code, item in loaded.items()}
    return replace(plan, timeline=Timeline.of([*plan.timeline.revisions, *revised.added], days), loaded=loaded)


def _check_goes_on(timeline: Timeline, revised: Revised) -> None:
    """Refuses a new rule that never comes to a date, such as every 30 June but its 31st."""
    if revised.new_rule and not timeline.bounded and next(timeline.nominal_dates(revised.seam), None) is None:
        raise gives_no_date(timeline.last.rule)


def _goal(timeline: Timeline, schedule: Schedule, horizon: Horizon, today: date, revised: Revised) -> Reach:
    """How far events are looked at: a change of terms writes no further, new bounds take back nothing in between."""
    if not (revised.new_rule or revised.rebounded):
        return Reach(schedule.written_through, schedule.extend_on)
    goal = reach(timeline, horizon, today)
    return goal if revised.new_rule else goal._replace(through=max(goal.through, schedule.written_through))


def _both(
    session: Session, gate: Gate, schedule: Schedule, timeline: Timeline, seam: date, through: date
) -> tuple[list[Entry], list[Occurrence]]:
    """What is stored and what is wanted from a seam on, or from the first date before it that collapses there."""
    next_open = gate.next_open_date
    stored = entries.lock(session, schedule, since=timeline.reach_back(seam))
    held = held_days(stored, timeline, next_open)
    since = first_collapsed(stored, timeline, seam, next_open, held)
    sequence = entries.last_sequence_before(session, schedule, since) + 1
    occurrences = timeline.occurrences(since, sequence, next_open=next_open, held=held)
    wanted = list(takewhile(lambda item: item.nominal_date <= through, occurrences))
    return [entry for entry in stored if entry.nominal_date >= since], wanted


def _end(wanted: list[Occurrence], revised: Revised, goal: Reach) -> date | None:
    if not revised.rebounded or goal.extend_on is not None:
        return None
    return wanted[-1].nominal_date if wanted else revised.seam - timedelta(days=1)
