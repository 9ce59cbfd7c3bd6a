"""A difference with the provider's record as it is answered."""

from __future__ import annotations

from marshmallow.fields import Dict, Function, List, Nested, String

from api_service.schemas.queries import PageQuery
from api_service.schemas.reading import Day, Flag, Id
from api_service.schemas.writing import AnswerSchema, Instant, cursor_of_next
from shared.domain.reconciliation import DIFFERENCES


class ReconcileItemsQuery(PageQuery):
    """Which differences."""

    day = Day(data_key="date", metadata={"description": "The day that was compared."})
    open = Flag(metadata={"description": "true: those still found; false: those that are settled; left out: all."})


def _side(description: str) -> Dict:
    return Dict(keys=String(), values=String(allow_none=True), allow_none=True, metadata={"description": description})


class ReconcileItemSchema(AnswerSchema):
    """One difference between our transactions of a day and the provider's record of it."""

    id = Id()
    day = Day(data_key="date")
    kind = String(metadata={"enum": [str(kind) for kind in DIFFERENCES]})
    idempotency_key = String()
    payment_id = Function(
        lambda item: item.payment_id or None,
        metadata={"type": ["string", "null"], "description": "null: the provider has no such payment."},
    )
    event_id = Id(allow_none=True, metadata={"description": "null: the key is that of no event."})
    event_date = Day(allow_none=True)
    ours = _side("What we said when it was found last.")
    theirs = _side("What the provider said then.")
    found_at = Instant()
    settled_at = Instant(allow_none=True, metadata={"description": "null: it is still found."})


class ReconcileItemPageSchema(AnswerSchema):
    """A page of differences, newest first."""

    data = List(Nested(ReconcileItemSchema))
    next_cursor = cursor_of_next()
