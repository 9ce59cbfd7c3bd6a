"""What the lists of dated things share: their filters and their cursors' positions."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from api_service.auth.bearer import current_caller
from shared.db.lists import Filters, Position


def filters_of(query: dict[str, Any]) -> Filters:
    """What a list is narrowed to, for this caller. Raises NotAllowed for another's `payerId`."""
    return Filters(
        payer_id=current_caller().payer_to_read(query["payer_id"]),
        schedule_id=query["schedule_id"],
        first_date=query["first_date"],
        last_date=query["last_date"],
        statuses=query.get("statuses", ()),
    )


def position(day: str, row_id: str) -> Position:
    """The position that a cursor holds. Raises ValueError."""
    return Position(date.fromisoformat(day), UUID(row_id))
