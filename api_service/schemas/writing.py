"""Fields and bases of what is answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from marshmallow import EXCLUDE
from marshmallow.fields import Field, Integer, String

from api_service.schemas.base import CamelSchema
from shared.domain.money import format_amount

WRITTEN_AMOUNT: Final = {"pattern": r"^(0|[1-9][0-9]*)(\.[0-9]+)?$", "example": "25.00"}
"""A decimal with exactly its currency's decimals."""


class AnswerSchema(CamelSchema):
    """Writes every one of its fields, null where there is nothing; later versions may add more."""

    class Meta:
        unknown = EXCLUDE

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._writing = tuple(map(_written, self.dump_fields.items()))

    def on_bind_field(self, field_name: str, field_obj: Field[Any]) -> None:
        super().on_bind_field(field_name, field_obj)
        field_obj.required = True

    def _serialize(self, obj: Any, *, many: bool = False) -> Any:
        """What marshmallow does, without its search for values that are to be left out: only a field that is computed
        has none, and each writes something."""
        if many:
            return [self._serialize(each) for each in obj]
        if isinstance(obj, dict):
            return {key: write(obj.get(name), name, obj) for key, name, write in self._writing}
        return {key: write(getattr(obj, name, None), name, obj) for key, name, write in self._writing}


def _written(item: tuple[str, Field[Any]]) -> tuple[str, str, Callable[..., Any]]:
    """The name outside, the name here, and what writes the value."""
    name, field = item
    return field.data_key or name, field.attribute or name, field._serialize


class Money(Field[str]):
    """Minor units as decimal text, with exactly the decimals of the row's currency."""

    def __init__(self, *, metadata: dict[str, Any] | None = None) -> None:
        super().__init__(metadata={**WRITTEN_AMOUNT, **(metadata or {})})

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> str:
        return format_amount(value, obj["currency"] if isinstance(obj, dict) else obj.currency)


class Instant(Field[datetime]):
    """An instant as RFC 3339 in UTC."""

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **_: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def currency_code() -> String:
    """An ISO 4217 code."""
    return String(metadata={"pattern": "^[A-Z]{3}$", "example": "GBP"})


def row_version() -> Integer:
    """How often it was written: the first version is 1."""
    return Integer(metadata={"minimum": 1, "description": "As in its ETag."})


def cursor_of_next() -> String:
    """Where the next page of a list begins."""
    return String(allow_none=True, metadata={"description": "`cursor` of the next page; null: this is the last one."})
