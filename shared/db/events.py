"""Events by id, for reading."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db.models import Event


def find(session: Session, event_id: UUID, payer_id: str | None) -> Event | None:
    """An event by id; with its payer the lookup is by index, without it every month is searched."""
    query = select(Event).where(Event.id == event_id)
    return session.scalar(query if payer_id is None else query.where(Event.payer_id == payer_id))
