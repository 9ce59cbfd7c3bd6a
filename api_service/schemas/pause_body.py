"""The body of a pause."""

from __future__ import annotations

from api_service.schemas.base import CamelSchema
from api_service.schemas.reading import Day


class PauseBody(CamelSchema):
    """A window in which nothing of the schedule is paid."""

    from_date = Day(data_key="from", required=True, metadata={"description": "The first day that rests."})
    until_date = Day(
        data_key="until",
        allow_none=True,
        load_default=None,
        metadata={"description": "The first day that is paid again; null: until the pause is taken away."},
    )
