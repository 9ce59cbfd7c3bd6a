"""Dates listed one by one."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import ValidationError
from marshmallow.fields import List

from api_service.schemas.reading import Day


class DayList(List[date]):
    """1 to `most` different dates, read in the order given: a wrong one is named by its place in it, `/dates/3`."""

    default_error_messages = {  # noqa: RUF012 - read by marshmallow
        "required": "is required",
        "null": "must not be null",
    }

    def __init__(self, *, most: int, metadata: dict[str, Any], **kwargs: Any) -> None:
        limits = {"minItems": 1, "maxItems": most, "uniqueItems": True}
        super().__init__(Day(), metadata={**metadata, **limits}, **kwargs)
        self._most = most

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[date | None]:
        if not isinstance(value, list) or not 1 <= len(value) <= self._most:
            raise ValidationError(f"must be a JSON array of 1 to {self._most} dates")
        try:
            days = super()._deserialize(value, *args, **kwargs)
        except ValidationError as error:
            raise ValidationError(error.messages) from None  # without the right ones: they alone are not what was meant
        first = {day: index for index, day in reversed(list(enumerate(days)))}
        repeated = [index for index, day in enumerate(days) if first[day] != index]
        if repeated:
            raise ValidationError({index: ["is listed twice"] for index in repeated})
        return days
