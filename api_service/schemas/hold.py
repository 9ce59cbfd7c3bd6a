"""A hold as it is asked for and answered."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, validates_schema
from marshmallow.fields import List, Nested, String

from api_service.schemas.base import CamelSchema
from api_service.schemas.queries import PageQuery
from api_service.schemas.reading import Flag, Id, PartyId, Text
from api_service.schemas.writing import AnswerSchema, Instant, cursor_of_next


class HoldBody(CamelSchema):
    """What is held, and why; without an id: everything.

    An id of null is refused: a caller that lost the id must not stop every payment by it.
    """

    payer_id = PartyId(load_default=None, allow_none=False, metadata={"description": "Whose payments are held."})
    payee_id = PartyId(load_default=None, allow_none=False, metadata={"description": "To whom nothing is paid."})
    reason = Text(longest=200, required=True)

    @validates_schema
    def check_one_party(self, fields: dict[str, Any], **_: Any) -> None:
        """A hold on one pair would be taken for two holds."""
        if fields.get("payer_id") is not None and fields.get("payee_id") is not None:
            raise ValidationError("must not be given with payerId; place a hold on each", "payeeId")


class HoldsQuery(PageQuery):
    """Which holds."""

    active = Flag(metadata={"description": "true: those in force; false: those that ended; left out: all."})


class HoldSchema(AnswerSchema):
    """A stop on payments of a payer, to a payee, or of everything (neither id)."""

    id = Id()
    payer_id = PartyId(allow_none=True)
    payee_id = PartyId(allow_none=True)
    reason = String()
    placed_by = String()
    placed_at = Instant()
    ended_at = Instant(allow_none=True, metadata={"description": "null: it is in force."})


class HoldPageSchema(AnswerSchema):
    """A page of holds, newest first."""

    data = List(Nested(HoldSchema))
    next_cursor = cursor_of_next()
