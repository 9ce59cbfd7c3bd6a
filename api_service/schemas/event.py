"""An event as it is answered."""

from __future__ import annotations

from marshmallow.fields import Boolean, Function, Integer, List, Nested, String

from api_service.schemas.reading import Day, Id, PartyId
from api_service.schemas.writing import AnswerSchema, Money, currency_code, cursor_of_next, row_version
from shared.db.models import Event
from shared.domain.entries import Entry
from shared.domain.lifecycle import CancelReason, EventStatus


def keys_sent(event: Event | Entry) -> int:
    """How many keys of an event went to the provider: its attempt is one that is still to be sent, or was."""
    return event.attempt if event.first_sent_at is not None else event.attempt - 1


class EventSchema(AnswerSchema):
    """One dated payment of a schedule."""

    id = Id()
    schedule_id = Id()
    payer_id = PartyId()
    payee_id = PartyId()
    sequence = Integer(metadata={"minimum": 1})
    nominal_date = Day(metadata={"description": "The date that the rule gives."})
    date = Day(metadata={"description": "The day it is paid."})
    amount = Money()
    currency = currency_code()
    reference = String(allow_none=True)
    status = String(metadata={"enum": list(EventStatus)})
    cancel_reason = String(allow_none=True, metadata={"enum": [*CancelReason, None]})
    overridden = Boolean()
    failure_code = Function(
        lambda event: event.failure_code if event.status == EventStatus.FAILED else None,
        metadata={"type": ["string", "null"], "description": "Why it failed: the provider's code, or ours."},
    )
    retry_on = Function(
        lambda event: str(event.retry_on) if event.status == EventStatus.FAILED and event.retry_on else None,
        metadata={"type": ["string", "null"], "format": "date", "description": "When it is tried again."},
    )
    transaction_id = Id(allow_none=True)
    attempts = Function(keys_sent, metadata={"type": "integer", "minimum": 0, "description": "Keys sent so far."})
    version = row_version()


class EventPageSchema(AnswerSchema):
    """A page of events by date and id."""

    data = List(Nested(EventSchema))
    next_cursor = cursor_of_next()
