"""What every change of one event ends with: it is audited and told, and before that, where it is an edit, written."""

from __future__ import annotations

from api_service.schemas.snapshot import of_event
from shared.db import entries, facts
from shared.db.audit import Act, Action
from shared.db.engine import Session
from shared.db.runs import Gate
from shared.domain.entries import Entry


def write(session: Session, gate: Gate, act: Act, action: Action, before: Entry, after: Entry) -> Entry:
    """Writes what became of an event that the caller holds; answers it."""
    entries.apply(session, gate, [(before, after)])
    record(session, act, action, before, after)
    return after


def record(session: Session, act: Act, action: Action, before: Entry, after: Entry, **more: object) -> None:
    """Audits and tells a change of one event; `more` stands beside what it became, in the audit."""
    facts.of_event(session, act, action, after, before=of_event(before), after={**of_event(after), **more})
