"""restore: a skipped event is taken back."""

from __future__ import annotations

from itertools import islice
from uuid import UUID

from api_service.commands.event_edit import write
from shared.amend import place_of
from shared.db import calendars, editing, plans
from shared.db.audit import Act
from shared.db.engine import Session
from shared.db.plans import Plan
from shared.db.runs import Gate
from shared.domain.edits import as_edited
from shared.domain.entries import Entry, changed, settled_status, with_terms
from shared.domain.errors import Conflict
from shared.domain.lifecycle import CancelReason, EventStatus
from shared.domain.timeline import Occurrence
from shared.settings import Settings


def restore_event(session: Session, settings: Settings, act: Act, *, event_id: UUID, payer_id: str | None) -> Entry:
    """Takes back a skipped event, with the terms in force now unless it was edited by itself (rule S5).

    Raises NotFound, and Conflict: it is not skipped, its schedule is cancelled, its rule does not give the date any
    more, its day has another payment now, or the date has passed or lies too far ahead.
    """
    gate, schedule, entry = editing.begin_event(session, settings.business, event_id, payer_id)
    if entry.cancel_reason != CancelReason.SKIPPED:
        state = entry.status if entry.cancel_reason is None else f"{entry.status} ({entry.cancel_reason})"
        raise Conflict(f"The event is {state}; only a skipped one can be restored.", code="event_not_skipped")
    editing.check_not_cancelled(schedule)
    plan = plans.read(session, [schedule])[schedule.id]
    if all(day != entry.nominal_date for day, _ in islice(plan.timeline.nominal_dates(entry.nominal_date), 1)):
        detail = f"The schedule's rule does not give {entry.nominal_date} any more."
        raise Conflict(detail, code="date_not_in_rule")
    if entry.date < gate.next_open_date:
        detail = f"Its date, {entry.date}, has passed; the next possible date is {gate.next_open_date}."
        raise Conflict(detail, code="date_not_open")
    occurrence = place_of(session, gate, schedule, plan.timeline, entry)
    if occurrence is None:
        detail = f"By the schedule's rule, {entry.nominal_date} is paid together with another date now."
        raise Conflict(detail, code="date_collapsed")
    after = _restored(entry, occurrence, plan, gate)
    write(session, gate, act, "event.restored", entry, after)
    calendars.keep(session, plan.loaded.values(), gate.now.today)
    return after


def _restored(entry: Entry, occurrence: Occurrence, plan: Plan, gate: Gate) -> Entry:
    """As its schedule would make it today; inside a pause it is paused."""
    next_open, back = gate.next_open_date, as_edited(entry, occurrence)
    if not entry.overridden:
        back = changed(with_terms(back, occurrence), date=max(occurrence.date, next_open))
    status = settled_status(EventStatus.SCHEDULED, back.date, plan.pauses, next_open)
    return changed(back, status=status, cancel_reason=None, version=entry.version)
