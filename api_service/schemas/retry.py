"""On which days a declined payment is tried again (rule S11)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from marshmallow import ValidationError
from marshmallow.fields import Integer, List

from api_service.schemas.reading import Read, whole_number
from api_service.schemas.writing import AnswerSchema
from shared.domain.retries import DAYS_MOST, TIMES_MOST

WRONG = f"must be 1 to {TIMES_MOST} whole numbers from 0 to {DAYS_MOST}, rising"


class RetrySchema(AnswerSchema):
    """Working days after the first decline."""

    days = List(Integer(metadata={"minimum": 0}), metadata={"minItems": 1, "maxItems": TIMES_MOST})


class RetryField(Read[list[int]]):
    """An object with `days`; read as their list."""

    def __init__(self, *, metadata: dict[str, Any], **kwargs: Any) -> None:
        documented = {
            "type": "object",
            "required": ["days"],
            "additionalProperties": False,
            "properties": {
                "days": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": TIMES_MOST,
                    "uniqueItems": True,
                    "description": "Rising.",
                    "items": {"type": "integer", "minimum": 0, "maximum": DAYS_MOST},
                }
            },
        }
        super().__init__(metadata={**documented, **metadata}, extra=kwargs)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[int]:
        if not isinstance(value, dict):
            raise ValidationError("must be a JSON object")
        unknown = sorted(set(value) - {"days"})
        if unknown:
            raise ValidationError({name: ["is not a known field"] for name in unknown})
        days = value.get("days")
        if not isinstance(days, list) or not 1 <= len(days) <= TIMES_MOST:
            raise ValidationError({"days": [WRONG]})
        numbers = [day for day in map(whole_number, days) if day is not None and 0 <= day <= DAYS_MOST]
        if len(numbers) < len(days) or any(later <= earlier for earlier, later in pairwise(numbers)):
            raise ValidationError({"days": [WRONG]})
        return numbers
