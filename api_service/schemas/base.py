"""The base of all schemas: snake_case here, camelCase outside, and nothing that is not named."""

from __future__ import annotations

from typing import Any

from marshmallow import RAISE, Schema
from marshmallow.fields import Field


class CamelSchema(Schema):
    """Refuses unknown names; every field is called `camelCase` outside unless it says otherwise."""

    error_messages = {  # noqa: RUF012 - read by marshmallow
        "unknown": "is not a known field",
        "type": "must be a JSON object",
    }

    class Meta:
        unknown = RAISE

    def on_bind_field(self, field_name: str, field_obj: Field[Any]) -> None:
        if field_obj.data_key is None:
            first, *others = field_name.split("_")
            field_obj.data_key = first + "".join(word.title() for word in others)
