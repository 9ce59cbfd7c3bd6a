"""A transaction as it is answered."""

from __future__ import annotations

from marshmallow.fields import List, Nested, String

from api_service.schemas.reading import Day, Id, PartyId
from api_service.schemas.writing import AnswerSchema, Instant, Money, currency_code, cursor_of_next


class TransactionSchema(AnswerSchema):
    """A payment that was made."""

    id = Id()
    event_id = Id()
    schedule_id = Id()
    payer_id = PartyId()
    payee_id = PartyId()
    amount = Money()
    currency = currency_code()
    date = Day(metadata={"description": "Of the run that paid it, or the day that became known."})
    provider_ref = String()
    created_at = Instant()


class TransactionPageSchema(AnswerSchema):
    """A page of transactions by date and id."""

    data = List(Nested(TransactionSchema))
    next_cursor = cursor_of_next()
