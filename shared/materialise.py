"""Turning rules into rows: the events of a new schedule, and the next ones of an old one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from shared.db import events, late, schedules
from shared.db.engine import Session
from shared.db.late import Payable
from shared.db.models import Schedule, ScheduleRevision
from shared.db.runs import Gate
from shared.domain.errors import FieldProblem, Invalid
from shared.domain.horizon import Horizon, extension, initial
from shared.domain.lifecycle import EventStatus
from shared.domain.recurrence import Occurrence, Rule
from shared.ids import new_id, new_ids


@dataclass(frozen=True, slots=True)
class Terms:
    """What a user asks for; `amount` in minor units, `pay_late` in calendar days."""

    payer_id: str
    payee_id: str
    currency: str
    amount: int
    reference: str | None
    rule: Rule
    pay_late: int = 5


def open_schedule(session: Session, gate: Gate, terms: Terms, horizon: Horizon) -> Schedule:
    """Writes a schedule, its first revision and its events up to the horizon, in a fixed number of statements.

    Raises Invalid when it would start before the next open date (rule D2).
    """
    rule = terms.rule
    if rule.start_date < gate.next_open_date:
        detail = f"lies before the next possible date, {gate.next_open_date.isoformat()}"
        raise Invalid(FieldProblem("/startDate", detail), code="date_not_open")
    written = initial(rule, horizon, gate.now.today)
    schedule = Schedule(
        id=new_id(),
        payer_id=terms.payer_id,
        payee_id=terms.payee_id,
        start_date=rule.start_date,
        end_date=rule.end_date,
        is_recurring=rule.is_recurring,
        amount=terms.amount,
        currency=terms.currency,
        frequency=str(rule.frequency),
        rule=rule.to_json(),
        reference=terms.reference,
        pay_late=terms.pay_late,
        status="active",
        revision=1,
        version=1,
        next_sequence=written.next_sequence,
        extend_on=written.extend_on,
    )
    session.add(schedule)
    session.flush()
    session.add(
        ScheduleRevision(
            schedule_id=schedule.id,
            revision=1,
            from_nominal_date=rule.start_date,
            rule=schedule.rule,
            amount=terms.amount,
            payee_id=terms.payee_id,
            reference=terms.reference,
        )
    )
    session.flush()
    _write(session, gate, [(schedule, written.occurrences)])
    return schedule


def extend(session: Session, gate: Gate, due: Sequence[Schedule], horizon: Horizon, as_of: date) -> int:
    """Writes the next events of schedules that the caller holds locked; answers how many (rule S12)."""
    plans = {
        schedule.id: extension(Rule.from_json(schedule.rule), schedule.next_sequence, horizon, as_of)
        for schedule in due
    }
    moved = schedules.advance(
        session,
        [
            schedules.Advance(schedule, plans[schedule.id].next_sequence, plans[schedule.id].extend_on)
            for schedule in due
        ],
    )
    return _write(
        session,
        gate,
        [(schedule, plans[schedule.id].occurrences) for schedule in due if schedule.id in moved],
    )


def _write(session: Session, gate: Gate, work: Sequence[tuple[Schedule, list[Occurrence]]]) -> int:
    ids = iter(new_ids(sum(len(occurrences) for _, occurrences in work)))
    rows = [_row(gate, schedule, occurrence, next(ids)) for schedule, occurrences in work for occurrence in occurrences]
    events.insert(session, rows)
    late.add(session, gate, [_payable(row) for row in rows if row["status"] == EventStatus.SCHEDULED])
    late.miss(session, gate, [_payable(row) for row in rows if row["status"] == EventStatus.MISSED])
    return len(rows)


def _payable(row: dict[str, Any]) -> Payable:
    return Payable(row["date"], row["id"], row["currency"], row["amount"])


def _row(gate: Gate, schedule: Schedule, occurrence: Occurrence, event_id: UUID) -> dict[str, Any]:
    run = gate.run_of(occurrence.date)
    # An extension that comes too late writes what it owes, and no run pays it later than the schedule allows (D7).
    missed = run is not None and occurrence.date + timedelta(days=schedule.pay_late) < run.date
    return {
        "status": str(EventStatus.MISSED if missed else EventStatus.SCHEDULED),
        "date": occurrence.date,
        "id": event_id,
        "schedule_id": schedule.id,
        "payer_id": schedule.payer_id,
        "payee_id": schedule.payee_id,
        "amount": schedule.amount,
        "currency": schedule.currency,
        "reference": schedule.reference,
        "nominal_date": occurrence.nominal_date,
        "sequence": occurrence.sequence,
        "revision": schedule.revision,
    }
