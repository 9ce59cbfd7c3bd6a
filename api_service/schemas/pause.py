"""A pause of a schedule as it is answered."""

from __future__ import annotations

from marshmallow.fields import String

from api_service.schemas.reading import Day, Id
from api_service.schemas.writing import AnswerSchema


class PauseSchema(AnswerSchema):
    """A window in which nothing of a schedule is paid (rule S9)."""

    id = Id()
    from_date = Day(data_key="from")
    until_date = Day(
        data_key="until",
        allow_none=True,
        metadata={"description": "The first day that is paid again; null: until the pause is taken away."},
    )
    reason = String(allow_none=True)
