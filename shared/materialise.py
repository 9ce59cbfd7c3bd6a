"""Turning timelines into rows: the events of a new schedule, and the next ones of an old one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from shared.db import calendars, entries, followed, late, new_schedules, plans, schedules
from shared.db.engine import Session
from shared.db.models import Schedule
from shared.db.plans import Plan
from shared.db.runs import Gate
from shared.db.touched import touch
from shared.domain.edits import made
from shared.domain.entries import Entry, covered
from shared.domain.errors import FieldProblem, Invalid
from shared.domain.horizon import Extension, Horizon, extension
from shared.domain.lifecycle import EventStatus
from shared.domain.recurrence import Frequency, Rule
from shared.domain.rule_check import gives_no_date
from shared.domain.timeline import Occurrence, Revision, Terms, Timeline
from shared.ids import new_id, new_ids


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """What a user asks for; `pay_late` in calendar days, `retry_days` in working days after a first decline (S11)."""

    payer_id: str
    currency: str
    rule: Rule
    terms: Terms
    pay_late: int = 5
    retry_days: Sequence[int] | None = None


class Opened(NamedTuple):
    """A schedule that was just written, and its events by (date, id)."""

    schedule: Schedule
    entries: list[Entry]


def open_schedule(session: Session, gate: Gate, asked: NewSchedule, horizon: Horizon) -> Opened:
    """Writes a schedule, its first revision and its events up to the horizon, in a fixed number of statements.

    Raises Invalid when it would start before the next open date (rule D2), and when its rule gives no date.
    """
    rule = asked.rule
    _check_dates(rule, gate)
    revision = Revision(plans.FIRST, rule.start_date, rule, asked.terms)
    loaded = plans.read_calendars(session, [rule])
    timeline = Timeline.of([revision], {code: item.calendar for code, item in loaded.items()})
    written = extension(timeline, None, 1, horizon, gate.now.today, next_open=gate.next_open_date)
    if not written.occurrences:
        raise gives_no_date(rule)
    schedule = Schedule(
        id=new_id(),
        payer_id=asked.payer_id,
        pay_late=asked.pay_late,
        retry_days=asked.retry_days and list(asked.retry_days),
        currency=asked.currency,
        status="active",
        version=1,
        start_date=rule.start_date,
        next_sequence=written.next_sequence,
        written_through=written.through,
        extend_on=written.extend_on,
    )
    set_terms(schedule, revision)
    followed.write(session, schedule, {}, Plan(timeline, [], loaded).followed)
    touch(session, [schedule.payer_id])
    model = blank(schedule)
    stored = [
        made(item, model, [], gate.next_open_date, event_id=event_id)
        for item, event_id in zip(written.occurrences, new_ids(len(written.occurrences)), strict=True)
    ]
    new_schedules.insert(session, schedule, stored)
    entries.book(session, gate, [], stored)
    calendars.keep(session, loaded.values(), gate.now.today)
    return Opened(schedule, sorted(stored, key=lambda entry: (entry.date, str(entry.id))))


def set_terms(schedule: Schedule, last: Revision) -> None:
    """Gives the schedule's row its last revision's terms."""
    rule, terms = last.rule, last.terms
    schedule.revision = last.number
    schedule.rule = rule.to_json()
    schedule.frequency, schedule.end_date, schedule.is_recurring = str(rule.frequency), rule.end_date, rule.is_recurring
    schedule.amount, schedule.payee_id, schedule.reference = terms.amount, terms.payee_id, terms.reference
    schedule.first_amount, schedule.final_amount = terms.first_amount, terms.final_amount


def blank(schedule: Schedule) -> Entry:
    """An event of this schedule that has nothing of its own yet."""
    return Entry(
        id=None,
        schedule_id=schedule.id,
        payer_id=schedule.payer_id,
        payee_id=schedule.payee_id,
        sequence=0,
        nominal_date=schedule.start_date,
        date=schedule.start_date,
        amount=schedule.amount,
        currency=schedule.currency,
        reference=schedule.reference,
    )


def extend(session: Session, gate: Gate, due: Sequence[Schedule], horizon: Horizon, as_of: date) -> int:
    """Writes the next events of schedules that the caller holds locked; answers how many (rule S12).

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
    late.miss(session, gate, [entries.payable(entry) for entry in stored if entry.status == EventStatus.MISSED])
    calendars.keep(session, _calendars_of(found.values()), gate.now.today)
    return len(stored)


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


def _calendars_of(found: Collection[Plan]) -> list[calendars.LoadedCalendar]:
    several = {code: item for plan in found for code, item in plan.loaded.items()}
    return list(several.values())


def _check_dates(rule: Rule, gate: Gate) -> None:
    """Refuses a start date or a listed date before the next open one (rule D2)."""
    detail = f"lies before the next possible date, {gate.next_open_date.isoformat()}"
    if rule.frequency == Frequency.DATES:
        early = [f"/dates/{index}" for index, day in enumerate(rule.dates) if day < gate.next_open_date]
    else:
        early = ["/startDate"] if rule.start_date < gate.next_open_date else []
    if early:
        raise Invalid(*(FieldProblem(pointer, detail) for pointer in early), code="date_not_open")
