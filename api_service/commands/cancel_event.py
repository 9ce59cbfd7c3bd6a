"""cancel_event: one event is skipped, the others stay."""

from __future__ import annotations

from uuid import UUID

from api_service.commands.event_edit import write
from api_service.conditional import Precondition
from shared.db import editing
from shared.db.audit import Act, Action
from shared.db.engine import Session
from shared.domain.entries import Entry, cancelled
from shared.domain.lifecycle import CancelReason
from shared.settings import Settings

DONE = (CancelReason.SKIPPED, CancelReason.GIVEN_UP)
"""What this command leads to: a repetition changes nothing."""


def cancel_event(
    session: Session,
    settings: Settings,
    act: Act,
    *,
    event_id: UUID,
    payer_id: str | None,
    precondition: Precondition,
) -> Entry:
    """Skips an event that is scheduled or paused, and gives up one that waits for its retry; twice is as once.

    Raises NotFound, Conflict for any other status (rule S4), and Problem 412.
    """
    gate, _, entry = editing.begin_event(session, settings.business, event_id, payer_id)
    if entry.cancel_reason in DONE:
        return entry
    waits_for_retry = entry.waits_for_retry
    if not waits_for_retry:
        editing.check_open(entry)
    precondition.check(entry.version)
    after = cancelled(entry, CancelReason.GIVEN_UP if waits_for_retry else CancelReason.SKIPPED)
    action: Action = "event.given_up" if waits_for_retry else "event.skipped"
    return write(session, gate, act, action, entry, after)
