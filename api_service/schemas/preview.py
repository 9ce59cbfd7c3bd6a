"""A preview: what is asked and what is answered."""

from __future__ import annotations

from typing import Final

from marshmallow.fields import Integer, List, Nested, String

from api_service.schemas.reading import Choice, Day, PartyId, Whole
from api_service.schemas.schedule_body import ScheduleBody, amount_field, currency_field
from api_service.schemas.writing import WRITTEN_AMOUNT, AnswerSchema
from shared.domain.recurrence import MAX_DATES
from shared.domain.rolling import LATE, Convention

DEFAULT_LIMIT: Final = 12


class PreviewBody(ScheduleBody):
    """A schedule that is not saved: who is paid and how much may be left open, and its dates may lie in the past."""

    payee_id = PartyId(metadata={"description": "Who would be paid; not the payer."})
    amount = amount_field("A decimal as text; without a currency it is answered as it was written.")
    currency = currency_field()
    limit = Whole(
        low=1, high=MAX_DATES, load_default=DEFAULT_LIMIT, metadata={"description": "How many payments are answered."}
    )


class ShiftSchema(AnswerSchema):
    """Why a payment would not be made on its nominal date."""

    rule = Choice(
        *(convention for convention in Convention if convention != Convention.NONE),
        LATE,
        metadata={"description": "The convention; late: it would have moved to a day that is no longer open."},
    )
    reason = String(metadata={"description": "The holiday's name, or the weekday.", "example": "Good Friday"})


class PreviewedEventSchema(AnswerSchema):
    """A payment that would be made."""

    sequence = Integer(metadata={"minimum": 1})
    nominal_date = Day()
    date = Day()
    amount = String(allow_none=True, metadata=WRITTEN_AMOUNT)
    shift = Nested(ShiftSchema, allow_none=True)


class PreviewSchema(AnswerSchema):
    """The sentence of a schedule, and its first payments."""

    description = String()
    events = List(Nested(PreviewedEventSchema))
