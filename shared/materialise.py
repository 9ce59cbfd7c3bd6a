"""Turning timelines into rows: the events of a new schedule, and the next ones of an old one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from shared.db import calendars, entries, followed, new_schedules, plans
from shared.db.engine import Session
from shared.db.models import Schedule
from shared.db.plans import Plan
from shared.db.runs import Gate
from shared.db.touched import touch
from shared.domain.edits import made
from shared.domain.entries import Entry
from shared.domain.errors import FieldProblem, Invalid
from shared.domain.horizon import Horizon, extension
from shared.domain.recurrence import Frequency, Rule
from shared.domain.rule_check import gives_no_date
from shared.domain.timeline import Revision, Terms, Timeline
from shared.ids import new_id, new_ids

Insert = Callable[[Session, Schedule, Sequence[Entry]], None]


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """What a user asks for; `pay_late` in calendar days, `retry_days` in working days after a first decline (S11).

    `listed`: the rule's dates in the order in which they were named, if that is another.
    """

    payer_id: str
    currency: str
    rule: Rule
    terms: Terms
    pay_late: int = 5
    retry_days: Sequence[int] | None = None
    listed: Sequence[date] = ()


class Opened(NamedTuple):
    """A schedule that was just written, and its events by (date, id)."""

    schedule: Schedule
    entries: list[Entry]


def open_schedule(
    session: Session, gate: Gate, asked: NewSchedule, horizon: Horizon, insert: Insert = new_schedules.insert
) -> Opened:
    """Writes a schedule, its first revision and its events up to the horizon, in a fixed number of statements.

    `insert` writes their rows, and raises what it raises.
    Raises Invalid when it would start before the next open date (rule D2), and when its rule gives no date.
    """
    rule = asked.rule
    _check_dates(asked, gate)
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
    insert(session, schedule, stored)
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


def _check_dates(asked: NewSchedule, gate: Gate) -> None:
    """Refuses a start date or a listed date before the next open one (rule D2)."""
    rule, detail = asked.rule, f"lies before the next possible date, {gate.next_open_date.isoformat()}"
    if rule.frequency == Frequency.DATES:
        early = [f"/dates/{index}" for index, day in enumerate(asked.listed or rule.dates) if day < gate.next_open_date]
    else:
        early = ["/startDate"] if rule.start_date < gate.next_open_date else []
    if early:
        raise Invalid(*(FieldProblem(pointer, detail) for pointer in early), code="date_not_open")
