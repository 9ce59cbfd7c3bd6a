"""update_event: one event is paid otherwise than its schedule says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from api_service.commands.event_edit import write
from api_service.conditional import Precondition
from shared.db import editing, plans
from shared.db.audit import Act
from shared.db.engine import Session
from shared.domain.entries import Entry, changed, settled_status
from shared.domain.errors import FieldProblem, Invalid
from shared.settings import Settings


def update_event(
    session: Session,
    settings: Settings,
    act: Act,
    *,
    event_id: UUID,
    payer_id: str | None,
    precondition: Precondition,
    read: Callable[[Entry], Mapping[str, Any]],
) -> Entry:
    """Changes an event's amount, payee, reference or date; it keeps its nominal date and counts as overridden.

    `read` gives the new values. Raises NotFound, Conflict for a claimed or final one (rule S4), Problem 412, Invalid.
    """
    gate, schedule, entry = editing.begin_event(session, settings.business, event_id, payer_id)
    editing.check_open(entry)
    precondition.check(entry.version)
    values = {name: value for name, value in read(entry).items() if value != getattr(entry, name)}
    if not values:
        return entry
    day: date = values.get("date", entry.date)
    if "date" in values and day < gate.next_open_date:
        detail = f"lies before the next possible date, {gate.next_open_date.isoformat()}"
        raise Invalid(FieldProblem("/date", detail), code="date_not_open")
    pauses = plans.read_pauses(session, schedule)
    status = settled_status(entry.status, day, pauses, gate.next_open_date)
    after = changed(entry, **values, overridden=True, status=status)
    return write(session, gate, act, "event.updated", entry, after)
