"""Extending schedules: the next events of those that are due, written under their lock (rule S12)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from shared.db import calendars, entries, late, outbox, plans, schedules, top_ups
from shared.db.calendars import LoadedCalendar
from shared.db.engine import Session
from shared.db.late import Payable
from shared.db.models import Schedule
from shared.db.plans import Plan
from shared.db.runs import Gate
from shared.db.top_ups import Due
from shared.domain.edits import made
from shared.domain.entries import Entry, covered
from shared.domain.horizon import Extension, Horizon, extension
from shared.domain.lifecycle import EventStatus
from shared.domain.notices import NoticeType
from shared.domain.recurrence import Rule
from shared.domain.timeline import Occurrence, Revision, Terms, Timeline
from shared.materialise import blank

REMEMBERED_MOST: Final = 20_000
NO_TERMS: Final = Terms(0, "", None)
"""Of a plain schedule: its amount and payee are its row's, whatever the date."""

Key = tuple[str, date, int, int | None]


@dataclass(slots=True)
class Steps:
    """What extending until one day comes to, remembered by rule: most schedules share theirs with thousands."""

    horizon: Horizon
    as_of: date
    _rules: dict[str, Rule] = field(default_factory=dict)
    _found: dict[Key, Extension] = field(default_factory=dict)

    def read(self, session: Session, due: Collection[Due]) -> tuple[dict[str, Extension], list[LoadedCalendar]]:
        """The step of each plain schedule by its id, and the calendars it was found with.

        Raises one of `plans.UNREADABLE`.
        """
        if len(self._found) + len(self._rules) > REMEMBERED_MOST:
            self._found.clear()
            self._rules.clear()
        texts = {item.rule for item in due}
        for words in texts - self._rules.keys():
            self._rules[words] = Rule.from_json(json.loads(words))
        loaded = plans.read_calendars(session, [self._rules[words] for words in texts])
        return {item.id: self._step(item, loaded) for item in due}, list(loaded.values())

    def _step(self, due: Due, loaded: Mapping[str, LoadedCalendar]) -> Extension:
        rule = self._rules[due.rule]
        version = loaded[rule.calendar].version if rule.needs_calendar else None
        key = (due.rule, due.written_through, due.next_sequence, version)
        step = self._found.get(key)
        if step is None:
            revision = Revision(plans.FIRST, rule.start_date, rule, NO_TERMS)
            timeline = Timeline.of([revision], {code: item.calendar for code, item in loaded.items()})
            step = extension(timeline, due.written_through, due.next_sequence, self.horizon, self.as_of)
            self._found[key] = step
        return step


def extend_held(session: Session, gate: Gate, due: Sequence[Due], steps: Steps) -> int:
    """Writes the next events of schedules that the caller holds, as `extend` does; answers how many."""
    resting = top_ups.resting(session, due)
    plain = [item for item in due if item.is_plain and item.id not in resting]
    found, loaded = steps.read(session, plain)
    near = _near(gate.now.tomorrow, found.values())
    ahead = [item for item in plain if id(found[item.id]) not in near]
    written = top_ups.top_up(session, [(item, found[item.id]) for item in ahead])
    calendars.keep(session, loaded, gate.now.today)
    others = {item.id for item in due} - {item.id for item in ahead}
    if not others:
        return written
    rows = schedules.lock_all(session, sorted(UUID(schedule_id) for schedule_id in others))
    return written + extend(session, gate, list(rows.values()), steps.horizon, steps.as_of)


def _near(last: date, steps: Collection[Extension]) -> set[int]:
    """Which of the steps, as `id` tells them apart, have an event that a run up to that date takes on."""
    several = {id(step): step for step in steps}
    return {name for name, step in several.items() if any(item.date <= last for item in step.occurrences)}


def extend(session: Session, gate: Gate, due: Sequence[Schedule], horizon: Horizon, as_of: date) -> int:
    """Writes the next events of any schedules that the caller holds; answers how many (rule S12).

    The date is what the rule gives, also in the past (rule D2); what no run may pay any more is written as missed.
    """
    found = plans.read(session, due)
    extensions = {
        schedule.id: extension(
            found[schedule.id].timeline, schedule.written_through, schedule.next_sequence, horizon, as_of
        )
        for schedule in due
    }
    taken = entries.taken_dates(session, [schedule for schedule in due if schedule.revision > plans.FIRST])
    moved = schedules.advance(session, [_advance(schedule, extensions[schedule.id]) for schedule in due])
    new = [
        _extended(gate, schedule, found[schedule.id], item)
        for schedule in due
        for item in extensions[schedule.id].occurrences
        if schedule.id in moved and item.nominal_date not in taken.get(schedule.id, ())
    ]
    stored = entries.apply(session, gate, [], new)
    _miss(session, gate, [entries.payable(entry) for entry in stored if entry.status == EventStatus.MISSED])
    several = {code: item for plan in found.values() for code, item in plan.loaded.items()}
    calendars.keep(session, several.values(), gate.now.today)
    return len(stored)


def _miss(session: Session, gate: Gate, missed: Sequence[Payable]) -> None:
    """Books and tells what was written as missed."""
    late.miss(session, gate, missed)
    for day in sorted({event.date for event in missed}):
        outbox.tell_of_events(session, NoticeType.MISSED, day, [event.id for event in missed if event.date == day])


def _extended(gate: Gate, schedule: Schedule, plan: Plan, item: Occurrence) -> Entry:
    # Never rolled late: as if nothing were closed yet (rule D2).
    entry = made(item, blank(schedule), plan.pauses, date.min)
    run = gate.run_of(entry.date)
    # An extension that comes too late writes what it owes, and no run pays it later than the schedule allows (D7).
    if run is None or entry.date + timedelta(days=schedule.pay_late) >= run.date or covered(entry.date, plan.pauses):
        return entry
    return replace(entry, status=EventStatus.MISSED)


def _advance(schedule: Schedule, step: Extension) -> schedules.Advance:
    return schedules.Advance(schedule, step.next_sequence, step.through, step.extend_on)
