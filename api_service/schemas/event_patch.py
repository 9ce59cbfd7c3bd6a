"""The body of one event's change."""

from __future__ import annotations

from api_service.schemas.base import CamelSchema
from api_service.schemas.reading import Day, PartyId, Text
from api_service.schemas.schedule_body import MAX_REFERENCE, amount_field


class EventPatch(CamelSchema):
    """What is to be other of this one event; its nominal date stays."""

    payee_id = PartyId(metadata={"description": "Who is paid; not the payer."})
    amount = amount_field("A decimal as text, with at most the currency's decimals; above 0.")
    reference = Text(shortest=0, longest=MAX_REFERENCE, allow_none=True)
    date = Day(metadata={"description": "The day it is paid; not before the next open date."})

    def __init__(self) -> None:
        super().__init__(partial=True)
