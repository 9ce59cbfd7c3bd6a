"""resolve: a person settles a payment of which the provider did not say what became of it (rule P2)."""

from __future__ import annotations

from uuid import UUID

from api_service.commands.event_edit import record
from shared.db import entries, events, proofs, resolution, runs
from shared.db.audit import Act
from shared.db.clock import business_now
from shared.db.engine import Session
from shared.db.outcomes import Known
from shared.db.touched import touch
from shared.domain.entries import Entry
from shared.domain.errors import NotFound
from shared.settings import Settings


def resolve_event(
    session: Session, settings: Settings, act: Act, *, event_id: UUID, provider_ref: str | None, reason: str
) -> Entry:
    """Settles it as paid with the provider's reference, or without one as not paid.

    Raises NotFound, and Conflict for an event that is neither unknown nor failed against the provider's word.
    """
    found = events.find(session, event_id, None)
    if found is None:
        raise NotFound("There is no such event.")
    first_date, payer_id = found.date, found.payer_id
    touch(session, [payer_id])
    gate = runs.enter(session, business_now(session, settings.business), first_date)
    if found.batch_id is None:
        raise resolution.cannot_resolve(found.status)
    batch = proofs.lock_batch(session, first_date, event_id)
    # One that was given back since may have been moved as well.
    before = entries.lock_one(session, payer_id, event_id)
    event = proofs.lock_event(session, before.date, event_id)
    known = resolution.not_paid() if provider_ref is None else Known(True, None, provider_ref)
    resolution.resolve(session, gate, event, batch, known, by=act.actor, reason=reason)
    after = entries.lock_one(session, payer_id, event_id)
    record(session, act, "event.resolved", before, after, providerRef=provider_ref, reason=reason)
    return after
